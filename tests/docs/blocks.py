"""The code blocks of the documentation, as GitHub reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from tests.conftest import ROOT

PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
_TITLE = re.compile(r'title="([^"]+)"')
# A page's code that the test knows by its beginning, whatever is written before it.
Key = tuple[str, str]


@dataclass(frozen=True)
class Block:
    """A block of code.

    :param page: the page's path in the repository.
    :param line: its line there.
    :param language: what it is written in; what is only indented is for a shell.
    :param title: the name of the file or setting it stands for, or nothing.
    :param code: the block itself.
    """

    page: str
    line: int
    language: str
    title: str
    code: str

    @property
    def key(self) -> Key:
        """What tells it from the others: its page and its first line."""
        return self.page, self.code.splitlines()[0]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def blocks() -> tuple[Block, ...]:
    """Return all blocks of all pages."""
    reader = MarkdownIt("commonmark")
    found = []
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        for token in reader.parse(page.read_text(encoding="utf-8")):
            if token.type not in ("fence", "code_block"):
                continue
            assert token.map
            language, _, rest = token.info.partition(" ")
            title = _TITLE.search(rest)
            if token.type == "code_block":
                language = "shell"
            found.append(Block(name, token.map[0] + 1, language, title[1] if title else "", token.content))
    return tuple(found)


def of_language(*languages: str) -> list[Block]:
    """Return the blocks in one of these languages."""
    return [block for block in blocks() if block.language in languages]


def write_files(page: str, folder: Path) -> None:
    """Write the blocks of a page that stand for a file."""
    for block in blocks():
        if block.page == page and "." in block.title:
            (folder / block.title).write_text(block.code, encoding="utf-8")
