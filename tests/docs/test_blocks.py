"""No block of code in the documentation is without a test."""

from __future__ import annotations

from tests.docs.blocks import Key, blocks
from tests.docs.test_data_blocks import LANGUAGES as DATA
from tests.docs.test_python_blocks import LANGUAGES as PYTHON
from tests.docs.test_shell_blocks import LANGUAGES as SHELL

CHECKED = {*DATA, *PYTHON, *SHELL}
# Why a block is for reading only.
NOT_RUN: dict[Key, str] = {
    (
        "docs/analytics.md",
        "_kaltura/analytics/top_content/day=2026-11-24/data.parquet    the table",
    ): "a list of files",
    (
        "docs/manifests.md",
        "lectures.csv, row 12, column 'owner', field 'owner': 'ada lovelace' has ' ' in it; use letters a to z, digits "
        "and ...",
    ): "what a command answers, cut",
    (
        "docs/operators.md",
        "0_abcd1234: Kaltura lists the caption German, but serveWebVTT answers: CAPTION_ASSET_PARSING_FAILED, ... "
        "Upload it again ...",
    ): "what an operator says, cut",
}


def test_each_is_checked_or_listed() -> None:
    left = [str(block) for block in blocks() if (block.language in CHECKED) == (block.key in NOT_RUN)]
    assert left == [], "give them a language that is checked, or list them with the reason why they cannot be run"


def test_what_is_listed_is_there() -> None:
    assert NOT_RUN.keys() <= {block.key for block in blocks()}
