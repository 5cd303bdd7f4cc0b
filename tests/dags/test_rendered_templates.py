"""What Airflow's tab *Rendered Templates* shows of each task can be read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from airflow.sdk import BaseOperator
from tests.conftest import ROOT

from kaltura_provider.get_provider_info import get_provider_info

#: By what stands in the type of an argument: its values are more than one word.
_STRUCTURED = re.compile(r"\b(Mapping|Sequence|dict|list|Any)\b")
#: By the name of a field: its language.
_LANGUAGES = {"body": "md", "sql": "sql", "html": "html"}


def operators() -> Iterator[type[BaseOperator]]:
    """Each operator, sensor and transfer of the provider, and those of the pipeline's tasks."""
    info = get_provider_info()
    modules = [name for kind in ("operators", "sensors") for group in info[kind] for name in group["python-modules"]]
    modules += [transfer["python-module"] for transfer in info["transfers"]]
    modules += [f"kaltura_pipeline.{path.stem}" for path in (ROOT / "include/kaltura_pipeline").glob("*operators.py")]
    for name in modules:
        for value in vars(import_module(name)).values():
            if isinstance(value, type) and issubclass(value, BaseOperator) and value.__module__ == name:
                yield value


def types_of_arguments(operator: type[BaseOperator]) -> dict[str, str]:
    found: dict[str, str] = {}
    for base in reversed(operator.__mro__):
        if "__init__" in vars(base):
            parameters = inspect.signature(inspect.unwrap(vars(base)["__init__"])).parameters
            found |= {name: str(parameter.annotation) for name, parameter in parameters.items()}
    return found


@pytest.mark.parametrize("operator", operators(), ids=lambda operator: operator.__name__)
def test_what_is_more_than_a_word_has_a_renderer(operator: type[BaseOperator]) -> None:
    types: Any = types_of_arguments(operator)
    renderers = operator.template_fields_renderers
    assert set(operator.template_fields) <= types.keys(), "each is an argument"
    assert renderers.keys() <= set(operator.template_fields)
    for field in operator.template_fields:
        if field in _LANGUAGES:
            assert renderers.get(field) == _LANGUAGES[field], field
        elif _STRUCTURED.search(types[field]):
            assert renderers.get(field) == "json", f"{field}: {types[field]}"


def test_all_kinds_are_looked_at() -> None:
    names = {operator.__name__ for operator in operators()}
    assert {"KalturaPageOperator", "KalturaEntryReadySensor", "S3ToKalturaOperator", "WritePagesOperator"} <= names
