"""Every error code that a person can meet is explained: cause, who can fix it, next step."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT

import kaltura_sandbox.app  # noqa: F401 - with it, every service has registered its errors
from kaltura_provider.api import ErrorClass, Fixer, KalturaError, explain
from kaltura_provider.api.advice import known, topics
from kaltura_provider.api.advice.__main__ import main
from kaltura_provider.api.advice.page import render_page
from kaltura_provider.api.answers import _NUMBERED
from kaltura_sandbox.errors import MESSAGES

ALL = [advice for table in topics().values() for advice in table]
HEADER = re.compile(r"error- ([A-Z][A-Z0-9_]+)")


def codes_in(value: Any) -> Iterator[str]:
    """Every error code in a recorded answer: in a JSON error, or in a header of a file action."""
    if isinstance(value, dict):
        code = value.get("code")
        if isinstance(code, str) and re.fullmatch(r"[A-Z][A-Z0-9_]+", code) and "message" in value:
            yield code
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from codes_in(item)
    elif isinstance(value, str):
        yield from HEADER.findall(value)
        yield from re.findall(r"<error>\s*<code>([A-Z0-9_]+)</code>", value)


def test_every_code_of_the_transcripts_is_explained() -> None:
    found: dict[str, Path] = {}
    for path in (ROOT / "tests" / "contract" / "scenarios").rglob("*.json"):
        found.update(dict.fromkeys(codes_in(json.loads(path.read_text())), path))
    assert {"INVALID_KS", "MANDATORY_PARAMETER_MISSING", "METADATA_ALREADY_EXISTS"} <= found.keys()
    assert len(found) >= 50
    missing = {code: str(path.relative_to(ROOT)) for code, path in found.items() if not known(code)}
    assert missing == {}, "add them to kaltura_provider/api/advice, then run make docs"


def test_every_code_of_the_sandbox_is_explained() -> None:
    assert len(MESSAGES) > 70
    assert [code for code in MESSAGES if "/" not in code and not known(code)] == []


def test_every_code_of_our_own_is_explained() -> None:
    """Codes this package gives itself, found where an exception is made of them."""
    found = set(_NUMBERED.values())
    for path in (ROOT / "plugins" / "kaltura_provider").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("KalturaError", "DependencyFailed"):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    assert {"BAD_ANSWER", "UPLOAD_NOT_FINISHED", "REFERENCE_ID_IN_USE"} <= found
    assert sorted(code for code in found if not known(code)) == []


def test_the_table_is_in_order() -> None:
    codes = [advice.code for advice in ALL]
    assert len(set(codes)) == len(codes), "no code twice"
    for advice in ALL:
        for text in (advice.cause, advice.step):
            assert text[0].isupper(), advice
            assert "|" not in text, "it would end the cell of the page's table"
        assert advice.cause.endswith("."), advice
        if advice.fixer is Fixer.TIME:
            assert "again" in advice.step, advice


def test_whether_to_try_again_agrees_with_who_can_fix_it() -> None:
    for advice in ALL:
        if advice.error_class is ErrorClass.PERMISSION:
            assert advice.fixer is not Fixer.TIME, f"a right does not come by waiting: {advice}"


@pytest.mark.parametrize(
    ("code", "details", "row"),
    [
        ("HTTP_301", {}, "HTTP_3*"),
        ("HTTP_502", {}, "HTTP_5*"),
        ("HTTP_413", {}, "HTTP_413"),
        ("HTTP_418", {}, "HTTP_4*"),
        ("PROPERTY_VALIDATION_NEW", {}, "PROPERTY_VALIDATION_*"),
        ("CUE_POINT_NOT_FOUND", {}, "*_NOT_FOUND"),
        ("KALTURA_ERROR_99", {}, "KALTURA_ERROR_*"),
        ("INVALID_KS", {"KSID": "LOGOUT", "ERR_CODE": "-1"}, "INVALID_KS:LOGOUT"),
        ("INVALID_KS", {"KSID": "", "ERR_CODE": "-4", "ERR_DESC": "INVALID_TYPE"}, "INVALID_KS:FORBIDDEN"),
        ("INVALID_KS", {"KSID": "EXCEEDED_RESTRICTED_NEW"}, "INVALID_KS:FORBIDDEN"),
        ("INVALID_KS", {"KSID": "***"}, "INVALID_KS"),
        ("INVALID_KS", {}, "INVALID_KS"),
        ("SOMETHING_NEW", {}, "*"),
        ("", {}, "*"),
    ],
)
def test_families_and_cases(code: str, details: dict[str, str], row: str) -> None:
    assert explain(code, details).code == row


def test_an_exception_says_who_can_fix_it() -> None:
    error = KalturaError("SERVICE_FORBIDDEN", "forbidden", service_action="media.add")
    assert error.advice.fixer is Fixer.ADMINISTRATOR
    assert "needs the permission CONTENT_INGEST_UPLOAD" in error.advice.cause
    assert str(error).endswith("Who can fix it: an administrator of the Kaltura account.")
    own = KalturaError("UPLOAD_SIZE_MISMATCH", "3 of 4", error_class=ErrorClass.PERMANENT, hint="Look at the file.")
    assert (own.advice.step, own.advice.error_class) == ("Look at the file.", ErrorClass.PERMANENT)
    assert "Who can fix it" not in str(KalturaError("X", hint=""))


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "errors.md").read_text() == render_page(), "run make docs"


def test_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["APP_TOKEN_EXPIRED", "HTTP_502"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "APP_TOKEN_EXPIRED: The app token has expired."
    assert lines[1] == "who can fix it: an administrator of the Kaltura account."
    assert lines[2] == "next step: Make a new one with appToken.add and put it into the connection."
    assert lines[3].startswith("HTTP_502 (any HTTP_5*): ")
    assert main(["NO_SUCH_CODE"]) == 1
    assert "not in the table: NO_SUCH_CODE" in capsys.readouterr().err
    assert main(["--page"]) == 0
    assert capsys.readouterr().out == render_page()
    with pytest.raises(SystemExit):
        main([])
