"""Local times as people write them in manifests."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from kaltura_pipeline.manifests.values import WrongValueError, plain, shown
from kaltura_provider.api import local_times
from kaltura_provider.api.local_times import LocalTimeError


def zone(value: object) -> ZoneInfo:
    """Return a time zone.

    :param value: its IANA name, such as ``Europe/Berlin``.
    :raises WrongValueError: it is not known; the fix names the nearest ones.
    """
    try:
        return local_times.zone(plain(value))
    except LocalTimeError as error:
        raise _wrong(error) from None


def moment(value: object, where: tzinfo | None) -> int:
    """Return a time as seconds since 1970; see :func:`kaltura_provider.api.local_times.moment`.

    :param value: ``2026-12-01 09:00`` or ``2026-12-01``; with ``Z`` or ``+01:00`` behind it the zone is not needed.
    :param where: the zone of times without one; None if none is known.
    :raises WrongValueError: it is not such a time, or no zone is known.
    """
    try:
        return local_times.moment(plain(value), where)
    except LocalTimeError as error:
        raise _wrong(error) from None


def _wrong(error: LocalTimeError) -> WrongValueError:
    return WrongValueError(f"{shown(error.value)} {error.reason}", error.fix)
