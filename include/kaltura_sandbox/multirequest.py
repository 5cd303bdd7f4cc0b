"""Many actions in one request, with references from later ones to the results of earlier ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .answers import FileAnswer, RedirectAnswer
from .casting import to_text
from .dispatch import execute
from .errors import ApiError, ServerCrash

if TYPE_CHECKING:
    from .context import RequestInfo
    from .sandbox import Sandbox

_INHERITED = ("ks", "partnerId", "clientTag")
_REFERENCE = re.compile(r"\{(\d+):result(?::([^{}]*))?\}")


def is_multirequest(params: dict[str, Any]) -> bool:
    """Tell whether a request is a multirequest."""
    return to_text(params.get("service")).lower() == "multirequest"


def execute_all(sandbox: Sandbox, request: RequestInfo, params: dict[str, Any]) -> Any:
    """Run the numbered requests in order; an error takes the place of its result and stops nothing.

    :param params: the grouped parameters; a gap in the numbers ends the work.
    :return: the results, or the file of the first request that serves one.
    :raises ServerCrash: a reference that Kaltura's server can not stand.
    """
    first = number = 0 if isinstance(params.get("0"), dict) else 1
    # References name a request by its place, the first is 1, also where the numbers begin with 0.
    results: dict[int, Any] = {}
    while isinstance(item := params.get(str(number)), dict) and item.get("service"):
        resolved = _resolve(item, results)
        for name in _INHERITED:
            if name in params:
                resolved.setdefault(name, params[name])
        place = number - first + 1
        try:
            results[place] = execute(sandbox, request, resolved)
        except ApiError as error:
            results[place] = error
        if isinstance(results[place], (FileAnswer, RedirectAnswer)):
            return results[place]
        number += 1
    return list(results.values())


def _resolve(value: Any, results: dict[int, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _resolve(item, results) for name, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, results) for item in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    references = list(_REFERENCE.finditer(value))
    if len(references) > 1:
        raise ServerCrash("two references in one text")
    if not references:
        return value
    found = references[0]
    path = found[2].split(":") if found[2] else []
    text = to_text(_look_up(results.get(int(found[1])), path))
    return value[: found.start()] + text + value[found.end() :]


def _look_up(value: Any, path: list[str]) -> Any:
    if isinstance(value, ApiError):
        return ""
    for index, name in enumerate(path):
        if name == "_all" and isinstance(value, list):
            texts = [to_text(_look_up(item, path[index + 1 :])) for item in value]
            return "".join(text + "," for text in texts)
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list):
            value = value[int(name)] if name.isdecimal() and int(name) < len(value) else None
        elif value is not None:
            raise ServerCrash("a path into a plain value")
    return value
