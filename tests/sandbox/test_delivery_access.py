"""Addresses of media obey an entry's dates and its access control, for the session they carry."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
import requests

from .conftest import PARTNER, Api
from .media_entries import ready_video

HOUR = 3600
SCHEDULED, RESTRICTED, BAD_SESSION = "error-2", "error-3", "error-7"


def asked(api: Api, entry: str, options: str = "", kind: str = "applehttp") -> str | None:
    """What the address of an entry's streams answers: the error, or None."""
    url = f"{api.url}/p/{PARTNER}/sp/{PARTNER}00/playManifest/entryId/{entry}/format/{kind}/protocol/http{options}"
    answer = requests.get(url + "/a.m3u8", allow_redirects=False, timeout=30)
    assert (answer.status_code == 404) is ("X-Kaltura" in answer.headers)
    return answer.headers.get("X-Kaltura")


def blocking_profile(api: Api, condition: dict[str, object]) -> int:
    rule = {"conditions": [condition], "actions": [{"objectType": "KalturaAccessControlBlockAction"}]}
    profile = {"name": "p", "rules": [rule]}
    return int(api.call("accessControlProfile", "add", api.admin, accessControlProfile=profile)["id"])


@pytest.mark.parametrize("kind", ["applehttp", "url"])
@pytest.mark.parametrize("dates", [{"startDate": HOUR}, {"endDate": -HOUR}])
def test_outside_of_its_dates_only_who_may_view_it_gets_it(api: Api, kind: str, dates: dict[str, int]) -> None:
    changes: dict[str, Any] = {name: int(time.time()) + shift for name, shift in dates.items()}
    entry = ready_video(api, **changes)
    assert asked(api, entry, kind=kind) == SCHEDULED
    assert asked(api, entry, f"/ks/{api.widget}", kind) == SCHEDULED
    assert asked(api, entry, f"/ks/{api.session('ann', privileges=f'sview:{entry}')}", kind) is None
    assert asked(api, entry, f"/ks/{api.admin}", kind) is None


def test_behind_access_control(api: Api) -> None:
    entry = ready_video(api)
    profile = blocking_profile(api, {"objectType": "KalturaAuthenticatedCondition", "not": True})
    api.call("media", "update", api.admin, entryId=entry, mediaEntry={"accessControlId": profile})
    assert asked(api, entry) == RESTRICTED
    assert asked(api, entry, f"/ks/{api.session('ann', privileges='sview:0_other')}") == RESTRICTED
    assert asked(api, entry, f"/ks/{api.session('ann', privileges=f'sview:{entry}')}") is None
    assert asked(api, entry, "/ks/garbage") == BAD_SESSION


def test_the_page_is_told_in_base64(api: Api) -> None:
    entry = ready_video(api)
    site = {"objectType": "KalturaSiteCondition", "values": [{"value": "example.com"}], "not": True}
    api.call("media", "update", api.admin, entryId=entry, mediaEntry={"accessControlId": blocking_profile(api, site)})
    page = base64.b64encode(b"https://www.example.com/films").decode()
    assert asked(api, entry) == RESTRICTED
    assert asked(api, entry, f"/referrer/{page}") is None
