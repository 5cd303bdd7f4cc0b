"""The README's promise: the demonstration runs, and run again it adds nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from demo.folder import GOOD

from tests.conftest import LOGS, ROOT

pytestmark = [pytest.mark.system, pytest.mark.timeout(1000)]

FILES = list(GOOD)


def run_demo(state: Path) -> str:
    """Run the demonstration; return what it printed."""
    run = subprocess.run(
        [sys.executable, "-m", "demo", "run", "--state", str(state)],
        cwd=ROOT, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    text = run.stdout + run.stderr
    assert run.returncode == 0, text
    return text


@pytest.fixture(scope="module")
def state() -> Path:
    shutil.rmtree(LOGS / "demo", ignore_errors=True)
    return LOGS / "demo"


def test_first_run_adds_every_file_and_second_run_none(state: Path) -> None:
    first = run_demo(state)
    assert re.search(rf"\b{len(FILES)} added\b", first), first
    for name in FILES:
        assert name in first
    assert first.count("identical") == len(FILES)
    assert "differ" not in first
    pages = sorted(path.name for path in (state / "results" / "pages").glob("*.html"))
    assert "index.html" in pages
    assert len(pages) == len(FILES) + 1

    assert "7 titles are in quarantine" in first
    page = re.search(r"Why\s+(\S+index\.html)", first)
    assert page
    why = Path(page.group(1)).read_text()
    for name in (
        "cut-off.mp4",
        "notes.mp4",
        "typo.mp3",
        "field.mp3",
        "late.mp4",
        "the ball again.mp4",
        "nothing.en.vtt",
    ):
        assert name in why
    assert "did you mean &#39;Lectures&gt;Physics&#39;?" in why
    assert list((state / "results" / "quarantine").rglob("cut-off.mp4.why.json"))

    second = run_demo(state)
    assert re.search(r"\b0 added\b", second), second
    assert second.count("identical") == len(FILES)
    assert sorted(path.name for path in (state / "results" / "pages").glob("*.html")) == pages


def test_plays_are_in_the_report(state: Path) -> None:
    tables = list((state / "results" / "analytics" / "top_content").glob("day=*/data.csv"))
    assert tables
    text = tables[0].read_text()
    assert "count_plays" in text.splitlines()[0]
    assert "A ball crosses the picture" in text
    pages = state / "results" / "reports"
    assert "A ball crosses the picture" in (pages / tables[0].parent.name / "index.html").read_text()
    assert (pages / "week.html").is_file()
    assert (pages / "month.html").is_file()
