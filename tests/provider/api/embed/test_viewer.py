"""Sessions for viewers: they play one entry and do nothing else, whatever credentials make them."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from typing import Any

import pytest
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.embed.html import Html
from tests.provider.api.playback.conftest import restrict
from tests.provider.conftest import ADMIN_SECRET
from tests.provider.entries import sound_entry

from kaltura_provider.api import (
    AdminSecretCredentials,
    AppTokenCredentials,
    KalturaClient,
    KalturaError,
    PageItem,
    PageOptions,
    Player,
    SessionInfo,
    ViewerSession,
    render_embed,
    render_page,
    start_viewer_session,
)

PLAYER = Player("https://cdnapisec.kaltura.com", 102, 23)
WANTED = "sview:*,setrole:PLAYBACK_BASE_ROLE"


@pytest.fixture(scope="module")
def members_only(sandbox: Any) -> str:
    """An entry that viewers need a session for."""
    from tests.provider.api.scripted import quick

    with KalturaClient(quick(sandbox.url), AdminSecretCredentials(ADMIN_SECRET)) as admin:
        entry_id = sound_entry(admin)
        restrict(admin, entry_id)
        return entry_id


def app_token(client: KalturaClient, new_client: ClientFactory, **limits: Any) -> KalturaClient:
    """A client with an app token that has these limits."""
    token = {"objectType": "KalturaAppToken", "sessionType": 0, "sessionPrivileges": WANTED, **limits}
    made = client.call("appToken", "add", {"appToken": token})
    return new_client(AppTokenCredentials(made["id"], made["token"]))


def sources(client: KalturaClient, entry_id: str, ks: str | None = None) -> list[Any]:
    params = {"entryId": entry_id, "contextDataParams": {"objectType": "KalturaPlaybackContextOptions"}}
    if ks is None:
        ks = client.call("session", "startWidgetSession", {"widgetId": f"_{client.partner_id}"}, anonymous=True)["ks"]
    return list(client.call("baseEntry", "getPlaybackContext", {**params, "ks": ks}).get("sources") or [])


@pytest.fixture(params=["local_v2", "local_v1", "session.start", "app token"])
def starter(request: pytest.FixtureRequest, client: KalturaClient, new_client: ClientFactory) -> KalturaClient:
    """A client with credentials of each kind."""
    if request.param == "app token":
        return app_token(client, new_client)
    return new_client(AdminSecretCredentials(ADMIN_SECRET, request.param))


def test_a_session_plays_its_entry_and_does_nothing_else(
    client: KalturaClient, starter: KalturaClient, members_only: str
) -> None:
    other = sound_entry(client)
    restrict(client, other)
    viewer = start_viewer_session(starter, members_only, user_id="anna")
    assert sources(client, members_only) == []
    assert sources(client, members_only, viewer.ks)
    assert sources(client, other, viewer.ks) == []
    for action, params in (("update", {"baseEntry": {"name": "x"}}), ("delete", {})):
        with pytest.raises(KalturaError):
            client.call("baseEntry", action, {"entryId": members_only, **params, "ks": viewer.ks})
    with pytest.raises(KalturaError):
        client.call("media", "add", {"entry": {"mediaType": 1, "name": "x"}, "ks": viewer.ks})
    assert abs(viewer.expiry - time.time() - 3600) < 60
    assert viewer.ks not in repr(viewer)
    assert viewer.ks not in starter.redactor.redact(f"x {viewer.ks} y"), "masked from now on"


def test_lifetime_and_restrictions(client: KalturaClient) -> None:
    viewer = start_viewer_session(client, "1_a", lifetime=60, ip_addresses=["192.0.2.7"], uris=["/api_v3/*", "/p/*"])
    assert viewer.info.privileges == (
        "sview:1_a,setrole:PLAYBACK_BASE_ROLE,iprestrict:192.0.2.7,urirestrict:/api_v3/*|/p/*"
    )
    assert abs(viewer.expiry - time.time() - 60) < 30


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"entry_id": "1_a,edit:*"}, "is no entry ID"),
        ({"entry_id": "*"}, "is no entry ID"),
        ({"lifetime": 86_401}, "lasts 1 to 86400 seconds"),
        ({"lifetime": 0}, "lasts 1 to 86400 seconds"),
        ({"ip_addresses": ["192.0.2.7,edit:*"]}, "does not appear to be"),
        ({"uris": ["/a,edit:*"]}, "is no path"),
        ({"uris": ["https://a"]}, "is no path"),
    ],
)
def test_arguments_that_have_no_meaning(client: KalturaClient, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        start_viewer_session(client, **{"entry_id": "1_a", **arguments})


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"sessionType": 2}, "no session of a viewer"),
        ({"sessionPrivileges": "setrole:PLAYBACK_BASE_ROLE"}, "needs the privilege sview:1_a"),
        ({"sessionPrivileges": "sview:*"}, "needs the privilege setrole:PLAYBACK_BASE_ROLE"),
        ({"sessionPrivileges": "sview:1_b,setrole:PLAYBACK_BASE_ROLE"}, "this one has sview:1_b"),
        ({"sessionPrivileges": "sview:*,setrole:PUBLISHER_ROLE"}, "this one has setrole"),
        ({"sessionPrivileges": f"{WANTED},edit:*"}, "this one has edit"),
        ({"sessionPrivileges": f"{WANTED},disableentitlement"}, "this one has disableentitlement"),
    ],
)
def test_app_tokens_that_give_too_much_or_too_little(
    client: KalturaClient, new_client: ClientFactory, limits: dict[str, Any], words: str
) -> None:
    with pytest.raises((ValueError, KalturaError), match=words):
        start_viewer_session(app_token(client, new_client, **limits), "1_a")


def test_an_app_token_that_does_not_restrict(client: KalturaClient, new_client: ClientFactory) -> None:
    with pytest.raises(ValueError, match="does not grant iprestrict"):
        start_viewer_session(app_token(client, new_client), "1_a", ip_addresses=["192.0.2.7"])
    able = app_token(client, new_client, sessionPrivileges=f"{WANTED},iprestrict:*")
    assert "iprestrict:192.0.2.7" in start_viewer_session(able, "1_a", ip_addresses=["192.0.2.7"]).info.privileges


def test_no_other_session_passes_for_a_viewers(client: KalturaClient) -> None:
    with pytest.raises(ValueError, match="no session of a viewer"):
        ViewerSession(client.ks(), "1_a", client.session_info())
    viewer = start_viewer_session(client, "1_a")
    with pytest.raises(ValueError, match=r"sview:1_b.*sview:1_a"):
        replace(viewer, entry_id="1_b")
    # Version 1 can be read: what it says itself counts.
    text = "0" * 40 + "|102;102;1;2;0.1;;" + viewer.info.privileges + ";;"
    with pytest.raises(ValueError, match="no session of a viewer"):
        ViewerSession(base64.b64encode(text.encode()).decode(), "1_a", viewer.info)
    info = SessionInfo(102, "", 0, "sview:1_a,setrole:PLAYBACK_BASE_ROLE,*", 1)
    with pytest.raises(ValueError, match="nothing but play"):
        ViewerSession("x", "1_a", info)


@pytest.mark.parametrize("embed_type", ["dynamic", "thumbnail"])
def test_a_page_with_a_session(client: KalturaClient, embed_type: str) -> None:
    viewer = start_viewer_session(client, "1_a")
    item = PageItem("1_a", "Members")
    html = render_page(
        PLAYER, item, options=PageOptions(embed_type=embed_type), url="https://s.example/a.html", viewer=viewer
    )
    found = Html(html)
    data = found.data()
    assert (data["setup"]["provider"]["ks"], data["expires"]) == (viewer.ks, viewer.expiry)
    assert html.count(viewer.ks) == 1, "not in an address, not in what other programs read"
    assert found.meta("robots") == "noindex"


def test_where_no_session_goes(client: KalturaClient) -> None:
    viewer = start_viewer_session(client, "1_a")
    item = PageItem("1_a", "Members")
    for embed_type in ("iframe", "auto", "link"):
        with pytest.raises(ValueError, match="put the session into an address"):
            render_embed(PLAYER, item, embed_type=embed_type, viewer=viewer)
    with pytest.raises(ValueError, match="is for 1_a, not for 1_b"):
        render_embed(PLAYER, PageItem("1_b", "Other"), embed_type="dynamic", viewer=viewer)
    with pytest.raises(ValueError, match="config holds a session"):
        render_page(PLAYER, item, options=PageOptions(config={"session": {"ks": viewer.ks}}))
