"""The nearest known name to one that is not known, for messages that say what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that looks most like a name, empty if none does.

    :param name: the unknown name.
    :param known: the names there are.
    """
    from difflib import get_close_matches

    by_folded: dict[str, str] = {}
    for each in known:
        by_folded.setdefault(each.casefold(), each)
    found = get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[found[0]] if found else ""


def advice(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return what to do about an unknown name: use the nearest known one, else something else.

    :param name: the unknown name.
    :param known: the names there are.
    :param otherwise: what to do if no known name is near; a sentence without a full stop.
    """
    found = nearest(name, known)
    return f"did you mean {found!r}?" if found else otherwise
