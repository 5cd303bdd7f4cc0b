"""Read docker-compose.yaml as Docker does, as far as that file needs it: variables, merges, commands, environments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# $$, ${NAME}, ${NAME:-default} and ${NAME:?message}.
_VARIABLE = re.compile(r"\$(?:(\$)|\{([A-Z0-9_]+)(?::([-?])([^}]*))?\})")


class MissingVariableError(Exception):
    """A variable that must be set is not; the message is the file's own."""


@dataclass(frozen=True)
class Service:
    """A service as the file describes it.

    :param name: its name, which is its host name too.
    :param command: what it runs; of Airflow's image without the program's name.
    :param environment: its variables.
    :param image: name of its image.
    :param profiles: profiles that it belongs to; none for those that always run.
    :param restarts: whether it is started again when it ends.
    :param health: command of its health check; empty without one.
    :param volumes: its mounts, as written.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    image: str
    profiles: tuple[str, ...]
    restarts: bool
    health: tuple[str, ...]
    volumes: tuple[str, ...]


def read_services(file: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """Return the services of a file by name.

    :param file: the file.
    :param variables: what ``.env`` says.
    :raises MissingVariableError: a variable without a default is not set, or empty.
    """
    content = _filled(yaml.safe_load(file.read_text()), variables)
    return {name: _service(name, each) for name, each in content["services"].items()}


def read_env(file: Path) -> dict[str, str]:
    """Return the variables of an ``.env`` file."""
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _service(name: str, given: Mapping[str, Any]) -> Service:
    return Service(
        name,
        _words(given.get("command")),
        {key: str(value) for key, value in (given.get("environment") or {}).items()},
        str(given.get("image") or ""),
        tuple(given.get("profiles") or ()),
        given.get("restart") == "unless-stopped",
        _words((given.get("healthcheck") or {}).get("test")),
        tuple(map(str, given.get("volumes") or ())),
    )


def _words(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        raise ValueError(f"{given!r}: write commands as lists, so that nothing has to guess where words end")
    return tuple(map(str, given or ()))


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, variables) for each in value]
    return _VARIABLE.sub(lambda match: _value(match, variables), value) if isinstance(value, str) else value


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    dollar, name, rule, text = match.groups()
    if dollar:
        return "$"
    if found := variables.get(name):
        return found
    if rule == "?":
        raise MissingVariableError(f"{name}: {text}")
    return text or ""
