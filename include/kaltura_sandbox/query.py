"""Conditions on documents, as small pieces of SQL that combine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Where:
    """A condition: ``Where.a & Where.b``, ``|`` and ``~`` combine.

    :param sql: the condition, ``{doc}`` standing for the document column.
    :param values: what its question marks stand for.
    """

    sql: str
    values: tuple[Any, ...] = ()

    def __and__(self, other: Where) -> Where:
        if self is ALL or other is ALL:
            return other if self is ALL else self
        return Where(f"({self.sql}) AND ({other.sql})", self.values + other.values)

    def __or__(self, other: Where) -> Where:
        return Where(f"({self.sql}) OR ({other.sql})", self.values + other.values)

    def __invert__(self) -> Where:
        return Where(f"NOT COALESCE(({self.sql}), 0)", self.values)


ALL = Where("1")
NOTHING = Where("0")


def _field(name: str) -> str:
    if not name.isidentifier():
        raise ValueError(f"{name!r} is not the name of a property")
    return f"json_extract({{doc}}, '$.{name}')"


def equal(name: str, value: Any) -> Where:
    """The property has this value; None: it has none."""
    if value is None:
        return Where(f"{_field(name)} IS NULL")
    return Where(f"{_field(name)} = ?", (value,))


def one_of(name: str, values: Iterable[Any]) -> Where:
    """The property has one of these values."""
    listed = tuple(values)
    if not listed:
        return NOTHING
    return Where(f"{_field(name)} IN ({', '.join('?' * len(listed))})", listed)


def at_least(name: str, value: float) -> Where:
    """The property is this number or more."""
    return Where(f"{_field(name)} >= ?", (value,))


def at_most(name: str, value: float) -> Where:
    """The property is this number or less."""
    return Where(f"{_field(name)} <= ?", (value,))


def contains(name: str, text: str) -> Where:
    """The property contains this text, whatever its case."""
    return Where(f"instr(lower({_field(name)}), lower(?)) > 0", (text,))


def starts_with(name: str, text: str) -> Where:
    """The property starts with this text, whatever its case."""
    return Where(f"instr(lower({_field(name)}), lower(?)) = 1", (text,))


def has_element(name: str, values: Sequence[str]) -> Where:
    """The property, a comma-separated text or a JSON array, has one of these elements, whatever their case."""
    parts = ALL
    text = f"(',' || replace(replace(lower({_field(name)}), ', ', ','), '\"', '') || ',')"
    text = f"replace(replace({text}, ',[', ','), '],', ',')"
    for index, value in enumerate(values):
        part = Where(f"instr({text}, ',' || lower(?) || ',') > 0", (value.strip(),))
        parts = part if index == 0 else parts | part
    return parts if values else NOTHING
