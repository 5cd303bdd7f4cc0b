"""The catalogue of errors and the code that raises them agree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kaltura_sandbox
from kaltura_sandbox.errors import MESSAGES, fail, register_error
from kaltura_sandbox.sandbox import load_services


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Place, code and argument names of every error the sandbox can raise."""
    for path in sorted(Path(kaltura_sandbox.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "fail":
                code = node.args[0]
                if isinstance(code, ast.Constant) and all(each.arg for each in node.keywords):
                    yield f"{path.name}:{node.lineno}", str(code.value), {each.arg or "" for each in node.keywords}


def test_every_error_is_in_the_catalogue_and_fills_its_message() -> None:
    load_services()
    calls = list(raised())
    assert len(calls) > 50
    for place, code, names in calls:
        assert code in MESSAGES, f"{place}: {code} is not in the catalogue"
        wanted = set(re.findall(r"@([A-Z_]+)@", MESSAGES[code]))
        assert wanted <= names, f"{place}: {code} needs {wanted}, has {names}"


def test_variants_share_their_code() -> None:
    error = fail("INVALID_ENTRY_ID/type", ENTRY_TYPE="Playlist", ENTRY_ID="0_nope")
    assert (error.code, error.message) == ("INVALID_ENTRY_ID", "Unknown Playlist [0_nope]")
    assert error.api_args == {"ENTRY_TYPE": "Playlist", "ENTRY_ID": "0_nope"}


def test_an_error_has_one_text() -> None:
    register_error("UPLOAD_ERROR", "Upload failed")
    with pytest.raises(ValueError, match="UPLOAD_ERROR"):
        register_error("UPLOAD_ERROR", "Something else")
