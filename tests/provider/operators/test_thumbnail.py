"""Thumbnails of many entries, from a running S3, files and frames, on a running sandbox."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.account import Account
from tests.provider.airflow_fixtures import BUCKET, render
from tests.provider.api.dying import Killed, dying
from tests.provider.api.enrichment.conftest import picture
from tests.provider.entries import add_content, new_entry, wait_for_status

from kaltura_provider.api import FilePart, KalturaClient
from kaltura_provider.operators.thumbnail import KalturaThumbnailOperator
from kaltura_sandbox.faults.proxy import FaultProxy

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(proxied: FaultProxy, context: Any) -> Run:
    def run(wanted: Any, **arguments: Any) -> dict[str, Any]:
        name = "thumbnail" if "entry_id" in arguments else "entries"
        return KalturaThumbnailOperator(task_id="t", **{name: wanted}, **arguments).execute(context)

    return run


@pytest.fixture
def new_film(account: Account, video: Path) -> Callable[[], str]:
    """Make entries with a second of video that gets brighter."""

    def new_film() -> str:
        entry = new_entry(account.kaltura, media_type=1)
        add_content(account.kaltura, entry, video.read_bytes(), "talk.mp4")
        wait_for_status(account.kaltura, entry, 2)
        return entry

    return new_film


def counts(**changed: Any) -> dict[str, Any]:
    return {"added": 0, "made_default": 0, "deleted": 0, **changed}


def served(account: Account, entry: str) -> bytes:
    """The one thumbnail of ours, which is the default one."""
    (ours,) = [each for each in account.thumbnails_of(entry) if "from-source" in each["tags"]]
    assert "default_thumb" in ours["tags"]
    assert int(ours["width"]) > 0
    return bytes(account.kaltura.call("thumbAsset", "serve", {"thumbAssetId": ours["id"]}))


def shade(image: bytes) -> int:
    from PIL import Image

    return int(Image.open(io.BytesIO(image)).convert("L").resize((1, 1)).getpixel((0, 0)))  # type: ignore[arg-type]


def test_a_picture_in_s3_becomes_the_thumbnail_once(run: Run, proxied: FaultProxy, account: Account, s3: Any) -> None:
    entry = account.entry()
    s3.put_object(Bucket=BUCKET, Key="t.png", Body=picture())
    assert run("t.png", entry_id=entry, s3_bucket=BUCKET) == {
        "entries": {entry: {**counts(added=1, made_default=1), "problem": None}},
        **counts(added=1, made_default=1),
        "problems": 0,
    }
    assert served(account, entry) == picture()
    proxied.reset()
    assert run({entry: f"s3://{BUCKET}/t.png"})["entries"][entry] == {**counts(), "problem": None}
    assert proxied.calls == ["multirequest"]

    s3.put_object(Bucket=BUCKET, Key="t.png", Body=picture(90))
    again = run({entry: f"s3://{BUCKET}/t.png"})
    assert again["entries"][entry] == {**counts(added=1, made_default=1, deleted=1), "problem": None}
    assert served(account, entry) == picture(90)


def test_a_broken_or_hidden_picture_is_mended_and_that_of_others_stays(
    run: Run, account: Account, tmp_path: Path
) -> None:
    entry, call = account.entry(), account.kaltura.call
    path = tmp_path / "t.png"
    path.write_bytes(picture())
    run(str(path), entry_id=entry)
    (ours,) = account.thumbnails_of(entry)
    file = {"fileData": FilePart.of_bytes("p.png", picture(1))}
    theirs = call("thumbAsset", "addFromImage", {"entryId": entry}, files=file)["id"]
    call("thumbAsset", "setAsDefault", {"thumbAssetId": theirs})
    content = {"objectType": "KalturaStringResource", "content": "no picture"}
    call("thumbAsset", "setContent", {"id": ours["id"], "contentResource": content})
    run(str(path), entry_id=entry)
    assert served(account, entry) == picture()
    assert {each["id"] for each in account.thumbnails_of(entry)} == {ours["id"], theirs}


def test_frames_by_seconds_and_percent_are_taken_once(
    run: Run, proxied: FaultProxy, account: Account, new_film: Callable[[], str]
) -> None:
    first, second = new_film(), new_film()
    result = run({first: 0.8, second: "0%"})
    assert (result["added"], result["problems"]) == (2, 0)
    assert shade(served(account, first)) > 100 > shade(served(account, second))
    proxied.reset()
    # A template renders numbers as texts.
    assert run({first: "0.8", second: "0 %"})["added"] == 0
    assert proxied.calls == ["multirequest"]
    assert run({first: 0.2})["entries"][first] == {**counts(added=1, deleted=1), "problem": None}
    assert shade(served(account, first)) < 100


def test_a_problem_names_the_file_and_stops_no_other_entry(run: Run, account: Account, tmp_path: Path) -> None:
    files = {"good.png": picture(), "text.png": b"no picture", "cut.png": picture()[:20], "page.pdf": b"%PDF-1.7\n"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    sound, empty, good = account.entry(mediaType=5), account.entry(), account.entry()
    expected = {
        account.entry(): (str(tmp_path / "gone.png"), "gone.png does not exist. Check the path"),
        account.entry(): (str(tmp_path / "text.png"), "text.png: no image; use a JPEG or PNG file"),
        account.entry(): (str(tmp_path / "page.pdf"), "page.pdf: a file of type application/pdf; use a JPEG"),
        account.entry(): (
            str(tmp_path / "cut.png"),
            "cut.png: Kaltura cannot show it as thumbnail (status 2, 20 of 20",
        ),
        account.entry(): (-3, "the frame at -3 s is no place in a video; give seconds from 0"),
        account.entry(): ("101%", "the frame at 101% is no place in a video"),
        account.entry(): (None, "None is no picture; give a file, seconds, or percent such as '25%'"),
        sound: (1, f"the frame at 1 s: entry {sound} is no video; give an image file instead"),
        empty: ("50%", f"the frame at 50%: entry {empty} is not ready for it; wait with KalturaEntryReadySensor"),
        good: (str(tmp_path / "good.png"), "None"),
    }
    wanted = {entry: place for entry, (place, _) in expected.items()}
    result = run(wanted, on_problem="return")
    for entry, (_, message) in expected.items():
        assert message in str(result["entries"][entry]["problem"])
    assert served(account, good) == picture()
    (tmp_path / "cut.png").write_bytes(picture())
    cut = next(entry for entry, place in wanted.items() if str(place).endswith("cut.png"))
    run({cut: wanted[cut]})
    assert served(account, cut) == picture()


def test_templates() -> None:
    task = KalturaThumbnailOperator(task_id="t", entry_id="{{ id }}", thumbnail="{{ key }}.png")
    render(task, id="0_abc", key="talk")
    assert (task.entry_id, task.thumbnail) == ("0_abc", "talk.png")


def test_fifty_entries_take_few_requests(run: Run, proxied: FaultProxy, account: Account, s3: Any) -> None:
    entries = [account.entry() for _ in range(50)]
    s3.put_object(Bucket=BUCKET, Key="t.png", Body=picture())
    pictures = dict.fromkeys(entries, "t.png")
    proxied.reset()
    assert run(pictures, s3_bucket=BUCKET)["added"] == 50
    calls = Counter(proxied.calls)
    # For twenty entries each: one looks, one makes, one fills; and a request for each picture.
    assert calls == {"multirequest": 9, "uploadToken.upload": 50}
    proxied.reset()
    assert run(pictures, s3_bucket=BUCKET)["added"] == 0
    assert proxied.calls == ["multirequest"] * 3


def test_frames_of_many_entries_travel_together_but_not_too_many(
    run: Run, proxied: FaultProxy, account: Account, new_film: Callable[[], str]
) -> None:
    films = [new_film() for _ in range(12)]
    taken: list[int] = []

    def judge(request: Any) -> None:
        if number := sum(name.lower() == "thumbasset.generate" for name in request.items):
            taken.append(number)

    proxied.judge = judge
    proxied.reset()
    assert run(dict.fromkeys(films, 0.5))["added"] == 12
    # Kaltura takes frames while it is asked, and ends a request after a minute.
    assert (taken, len(proxied.calls)) == ([8, 4], 4)


@pytest.mark.parametrize("kind", ["file", "frame"])
def test_a_worker_that_dies_at_any_request_leaves_everything_to_the_next(
    proxied: FaultProxy,
    context: Any,
    account: Account,
    new_film: Callable[[], str],
    new_client: Callable[[], KalturaClient],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(picture(number * 50))
    before, after = (str(tmp_path / "1.png"), str(tmp_path / "2.png")) if kind == "file" else (0.2, "80%")
    number, died = 0, True
    entry = new_film()
    while died:
        number += 1
        first, killed, last = (
            KalturaThumbnailOperator(task_id="t", entry_id=entry, thumbnail=thumbnail)
            for thumbnail in (before, after, after)
        )
        first.execute(context)
        monkeypatch.setattr(killed.hook, "get_conn", lambda n=number: dying(new_client(), n))
        try:
            killed.execute(context)
            died = False
        except Killed:
            assert last.execute(context)["problems"] == 0
        image = served(account, entry)
        assert image == picture(100) if kind == "file" else shade(image) > 100
    # Look, make, (upload,) fill: with a death before and after each.
    assert number == (9 if kind == "file" else 7)


@pytest.mark.parametrize("kind", ["file", "frame"])
def test_two_at_once_leave_one_picture(
    run: Run, proxied: FaultProxy, account: Account, new_film: Callable[[], str], tmp_path: Path, kind: str
) -> None:
    (tmp_path / "t.png").write_bytes(picture())
    wanted = {new_film(): str(tmp_path / "t.png") if kind == "file" else 0.8}
    both, waited, met = threading.Barrier(2, timeout=20), threading.local(), []

    def judge(request: Any) -> None:
        if {"thumbAsset.add", "thumbAsset.generate"} & set(request.items) and not getattr(waited, "done", False):
            waited.done = True
            both.wait()
            met.append(request)

    proxied.judge = judge
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(run, [wanted, wanted]))
    assert ([result["problems"] for result in results], len(met)) == ([0, 0], 2)
    for entry in wanted:
        image = served(account, entry)
        assert image == picture() if kind == "file" else shade(image) > 100
