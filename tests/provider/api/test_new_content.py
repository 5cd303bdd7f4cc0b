"""New content for an entry that has some, exactly once, wherever the work is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.provider.api.test_put_content import Died, DyingClient, DyingJournal
from tests.provider.api.test_upload import PART, content_of, make_video, stored_source
from tests.provider.conftest import FIXTURES

from kaltura_provider.api import (
    EntryStatus,
    ExchangeState,
    FileSource,
    KalturaClient,
    MediaKind,
    MemoryJournal,
    NewContent,
    get_entry,
    put_content,
    put_new_content,
    settle_replacement,
)

Change = Callable[..., NewContent]


@pytest.fixture
def old(client: KalturaClient, tmp_path: Path) -> FileSource:
    return FileSource(make_video(tmp_path / "old.mp4", 2 * PART))


@pytest.fixture
def new(tmp_path: Path) -> FileSource:
    return FileSource(make_video(tmp_path / "new.mp4", 2 * PART + 77))


def put(client: KalturaClient, source: FileSource, reference_id: str, journal: MemoryJournal) -> str:
    done = put_content(
        client, source, entry={}, kind=MediaKind.VIDEO, reference_id=reference_id, journal=journal, part_size=PART
    )
    await_ready(client, done.entry.id)
    return done.entry.id


def await_ready(client: KalturaClient, entry_id: str) -> None:
    stored_source(client, entry_id)
    while get_entry(client, entry_id).status is not EntryStatus.READY:
        pass


def settle(client: KalturaClient, entry_id: str, source: FileSource, journal: MemoryJournal) -> None:
    while True:
        exchange = settle_replacement(client, entry_id, approve=False, size=source.size, journal=journal)
        if exchange.state is not ExchangeState.WAITING:
            break
    assert (exchange.state, exchange.verified) == (ExchangeState.DONE, True)
    assert stored_source(client, entry_id) == content_of(source)


def open_tokens(client: KalturaClient, entry_id: str) -> list[Any]:
    listed = client.call("uploadToken", "list", {"filter": {"statusIn": "0,1,2"}, "pager": {"pageSize": 500}})
    return [token for token in listed["objects"] if entry_id in token.get("fileName", "")]


def test_new_content(client: KalturaClient, old: FileSource, new: FileSource, uniq: str) -> None:
    journal = MemoryJournal()
    entry_id = put(client, old, uniq, journal)
    done = put_new_content(client, new, entry_id, kind=MediaKind.VIDEO, journal=journal, part_size=PART)
    assert done.upload is not None
    assert done.upload.bytes_sent == new.size
    settle(client, entry_id, new, journal)
    assert open_tokens(client, entry_id) == []
    again = put_new_content(client, new, entry_id, kind=MediaKind.VIDEO, journal=journal, part_size=PART)
    assert (again.upload, again.exchange.state) == (None, ExchangeState.DONE), "nothing is done twice"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_every_call(
    client: KalturaClient, old: FileSource, new: FileSource, uniq: str, moment: str
) -> None:
    number = 0
    died = True
    while died:
        number += 1
        journal = MemoryJournal()
        entry_id = put(client, old, f"{uniq}-{number}", journal)
        dying = DyingClient(client.config, client._sessions._credentials, client._sessions._spec)
        setattr(dying, f"die_{moment}", number)
        with dying:
            try:
                put_new_content(dying, new, entry_id, kind=MediaKind.VIDEO, journal=journal, part_size=PART)
                died = False
            except Died:
                died = True
        put_new_content(client, new, entry_id, kind=MediaKind.VIDEO, journal=journal, part_size=PART)
        settle(client, entry_id, new, journal)
        assert open_tokens(client, entry_id) == []
    assert number > 6, "token, three parts, list, looks, updateContent"


@pytest.mark.parametrize("written", [True, False])
def test_killed_around_every_note(
    client: KalturaClient, old: FileSource, new: FileSource, uniq: str, written: bool
) -> None:
    number = 0
    died = True
    while died:
        number += 1
        journal = DyingJournal()
        entry_id = put(client, old, f"{uniq}-{number}", journal)
        journal.die_at, journal.written = journal.saves + number, written
        try:
            put_new_content(client, new, entry_id, kind=MediaKind.VIDEO, journal=journal, part_size=PART)
            died = False
        except Died:
            died = True
        journal.die_at = 0
        put_new_content(client, new, entry_id, kind=MediaKind.VIDEO, journal=journal, part_size=PART)
        settle(client, entry_id, new, journal)
        assert open_tokens(client, entry_id) == []
    assert number > 4


@pytest.mark.parametrize(
    ("kind", "names", "contents"),
    [
        (MediaKind.IMAGE, ("a.jpg", "b.jpg"), ((FIXTURES / "tiny.jpg").read_bytes(),) * 2),
        (MediaKind.DOCUMENT, ("a.pdf", "b.pdf"), (b"%PDF-1.4\n%%EOF\n", b"%PDF-1.5\nnew\n%%EOF\n")),
        (MediaKind.DATA, ("a.json", "b.json"), (b'{"a": 1}', b'{"a": "{1:result:id}"}')),
    ],
)
def test_other_kinds(
    client: KalturaClient,
    tmp_path: Path,
    uniq: str,
    kind: MediaKind,
    names: tuple[str, str],
    contents: tuple[bytes, ...],
) -> None:
    first, second = (tmp_path / name for name in names)
    first.write_bytes(contents[0])
    second.write_bytes(contents[1])
    journal = MemoryJournal()
    done = put_content(client, FileSource(first), entry={}, kind=kind, reference_id=uniq, journal=journal)
    new = put_new_content(client, FileSource(second), done.entry.id, kind=kind, journal=journal)
    assert new.exchange.state is ExchangeState.DONE
    entry = get_entry(client, done.entry.id)
    assert entry.status is EntryStatus.READY
    assert requests.get(str(entry.raw["downloadUrl"]), timeout=10).content == contents[1]
    assert open_tokens(client, done.entry.id) == []
