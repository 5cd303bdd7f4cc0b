"""Captions of many entries, from a running S3, files and texts, on a running sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from tests.account import Account
from tests.provider.airflow_fixtures import BUCKET, render
from tests.provider.api.dying import Killed, dying

from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks.errors import EntriesFailedError
from kaltura_provider.operators.caption import KalturaCaptionOperator
from kaltura_provider.policies.retry import KALTURA_RETRY_POLICY
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule

VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"
SRT = "1\n00:00:00,000 --> 00:00:01,000\nHola, señor\n"

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(proxied: FaultProxy, context: Any) -> Run:
    def run(wanted: Any, **arguments: Any) -> dict[str, Any]:
        name = "captions" if "entry_id" in arguments else "entries"
        return KalturaCaptionOperator(task_id="captions", **{name: wanted}, **arguments).execute(context)

    return run


def counts(**changed: Any) -> dict[str, Any]:
    return {"added": 0, "replaced": 0, "changed": 0, "deleted": 0, "unchanged": 0, **changed}


def shown(account: Account, entry: str) -> list[tuple[str, str, str, bytes, bool]]:
    return sorted(
        (each["language"], each["label"], each["format"], each["text"], bool(each.get("isDefault")))
        for each in account.captions_of(entry)
    )


def test_files_in_s3_become_captions_once(run: Run, proxied: FaultProxy, account: Account, s3: Any) -> None:
    entry = account.entry()
    s3.put_object(Bucket=BUCKET, Key="talk.en-GB.vtt", Body=VTT.encode())
    # As a program on Windows saves it: Kaltura gets UTF-8.
    s3.put_object(Bucket=BUCKET, Key="talk.es.srt", Body=SRT.replace("\n", "\r\n").encode("cp1252"))
    captions = [f"s3://{BUCKET}/talk.en-GB.vtt", {"source": "talk.es.srt", "label": "Español"}]
    arguments = {"entry_id": entry, "s3_bucket": BUCKET, "default": "en-GB"}
    result = run(captions, **arguments)
    assert result == {
        "entries": {entry: {**counts(added=2), "problem": None}},
        **counts(added=2),
        "problems": 0,
    }
    assert shown(account, entry) == [
        ("English (British)", "English (British)", "3", VTT.encode(), True),
        ("Spanish", "Español", "1", SRT.encode(), False),
    ]
    before = account.captions_of(entry)
    proxied.reset()
    assert run(captions, **arguments)["unchanged"] == 2
    assert (proxied.calls, account.captions_of(entry)) == (["multirequest"], before)

    s3.put_object(Bucket=BUCKET, Key="talk.es.srt", Body=SRT.replace("Hola", "Adiós").encode())
    # Another one becomes the default, which takes the flag from the first.
    again = run(captions, entry_id=entry, s3_bucket=BUCKET, default="Spanish")
    assert again["entries"][entry] == {**counts(replaced=1, changed=1, unchanged=1), "problem": None}
    after = account.captions_of(entry)
    assert sorted(each["id"] for each in after) == sorted(each["id"] for each in before)
    assert [each["language"] for each in after if each.get("isDefault")] == ["Spanish"]


def test_local_files_paths_and_texts(run: Run, account: Account, tmp_path: Path) -> None:
    one, other = account.entry(), account.entry()
    (tmp_path / "a.deu.vtt").write_text(VTT)
    (tmp_path / "b.dfxp").write_text('<?xml version="1.0" encoding="utf-8"?><tt xmlns="http://www.w3.org/ns/ttml"/>')
    (tmp_path / "c.scc").write_text("Scenarist_SCC V1.0\n\n00:00:00:00\t9420\n")
    result = run(
        {
            one: [str(tmp_path / "a.deu.vtt"), {"text": SRT, "language": "es", "default": True}],
            other: [
                {"source": ObjectStoragePath(str(tmp_path / "b.dfxp")), "language": "Hebrew"},
                {"source": str(tmp_path / "c.scc"), "language": "en"},
            ],
        }
    )
    assert (result["added"], result["problems"]) == (4, 0)
    assert [each[:3] + each[4:] for each in shown(account, one)] == [
        ("German", "German", "3", False),
        ("Spanish", "Spanish", "1", True),
    ]
    assert [each[:3] for each in shown(account, other)] == [("English", "English", "5"), ("Hebrew", "Hebrew", "2")]


def test_converted_to_one_format(run: Run, account: Account) -> None:
    entry = account.entry()
    captions = [{"text": SRT, "language": "es"}, {"text": VTT, "language": "en"}]
    run(captions, entry_id=entry, convert_to="vtt")
    english, spanish = shown(account, entry)
    assert (english[2], english[3]) == ("3", VTT.encode()), "what has the format already is sent as it is"
    assert spanish[2] == "3"
    assert spanish[3].decode().startswith("WEBVTT")
    assert "00:00:00.000 --> 00:00:01.000\nHola, señor" in spanish[3].decode()
    assert run(captions, entry_id=entry, convert_to="vtt")["unchanged"] == 2


def test_what_is_there_may_be_kept_and_what_is_wanted_no_more_removed(run: Run, account: Account) -> None:
    entry = account.entry()
    theirs = {"objectType": "KalturaCaptionAsset", "language": "French", "label": "French", "format": "3"}
    account.kaltura.call("caption_captionAsset", "add", {"entryId": entry, "captionAsset": theirs})
    run([{"text": VTT, "language": "en"}, {"text": SRT, "language": "es"}], entry_id=entry)
    changed = [{"text": VTT.replace("Hello", "Bye"), "language": "en"}]
    kept = run(changed, entry_id=entry, if_exists="keep")
    assert (kept["unchanged"], kept["replaced"]) == (1, 0)
    assert [each[0] for each in shown(account, entry)] == ["English", "French", "Spanish"]
    pruned = run(changed, entry_id=entry, prune=True)
    assert pruned["entries"][entry] == {**counts(replaced=1, deleted=1), "problem": None}
    assert [each[0] for each in shown(account, entry)] == ["English", "French"]
    assert run([], entry_id=entry, prune=True)["deleted"] == 1
    assert [each[0] for each in shown(account, entry)] == ["French"]


def test_a_problem_names_the_file_and_stops_no_other_entry(run: Run, account: Account, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="good.en.vtt", Body=VTT.encode())
    s3.put_object(Bucket=BUCKET, Key="binary.en.vtt", Body=b"\0\1\2" * 50)
    s3.put_object(Bucket=BUCKET, Key="notes.en.vtt", Body=b"only a note")
    picture = account.entry(mediaType=2)
    expected = {
        "missing.en.vtt": f"s3://{BUCKET}/missing.en.vtt",
        "good.en.doc": "good.en.doc: of no known form; give a file named .srt, .vtt",
        "good.vtt": "good.vtt: of no known language; add 'language', such as 'en'",
        "good.german.vtt": "good.german.vtt: caption language 'german' is not known; use one of: de",
        "binary.en.vtt": f"s3://{BUCKET}/binary.en.vtt: it cannot be decoded",
        "notes.en.vtt": f"s3://{BUCKET}/notes.en.vtt: no captions in it",
    }
    entries = {account.entry(): name for name in expected}
    good = account.entry()
    captions: dict[str, Any] = {**entries, picture: "good.en.vtt", "0_nothere": "good.en.vtt", good: "good.en.vtt"}
    captions |= {(odd := account.entry()): {"source": "good.en.vtt", "langauge": "en"}}
    result = run(captions, s3_bucket=BUCKET, on_problem="return")
    for entry, name in entries.items():
        assert expected[name] in result["entries"][entry]["problem"]
    assert "takes no captions; only video and audio do" in result["entries"][picture]["problem"]
    assert "a caption has no field 'langauge': did you mean 'language'?" in result["entries"][odd]["problem"]
    assert result["entries"]["0_nothere"]["problem"]
    assert result["entries"][good] == {**counts(added=1), "problem": None}
    assert result["problems"] == len(captions) - 1
    assert not [each for entry in entries for each in account.captions_of(entry)], "no empty caption is left"

    with pytest.raises(EntriesFailedError, match="1 of 2 entries have a problem; the others are done") as error:
        run({good: "good.en.vtt", next(iter(entries)): "x.german.vtt"}, s3_bucket=BUCKET)
    assert "x.german.vtt: caption language" in str(error.value)
    assert isinstance(error.value.__cause__, ValueError)


def test_trouble_that_may_pass_is_tried_again(
    proxied: FaultProxy,
    context: Any,
    account: Account,
    new_client: Callable[[], KalturaClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = KalturaCaptionOperator(
        task_id="t", entries={account.entry(): {"text": VTT, "language": "en"}, "0_x": {"text": "?"}}
    )
    monkeypatch.setattr(task.hook, "get_conn", new_client)
    proxied.set_rules([Rule(Fault("bad_gateway"), action="multirequest")])
    with pytest.raises(EntriesFailedError, match="2 of 2 entries") as error:
        task.execute(context)
    if KALTURA_RETRY_POLICY is not None:  # as before Airflow 3.3
        assert KALTURA_RETRY_POLICY.evaluate(error.value, 1, 3).action.value == "retry"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"captions": "talk.en.vtt"}, "Set either entry_id and captions, or entries for several"),
        ({"captions": "talk.en.vtt", "entries": {}}, "Set either entries, or entry_id and captions, not both"),
        (
            {"entries": "{'0_a': []}"},
            "entries must be a mapping by entry id, or a list, not str. If it comes from a temp",
        ),
        ({"entries": [{"entry_id": "0_a", "caption": "x"}]}, "item 1: write a mapping with entry_id and captions"),
        ({"entries": [{"entry_id": "0_a", "captions": []}] * 2}, "entries names 0_a twice"),
        ({"entries": {"": "talk.en.vtt"}}, "entry_id must be an entry id"),
        ({"entries": {}, "convert_to": "pdf"}, "captions are not converted to 'pdf'; convert_to takes srt, vtt, dfxp"),
        ({"entries": {}, "default": "klingonese"}, "caption language 'klingonese' is not known"),
        ({"entries": {}, "if_exists": "overwrite"}, "if_exists must be 'replace' or 'keep'"),
        ({"entries": {}, "on_problem": "cry"}, "on_problem is 'cry': use fail, warn, return"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(
    proxied: FaultProxy, context: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        KalturaCaptionOperator(task_id="t", **arguments).execute(context)


def test_templates(account: Account) -> None:
    task = KalturaCaptionOperator(task_id="t", entry_id="{{ id }}", captions=[{"source": "{{ key }}.en.vtt"}])
    render(task, id="0_abc", key="talk")
    assert (task.entry_id, task.captions) == ("0_abc", [{"source": "talk.en.vtt"}])


def test_fifty_entries_take_few_requests(run: Run, proxied: FaultProxy, account: Account, s3: Any) -> None:
    entries = [account.entry() for _ in range(50)]
    s3.put_object(Bucket=BUCKET, Key="talk.en.vtt", Body=VTT.encode())
    captions = {entry: ["talk.en.vtt", {"text": SRT, "language": "es"}] for entry in entries}
    proxied.reset()
    assert run(captions, s3_bucket=BUCKET, default="en")["added"] == 100
    # For twenty entries each: one looks, and one or two write.
    assert (set(proxied.calls), len(proxied.calls) <= 8) == ({"multirequest"}, True)
    proxied.reset()
    assert run(captions, s3_bucket=BUCKET, default="en")["unchanged"] == 100
    assert len(proxied.calls) == 3
    assert {len(account.captions_of(entry)) for entry in entries[::7]} == {2}


def test_a_worker_that_dies_at_any_request_leaves_everything_to_the_next(
    proxied: FaultProxy,
    context: Any,
    account: Account,
    new_client: Callable[[], KalturaClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, died = 0, True
    while died:
        number += 1
        entries = [account.entry(), account.entry()]
        before = [{"text": SRT, "language": "es"}, {"text": SRT, "language": "fr"}]
        after = [{"text": VTT, "language": "en", "default": True}, {"text": SRT + SRT, "language": "es"}]
        first, killed, last = (
            KalturaCaptionOperator(task_id="t", entries=dict.fromkeys(entries, captions), prune=True)
            for captions in (before, after, after)
        )
        first.execute(context)
        monkeypatch.setattr(killed.hook, "get_conn", lambda n=number: dying(new_client(), n))
        try:
            killed.execute(context)
            died = False
        except Killed:
            assert last.execute(context)["problems"] == 0
        for entry in entries:
            assert shown(account, entry) == [
                ("English", "English", "3", VTT.encode(), True),
                ("Spanish", "Spanish", "1", (SRT + SRT).encode(), False),
            ]
    # One request looks, one writes, one removes: with a death before and after each.
    assert number == 7


def test_two_at_once_leave_each_caption_once(run: Run, proxied: FaultProxy, account: Account) -> None:
    entries = [account.entry() for _ in range(3)]
    captions = {entry: [{"text": VTT, "language": "en", "default": True}] for entry in entries}
    both, waited, met = threading.Barrier(2, timeout=20), threading.local(), []

    def judge(request: Any) -> None:
        if "caption_captionAsset.add" in request.items and not getattr(waited, "done", False):
            waited.done = True
            both.wait()
            met.append(request)

    proxied.judge = judge
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(run, [captions, captions]))
    assert ([result["problems"] for result in results], len(met)) == ([0, 0], 2)
    for entry in entries:
        assert shown(account, entry) == [("English", "English", "3", VTT.encode(), True)]
