"""What the profiles of an account share: a system name that no other has, and one of them that is the default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import fail
from ..query import equal
from ..schema import ApiObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..context import Context
    from ..store import Collection, Document


def check_system_name(context: Context, profiles: Collection, sent: ApiObject, own_id: int | None = None) -> None:
    """Refuse a system name that another profile of the account has; call it inside the transaction that stores it.

    :param own_id: the profile that is being changed.
    :raises ApiError: ``SYSTEM_NAME_ALREADY_EXISTS``.
    """
    name = sent.get("systemName")
    if not name:
        return
    other = profiles.first(equal("partnerId", context.partner_id) & equal("systemName", name))
    if other is not None and other["id"] != own_id:
        raise fail("SYSTEM_NAME_ALREADY_EXISTS", SYS_NAME=name)


def keep_one_default(profiles: Collection, profile: Document, *marks: str) -> Document:
    """Move the default mark to a stored profile that has it; call it inside a transaction.

    The default can be given to another profile but not given up: entries that name no profile need one.

    :param marks: the properties that say so; the first one decides.
    :return: the profile as it is now.
    """

    def mark(value: bool) -> Callable[[Document], object]:
        return lambda document: document.update(dict.fromkeys(marks, value))

    default = equal("partnerId", profile["partnerId"]) & equal(marks[0], True)
    if profile.get(marks[0]):
        for other in profiles.find(default):
            if other["id"] != profile["id"]:
                profiles.update(other["id"], mark(False))
    elif profiles.count(default):
        return profile
    return profiles.update(profile["id"], mark(True))
