"""Kaltura's player is fetched as it was pinned, or not at all; npm is a program of the test here."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from demo import player


def package(text: bytes) -> bytes:
    """A package as npm publishes it."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name in ("package/dist/player.js", "package/package.json"):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return target.getvalue()


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Let npm give a package from now on; ``old`` is the one that is pinned."""
    good = base64.b64encode(hashlib.sha512(package(b"old")).digest()).decode()
    pinned = {"package": "@scope/player@1.0.0", "integrity": f"sha512-{good}", "files": ["dist/*"]}
    (tmp_path / "packages.json").write_text(json.dumps([pinned]))
    monkeypatch.setattr(player, "PACKAGES", tmp_path / "packages.json")
    tools = tmp_path / "tools"
    tools.mkdir()
    npm = tools / "npm"
    npm.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        "folder = sys.argv[sys.argv.index('--pack-destination') + 1]\n"
        f"shutil.copy({str(tmp_path / 'published.tgz')!r}, folder + '/scope-player-1.0.0.tgz')\n"
        """print('[{"filename": "@scope/player-1.0.0.tgz"}]')\n"""
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))

    def put(text: bytes) -> None:
        (tmp_path / "published.tgz").write_bytes(package(text))

    return put


def test_the_pinned_package_is_unpacked_once(tmp_path: Path, publish: Callable[[bytes], None]) -> None:
    publish(b"old")
    folder = tmp_path / "to" / "player"
    assert player.main([str(folder)]) == 0
    assert (folder / "player.js").read_bytes() == b"old"
    assert not (folder / "package.json").exists()
    (tmp_path / "tools" / "npm").unlink()
    assert player.main([str(folder)]) == 0, "what is there is not fetched again"
    assert [each.name for each in folder.parent.iterdir()] == ["player"]


def test_another_package_is_refused(
    tmp_path: Path, publish: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    publish(b"new")
    assert player.main([str(tmp_path / "player")]) == 1
    assert "@scope/player@1.0.0 is not the package that packages.json names" in capsys.readouterr().err
    assert not (tmp_path / "player").exists()


def test_the_demonstration_goes_without(
    tmp_path: Path,
    publish: Callable[[bytes], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "tools" / "npm").unlink()
    monkeypatch.delenv("UV", raising=False)
    assert player.main([str(tmp_path / "player"), "--optional"]) == 0
    assert "make player" in capsys.readouterr().err
