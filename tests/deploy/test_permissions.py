"""docs/permissions.md, deploy/kaltura and the code name the same actions, permissions and operators."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import shlex
import subprocess
from fnmatch import fnmatchcase
from typing import Any

import pytest
from tests.conftest import ROOT

KALTURA = ROOT / "deploy" / "kaltura"
KNOWN = json.loads((KALTURA / "permissions.json").read_text())
ACTIONS: dict[str, str] = KNOWN["actions"]
FIELDS: dict[str, str] = KNOWN["fields"]
OPERATORS: dict[str, list[str]] = KNOWN["operators"]
ROLE = (KALTURA / "pipeline-role.txt").read_text().split()
PAGE = (ROOT / "docs" / "permissions.md").read_text()
# What the operator of `KalturaCallOperator` calls is up to who writes the DAG.
ANY = "KalturaCallOperator"
SENDS = frozenset({"call", "add", "iterate", "request"})
SERVICE = re.compile(r"[a-z]+[A-Za-z]*(_[A-Za-z]+)?")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the last table of a section, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = re.split(r"\n\|[-|]+\|\n", section)[-1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def permissions_of(operator: str) -> set[str]:
    found = {ACTIONS[action] for pattern in OPERATORS[operator] for action in ACTIONS if fnmatchcase(action, pattern)}
    return found - {""}


def operators() -> dict[str, Any]:
    from airflow.sdk import BaseOperator

    from kaltura_provider.get_provider_info import get_provider_info

    info = get_provider_info()
    modules = [name for kind in ("operators", "sensors") for group in info[kind] for name in group["python-modules"]]
    modules += [transfer["python-module"] for transfer in info["transfers"]]
    return {
        name: member
        for module in modules
        for name, member in inspect.getmembers(importlib.import_module(module), inspect.isclass)
        if issubclass(member, BaseOperator) and member.__module__ == module
    }


def called() -> set[tuple[str, str]]:
    """Return service and action of the calls in the code that name both."""
    found = set()
    for root in ("plugins/kaltura_provider", "include/kaltura_pipeline"):
        for path in (ROOT / root).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                words = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
                if node.func.attr in SENDS and len(words) >= 2:
                    found.add((words[0], words[1]))
    return found


def test_every_action_of_the_code_has_its_permission() -> None:
    found = {f"{service}.{action}" for service, action in called() if SERVICE.fullmatch(service)}
    assert len(found) > 50
    assert found - set(ACTIONS) == set()


def test_every_action_is_one_that_something_calls() -> None:
    # A category that `kaltura_publish` is given by its id.
    patterns = ["category.get", *(pattern for each in OPERATORS.values() for pattern in each)]
    assert [action for action in ACTIONS if not any(fnmatchcase(action, pattern) for pattern in patterns)] == []
    for operator, names in OPERATORS.items():
        for pattern in names:
            assert any(fnmatchcase(action, pattern) for action in ACTIONS), f"{operator}: {pattern}"


def test_the_role_has_no_permission_that_nothing_asks_for() -> None:
    assert sorted(set(ROLE)) == ROLE
    assert set(ROLE) - set(ACTIONS.values()) - set(FIELDS.values()) == set()


def test_the_command_of_the_page_joins_the_permissions() -> None:
    command = re.search(r"userRole:permissionNames=\$\((paste [^)]+)\)", PAGE)
    assert command is not None
    told = subprocess.run(shlex.split(command[1]), cwd=ROOT, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == ",".join(ROLE)


def test_every_operator_is_in_the_table_with_its_permissions() -> None:
    table = {row[0].strip("`"): row[1] for row in rows("Operators")}
    assert set(table) == set(operators()) == set(OPERATORS)
    for operator, cell in table.items():
        if operator != ANY:
            assert set(re.findall(r"`([^`]+)`", cell)) == permissions_of(operator), operator


def test_operators_with_an_aws_connection_name_s3_actions_and_only_these() -> None:
    known = {
        action
        for path in (ROOT / "deploy" / "iam").glob("*.json")
        for statement in json.loads(path.read_text())["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    classes = operators()
    for name, _, cell in rows("Operators"):
        found = set(re.findall(r"`(s3:[^`]+)`", cell))
        assert found <= known
        makers = [each.__init__ for each in classes[name.strip("`")].__mro__]
        takes_one = any("aws_conn_id" in inspect.signature(maker).parameters for maker in makers)
        assert bool(found) == takes_one, name


def test_fields_are_in_the_table_and_are_those_that_entries_have() -> None:
    from kaltura_provider.api.entry_fields import FIELDS as ENTRY_FIELDS

    table = {row[0].strip("`"): row[1].strip("`") for row in rows("Kaltura")}
    assert table == FIELDS
    assert set(FIELDS) <= {field.name for field in ENTRY_FIELDS}


@pytest.mark.parametrize("name", re.findall(r"`([A-Z]+_[A-Z_]+[A-Z])`", PAGE))
def test_permissions_that_the_page_names_exist(name: str) -> None:
    codes = {"SERVICE_FORBIDDEN", "PROPERTY_VALIDATION_NO_UPDATE_PERMISSION"}
    assert name in {*ACTIONS.values(), *FIELDS.values(), *codes} or name.startswith("KALTURA_PIPELINE_")
