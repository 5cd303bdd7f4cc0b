"""Local times as people write them, and what daylight saving does to some of them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?)?"
    r"\s*(Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.IGNORECASE,
)
_FORM = "write it like 2026-12-01 09:00"


class LocalTimeError(ValueError):
    """A text is no time, no time zone, or a time that cannot be meant.

    :param value: what was written.
    :param reason: what is wrong with it.
    :param fix: what to write instead.
    """

    def __init__(self, value: str, reason: str, fix: str) -> None:
        super().__init__(value, reason, fix)
        self.value = value
        self.reason = reason
        self.fix = fix

    @property
    def message(self) -> str:
        """The value and what is wrong with it."""
        return f"{self.value[:60]!r} {self.reason}"

    def __str__(self) -> str:
        return f"{self.message}; {self.fix}"


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # Reading the list takes a while, and it does not change.
    # "localtime" would be another zone on every machine.
    return (frozenset(available_timezones()) | {"UTC"}) - {"localtime", "Factory", "posixrules"}


def zone(value: str) -> ZoneInfo:
    """Return a time zone.

    :param value: its IANA name, such as ``Europe/Berlin``.
    :raises LocalTimeError: it is not known; the fix names the nearest ones.
    """
    from difflib import get_close_matches

    name = value.strip()
    if name in _zones():
        return ZoneInfo(name)
    wanted = name[:40].lower()
    places = sorted(each for each in _zones() if "/" in each and not each.startswith("Etc/"))
    names = {each.lower(): each for each in places} | {each.rpartition("/")[2].lower(): each for each in places}
    near = [names[each] for each in get_close_matches(wanted, names, n=2, cutoff=0.75)]
    fix = f"did you mean {' or '.join(dict.fromkeys(near))}?" if near else "write an IANA name such as Europe/Berlin"
    raise LocalTimeError(name, "is not a time zone", fix)


def moment(value: str | date, where: tzinfo | None) -> int:
    """Return a time as seconds since 1970.

    A time that the clocks skip in spring is an error, and so is one that comes twice in autumn: the fix gives the two
    ways to write it. A date alone is its first minute.

    :param value: ``2026-12-01 09:00`` or ``2026-12-01``; with ``Z`` or ``+01:00`` behind it the zone is not needed. A
        datetime or date is taken as it would be written.
    :param where: the zone of times without one; None if none is known.
    :raises LocalTimeError: it is not such a time, or no zone is known.
    """
    text = (value if isinstance(value, str) else value.isoformat()).strip()
    found = _TIME.fullmatch(text)
    if not found:
        raise LocalTimeError(text, "is not a date and time", _FORM)
    try:
        local = datetime(*(int(part or 0) for part in found.groups()[:6]))  # type: ignore[arg-type]
    except ValueError as error:
        raise LocalTimeError(text, f"does not exist ({error})", _FORM) from None
    if not 1970 < local.year < 2100:
        raise LocalTimeError(text, "is not between 1971 and 2099", _FORM)
    if offset := found[7]:
        sign = -1 if offset[0] == "-" else 1
        hours, minutes = (0, 0) if offset in "Zz" else (int(offset[1:3]), int(offset[-2:]))
        if hours > 14 or minutes > 59:
            raise LocalTimeError(text, f"is {offset} from UTC, as no place is", _FORM)
        return int(local.replace(tzinfo=timezone(sign * timedelta(hours=hours, minutes=minutes))).timestamp())
    if where is None:
        raise LocalTimeError(text, "is of no time zone", "add 'time_zone', for example Europe/Berlin")
    return seconds_of(local, where)


def seconds_of(local: datetime, where: tzinfo) -> int:
    """Return a local time as seconds since 1970.

    :param local: the time, without zone.
    :param where: its zone.
    :raises LocalTimeError: the clocks skip it, or it comes twice; the fix says how to write what is meant.
    """
    first, second = (local.replace(tzinfo=where, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return int(first.timestamp())
    text = f"{local:%Y-%m-%d %H:%M}"
    after = datetime.fromtimestamp(first.timestamp(), where)
    if after.replace(tzinfo=None) != local:
        raise LocalTimeError(
            text,
            f"does not exist in {where}: the clocks are put forward then",
            f"write the time that is meant, for example {after:%Y-%m-%d %H:%M}",
        )
    ways = " or ".join(f"{each:%Y-%m-%d %H:%M}{_offset(each)}" for each in (first, second))
    raise LocalTimeError(text, f"comes twice in {where}: the clocks are put back then", f"write {ways}")


def _offset(time: datetime) -> str:
    text = f"{time:%z}"
    return f"{text[:3]}:{text[3:5]}"
