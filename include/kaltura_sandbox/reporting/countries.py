"""Countries by name and by code, as far as the sandbox knows any."""

from __future__ import annotations

_CODES = {
    "Austria": "AT", "Brazil": "BR", "China": "CN", "France": "FR", "Germany": "DE", "India": "IN", "Italy": "IT",
    "Japan": "JP", "Kenya": "KE", "New Zealand": "NZ", "Poland": "PL", "Switzerland": "CH", "Turkey": "TR",
    "United Kingdom": "GB", "United States": "US",
}  # fmt: skip
_NAMES = {code: name for name, code in _CODES.items()}


def country_code(name: str) -> str:
    """Return the code of a country, or what was given."""
    return _CODES.get(name, name)


def country_name(code: str) -> str:
    """Return the name of a country, or what was given."""
    return _NAMES.get(code, code)
