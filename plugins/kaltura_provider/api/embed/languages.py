"""Languages of pages: their direction, and the words the pages themselves say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_RTL_LANGUAGES = frozenset(
    {"ar", "arc", "arz", "azb", "bqi", "ckb", "dv", "fa", "glk", "he", "iw", "ji", "lrc", "mzn", "nqo", "pnb", "prs",
     "ps", "sd", "syr", "ug", "ur", "yi"}
)  # fmt: skip
_RTL_SCRIPTS = frozenset({"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"})


@dataclass(frozen=True)
class Texts:
    """The words a page says by itself, in one language.

    :param language: which; another one than the page's when there is no translation.
    :param words: the words by name.
    """

    language: str
    words: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.words[name]


def checked_language(language: str) -> str:
    """Return the tag of a language.

    :param language: such as ``en`` or ``pt-BR``.
    :raises ValueError: if it is none.
    """
    if not _TAG.fullmatch(language):
        raise ValueError(f"{language!r} is no language: use its tag, such as en, pt-BR or ar")
    return language


def direction(language: str) -> str:
    """Return how a language is written: ``rtl`` from right to left, else ``ltr``.

    :param language: its tag; a script in it, as in ``az-Arab``, decides.
    """
    first, *rest = language.lower().split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    return "rtl" if (script in _RTL_SCRIPTS if script else first in _RTL_LANGUAGES) else "ltr"


def texts_for(language: str, own: Mapping[str, str] | None = None) -> Texts:
    """Return the words of pages in a language, in English when there is no translation.

    :param language: the language of the page.
    :param own: words that replace those, by name; all of them make a translation.
    :raises ValueError: if there is no word of a name.
    """
    known = _translations()
    own = dict(own or {})
    if unknown := sorted(set(own) - set(known["en"])):
        raise ValueError(f"texts has {', '.join(unknown)}, which no page says: use {', '.join(sorted(known['en']))}")
    first = language.lower().split("-")[0]
    found = language if set(own) == set(known["en"]) else first if first in known else "en"
    return Texts(found, {**known.get(found, known["en"]), **own})


@lru_cache(maxsize=1)
def _translations() -> dict[str, dict[str, str]]:
    from importlib.resources import files

    text = (files("kaltura_provider.api") / "templates" / "texts.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found
