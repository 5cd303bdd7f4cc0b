"""PHP's loose conversions, as Kaltura applies them to request values."""

from __future__ import annotations

import re
import time
from typing import Any

from .errors import fail

# Values of time properties nearer to zero than this are offsets from now (ten years, in seconds).
MAX_RELATIVE_TIME = 315_360_000

_LEADING_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_INVALID_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_INT_LIMIT = 2**63


def to_text(value: Any) -> str:
    """Convert a request value to text: lists become ``Array``, true ``1``, false and null nothing."""
    if isinstance(value, str):
        return value
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, (list, dict)):
        return "Array"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def to_float(value: Any) -> float:
    """Convert a request value to a number: the longest numeric beginning of a text, else 0."""
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, (list, dict)):
        return 1.0 if value else 0.0
    match = _LEADING_NUMBER.match(value) if isinstance(value, str) else None
    return float(match[0]) if match else 0.0


def to_int(value: Any) -> int:
    """Convert a request value to a whole number, cutting fractions; text without a number is 0."""
    if isinstance(value, str):
        match = re.match(r"\s*[+-]?\d+(?![\d.eE])", value)
        if match:
            return _clamp(int(match[0]))
    elif isinstance(value, int):
        return _clamp(int(value))
    number_float = to_float(value)
    return int(number_float) if abs(number_float) < _INT_LIMIT else 0


def _clamp(number: int) -> int:
    return max(-_INT_LIMIT, min(_INT_LIMIT - 1, number))


def to_bool(value: Any) -> bool:
    """Convert a request value to a truth value: only ``false``, ``0`` and nothing are false; ``no`` is true."""
    if isinstance(value, str):
        return value.lower() not in {"false", "0", ""}
    return bool(value)


def to_time(value: Any, now: float | None = None) -> int:
    """Convert a request value to Unix seconds; small values are offsets from now, -1 removes the date.

    :param value: the value as sent; null and empty text are 0.
    :param now: the present, Unix seconds; the clock by default.
    """
    if value is None or value == "":
        return 0
    number = to_int(value)
    if number == -1 or abs(number) >= MAX_RELATIVE_TIME:
        return number
    return int(time.time() if now is None else now) + number


def check_characters(text: str, field: str) -> None:
    """Refuse control characters that XML 1.0 can not carry.

    :raises ApiError: ``INVALID_PARAMETER_CHAR`` naming the field.
    """
    if _INVALID_IN_XML.search(text):
        raise fail("INVALID_PARAMETER_CHAR", XML_FIELD=field)
