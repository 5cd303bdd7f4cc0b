"""Where the parameters of a request come from and which one wins: path, then query, then files, then body."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

_HALF_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BRACKETS = re.compile(r"\[([^\]]*)\]")


def path_pairs(tail: str) -> dict[str, Any]:
    """Read ``/key/value`` pairs of a URL; the first occurrence of a key wins.

    :param tail: the undecoded path after the script.
    """
    parts = tail.strip("/").split("/") if tail.strip("/") else []
    pairs: dict[str, Any] = {}
    for index in range(0, len(parts), 2):
        value = parts[index + 1] if index + 1 < len(parts) else ""
        pairs.setdefault(_decode(parts[index]), _decode(value))
    return pairs


def _decode(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "ignore")


def form_pairs(text: str) -> list[tuple[str, str]]:
    """Read an urlencoded query or body."""
    return parse_qsl(text, keep_blank_values=True, errors="ignore")


def nest_brackets(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Nest PHP style names such as ``entry[name]`` and ``ids[]``; a later value replaces an earlier one."""
    nested: dict[str, Any] = {}
    for name, value in pairs:
        head, bracket, _ = name.partition("[")
        keys = [head.replace(".", "_").replace(" ", "_")]
        if bracket and head and "]" in name:
            keys += _BRACKETS.findall(name[len(head) :])
        target = nested
        for given, following in zip(keys, [*keys[1:], None], strict=True):
            key = given or str(len(target))  # "[]" appends
            if following is None:
                target[key] = value
            else:
                inner = target.get(key)
                if not isinstance(inner, dict):
                    inner = target[key] = {}
                target = inner
    return nested


def json_object(text: str) -> dict[str, Any] | None:
    """Read a JSON body; only an object counts, anything else is as if it had not been sent."""
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return None
    try:
        value = json.loads(stripped, parse_constant=_refuse_constant)
        if _HALF_SURROGATE.search(stripped):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay one set of parameters over another, into nested objects; the upper values win."""
    merged = dict(below)
    for key, value in above.items():
        lower = merged.get(key)
        merged[key] = merge(lower, value) if isinstance(lower, dict) and isinstance(value, dict) else value
    return merged


def group_colons(value: Any) -> Any:
    """Group colon style names such as ``entry:name`` into objects, at every depth.

    The name ``-`` marks an empty object or array and disappears.
    """
    if isinstance(value, list):
        return [group_colons(item) for item in value]
    if not isinstance(value, dict):
        return value
    grouped: dict[str, Any] = {}
    for name, item in value.items():
        *path, last = str(name).split(":")
        target = grouped
        for key in path:
            inner = target.get(key)
            if isinstance(inner, list):
                inner = target[key] = {str(index): each for index, each in enumerate(inner)}
            elif not isinstance(inner, dict):
                inner = target[key] = {}
            target = inner
        if last == "-" and path:
            continue
        converted = group_colons(item)
        below = target.get(last)
        target[last] = merge(below, converted) if isinstance(below, dict) and isinstance(converted, dict) else converted
    if len(value) == 1 and "-" in value:
        return {}
    return grouped
