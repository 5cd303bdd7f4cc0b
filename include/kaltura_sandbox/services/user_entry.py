"""Service ``userEntry``: what users have done with entries. Nothing here makes any, so that there are none to list.

Kaltura's player asks for them when it loads a playlist, to go on where a viewer left it.
"""

from __future__ import annotations

from typing import Any

from ..context import Context
from ..registry import WIDGET, action, param
from ..schema import ApiObject, kaltura_type, list_type, prop, props, render_list

kaltura_type(
    "KalturaUserEntry", None,
    prop("id", "int", read_only=True), *props("string", "entryId userId"), prop("partnerId", "int", read_only=True),
    prop("status", read_only=True), *props("time", "createdAt updatedAt", read_only=True),
)  # fmt: skip
kaltura_type("KalturaUserEntryFilter", "KalturaFilter", *props("string", "entryIdEqual entryIdIn userIdEqual userIdIn"))
list_type("KalturaUserEntryListResponse", "KalturaUserEntry")


@action(
    "userEntry", "list",
    param("filter", "KalturaUserEntryFilter", None), param("pager", "KalturaFilterPager", None), access=WIDGET,
)  # fmt: skip
def list_user_entries(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List nothing."""
    return render_list("KalturaUserEntryListResponse", [], 0)
