"""What viewers get of entries is found out as their player would, with few calls, and said in words."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.playback.conftest import SRT, add_caption, check, restrict, video_entry
from tests.provider.entries import failed_entry, new_entry

from kaltura_provider.api import KalturaClient, PlaybackExpectation, check_playback
from kaltura_sandbox.faults import Fault, FaultProxy, Rule
from kaltura_sandbox.server import SandboxServer


def test_every_kind_plays(admin: KalturaClient, film: str, sound: str, image: str, document: str) -> None:
    expectations = [PlaybackExpectation(entry_id) for entry_id in (film, sound, image, document)]
    results = check_playback(admin, expectations, every_rendition=True)
    assert [(result.entry_id, result.state, result.problems) for result in results] == [
        (entry_id, "plays", ()) for entry_id in (film, sound, image, document)
    ]
    facts = results[0].to_dict()
    assert facts["duration"] == pytest.approx(1, abs=0.2)
    assert (facts["captions"], facts["formats"]) == (["Deutsch"], ["applehttp", "url"])
    assert {"width": 64, "height": 48}.items() <= facts["renditions"][0].items()
    assert results[1].facts["duration"] > 0
    json.dumps([result.to_dict() for result in results])


def test_many_entries_take_few_calls(
    sandbox: SandboxServer, new_client: ClientFactory, film: str, sound: str, image: str, document: str
) -> None:
    with FaultProxy(sandbox.url) as proxy:
        expectations = [PlaybackExpectation(entry_id) for entry_id in (film, sound, image, document)]
        assert all(result.ok for result in check_playback(new_client(url=proxy.url), expectations))
        assert proxy.counts.items["baseEntry.getPlaybackContext"] == 4
        calls = {action: number for action, number in proxy.counts.calls.items() if action != "GET"}
    served = {"caption_captionAsset.serveWebVTT": 1}
    # One multirequest lists captions and chapters, one asks what players would.
    assert calls == {"baseEntry.list": 1, **served, "session.startWidgetSession": 1, "multirequest": 2}


def test_entries_that_cannot_play(admin: KalturaClient) -> None:
    empty, failed = new_entry(admin, media_type=1), failed_entry(admin)
    playlist = admin.call("playlist", "add", {"playlist": {"name": "p", "playlistType": 3, "playlistContent": empty}})
    entry_ids = [empty, failed, str(playlist["id"]), "0_nowhere1"]
    results = check_playback(admin, [PlaybackExpectation(entry_id) for entry_id in entry_ids])
    assert [result.state for result in results] == ["not_ready", "not_ready", "unchecked", "missing"]
    words = [result.problems[0] for result in results]
    assert words[0] == "It is not ready: its status is NO_CONTENT. Put KalturaEntryReadySensor before this check."
    assert words[1].startswith("It is not ready: its status is ERROR_CONVERTING. Upload the file again")
    assert "No player plays an entry of type 5" in words[2]
    assert "Kaltura has no such entry" in words[3]


def test_without_any_flavor(admin: KalturaClient, video: Path) -> None:
    entry_id = video_entry(admin, video)
    for flavor in admin.call("flavorAsset", "getByEntryId", {"entryId": entry_id}):
        admin.call("flavorAsset", "delete", {"id": flavor["id"]})
    result = check(admin, entry_id)
    assert result.state == "broken"
    assert "no flavor is ready" in result.problems[0]


def test_behind_access_control(admin: KalturaClient, video: Path) -> None:
    entry_id = video_entry(admin, video)
    add_caption(admin, entry_id)
    assert check(admin, entry_id, expect="refused").state == "leaks"
    restrict(admin, entry_id)
    expected = check(admin, entry_id, expect="refused")
    assert (expected.state, expected.ok, expected.facts["message"]) == ("refused", True, "Members only")
    surprising = check(admin, entry_id)
    assert surprising.state == "refused"
    assert "Kaltura refuses viewers: 'Members only'. Look at its access control profile" in surprising.problems[0]
    signed_in = check(admin, entry_id, viewer="signed_in", user_id="ann")
    assert signed_in.problems == ()
    assert (signed_in.state, signed_in.problems, signed_in.facts["captions"]) == ("plays", (), ["Deutsch"])


def test_a_closed_context_with_an_open_address(
    sandbox: SandboxServer, admin: KalturaClient, new_client: ClientFactory, video: Path
) -> None:
    entry_id = video_entry(admin, video)
    restrict(admin, entry_id)

    def open_for_streams(request: Any) -> None:
        if "playManifest" in request.path:
            default = admin.call("baseEntry", "get", {"entryId": new_entry(admin)})["accessControlId"]
            admin.call("baseEntry", "update", {"entryId": entry_id, "baseEntry": {"accessControlId": default}})

    with FaultProxy(sandbox.url, judge=open_for_streams) as proxy:
        result = check(admin, entry_id, using=new_client(url=proxy.url), expect="refused")
    assert result.state == "leaks"
    assert "its address (playManifest, applehttp) gives the stream to anyone" in result.problems[0]


def test_captions_in_trouble(admin: KalturaClient, video: Path) -> None:
    entry_id = video_entry(admin, video)
    empty = add_caption(admin, entry_id, None, language="French", label="Français")
    add_caption(admin, entry_id, "not a caption", language="Spanish", label="Español")
    add_caption(admin, entry_id, "WEBVTT\n", language="Italian", label="Italiano")
    add_caption(admin, entry_id, SRT)
    result = check(admin, entry_id, captions=("de", "German", "Deutsch", "Dutch"))
    assert result.state == "plays"
    assert result.facts["captions"] == ["Deutsch"]
    found = sorted(result.problems)
    assert [text.partition("caption ")[2].split()[0] for text in found] == [
        "Español,",
        "Italiano",
        "Dutch,",
        "Français",
    ]
    assert "Kaltura lists the caption Español, but serveWebVTT answers: CAPTION_ASSET_PARSING_FAILED" in found[0]
    assert found[0].endswith("Upload it again with caption_captionAsset.setContent.")
    assert "without a single line of text" in found[1]
    assert "Kaltura gives them only" in found[2]
    assert f"({empty}) has no content" in found[3]


def test_wrong_duration(admin: KalturaClient, film: str) -> None:
    assert check(admin, film, duration=2, tolerance=1.5).ok
    (problem,) = check(admin, film, duration=60).problems
    assert problem.startswith("Its HLS stream lasts 1.0 s, not 60.0 s as expected. Upload the complete file")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda whole: whole[: len(whole) // 2], "is cut short, at"),
        (lambda whole: b"<html>" + b"x" * 2000, "holds no media, but begins with b'<html>"),
        (lambda whole: b"", "segments of the stream of 48 lines is"),
    ],
)
def test_damaged_segments(sandbox: SandboxServer, admin: KalturaClient, video: Path, content: Any, words: str) -> None:
    entry_id = video_entry(admin, video)
    assert check(admin, entry_id).ok
    damaged = [*(sandbox.settings.data / "files" / "hls").glob(f"*/{entry_id}/*/seg-*.ts")]
    assert damaged
    for path in damaged:
        path.write_bytes(content(path.read_bytes()))
    result = check(admin, entry_id)
    assert result.state == "broken"
    assert words in result.problems[0]
    assert "Convert the flavor again" in result.problems[0]


def test_faults_that_pass_are_no_problems(
    sandbox: SandboxServer, new_client: ClientFactory, film: str, caplog: pytest.LogCaptureFixture
) -> None:
    rules = [
        Rule(Fault("cut_answer"), path="*playManifest*a.m3u8", nth=1),
        Rule(Fault("drop_answer"), path="*/seg-0.ts", nth=1),
        Rule(Fault("cut_answer"), path="*/seg-0.ts", nth=2),
    ]
    with FaultProxy(sandbox.url, rules=rules) as proxy:
        assert check(new_client(url=proxy.url), film).problems == ()
        assert len(proxy.events) == 3


def test_faults_that_stay_are_problems_of_the_entry(
    sandbox: SandboxServer, new_client: ClientFactory, film: str, image: str
) -> None:
    rules = [Rule(Fault("drop_request"), path=path) for path in ("*/seg-*", "*/thumbnail/*")]
    with FaultProxy(sandbox.url, rules=rules) as proxy:
        results = check_playback(new_client(url=proxy.url), [PlaybackExpectation(film), PlaybackExpectation(image)])
    assert [result.state for result in results] == ["broken", "plays"]
    assert "is not served: CONNECTION_LOST" in results[0].problems[0]
    assert "Its thumbnail is not served: CONNECTION_LOST" in results[1].problems[0]


def test_no_session_gets_out(
    sandbox: SandboxServer, new_client: ClientFactory, film: str, caplog: pytest.LogCaptureFixture
) -> None:
    secrets: list[str] = []
    rules = [Rule(Fault("drop_request"), path="*/ks/*"), Rule(Fault("drop_request"), path="*thumbnail*")]
    with caplog.at_level(logging.DEBUG), FaultProxy(sandbox.url, rules=rules) as proxy:
        client = new_client(url=proxy.url, on_secret=secrets.append)
        result = check(client, film, viewer="signed_in", user_id="ann")
        assert len(proxy.events) > 3
    told = json.dumps(result.to_dict()) + "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("kaltura_provider")
    )
    assert result.problems
    assert "Trying again" in told
    assert [secret for secret in secrets if secret in told] == []
    assert "djJ8" not in told


def test_sessions_are_never_those_of_administrators(admin: KalturaClient, new_client: ClientFactory, film: str) -> None:
    from kaltura_provider.api import AppTokenCredentials

    token = admin.call("appToken", "add", {"appToken": {"sessionType": 2, "hashType": "SHA256"}})
    client = new_client(AppTokenCredentials(token["id"], token["token"], "SHA256"))
    assert check(client, film).ok
    with pytest.raises(ValueError, match="only makes sessions of administrators"):
        check(client, film, viewer="signed_in")


@pytest.mark.parametrize(
    ("expected", "options", "words"),
    [
        ({"expect": "maybe"}, {}, "0_a: expect is 'maybe': use auto, plays, refused"),
        ({"duration": -1}, {}, "duration is -1"),
        ({"captions": "German"}, {}, "give a list such as"),
        ({}, {"viewer": "admin"}, "use anonymous or signed_in"),
        ({}, {"threads": 0}, "use at least 1"),
        ({}, {"tolerance": float("nan")}, "give seconds"),
    ],
)
def test_arguments_without_meaning(admin: KalturaClient, expected: Any, options: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check(admin, "0_a", **expected, **options)
