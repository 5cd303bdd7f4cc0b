"""Files that change while they are uploaded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.provider.api.test_upload import PART, make_video

from kaltura_provider.api import FileSource, KalturaClient, SourceChangedError, UploadProgress, upload
from kaltura_provider.api.multipart import ByteStream


@pytest.mark.parametrize("change", ["grows", "same length", "truncated"])
def test_a_file_that_changes_is_noticed(client: KalturaClient, tmp_path: Path, change: str) -> None:
    path = make_video(tmp_path / "clip.mp4", 3 * PART)
    source = FileSource(path)

    def meddle(step: UploadProgress) -> None:
        if step.bytes_done == PART:
            content = path.read_bytes()
            path.write_bytes(
                {"grows": content + b"x", "same length": content[:-1] + b"x", "truncated": content[:PART]}[change]
            )
            os.utime(path, ns=(1, source_time + 1))

    source_time = path.stat().st_mtime_ns
    with pytest.raises(SourceChangedError, match=r"clip\.mp4"):
        upload(client, source, part_size=PART, on_progress=meddle)


def test_a_file_that_changes_while_its_last_part_is_read(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", PART)
    stream: ByteStream = FileSource(path).open(0, PART)
    assert len(stream.read(6000)) == 6000
    os.utime(path, ns=(1, 1))
    with pytest.raises(SourceChangedError):
        stream.read(4000)
    stream.close()


def test_fingerprints(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", PART)
    first = FileSource(path).fingerprint
    assert FileSource(path).fingerprint == first
    os.utime(path, ns=(1, 1))
    assert FileSource(path).fingerprint != first
    assert FileSource(path, name="other.mp4").name == "other.mp4"
