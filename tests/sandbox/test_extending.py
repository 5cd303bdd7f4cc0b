"""What a service module may declare: actions that serve files, raw addresses, start-up steps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from kaltura_sandbox import registry, schema
from kaltura_sandbox.answers import FileAnswer, RedirectAnswer
from kaltura_sandbox.context import Context
from kaltura_sandbox.errors import fail
from kaltura_sandbox.inputs import UploadedFile
from kaltura_sandbox.registry import ANYONE, USER, action, param
from kaltura_sandbox.sandbox import Sandbox
from kaltura_sandbox.server import SandboxServer

from .conftest import OTHER_PARTNER, PARTNER, Api, make_settings


@pytest.fixture
def extended(tmp_path: Path) -> Iterator[SandboxServer]:
    """A sandbox with a service and addresses of its own."""
    routes, steps = list(registry.ROUTES), list(registry.PARTNER_STEPS)
    content = tmp_path / "content.bin"
    content.write_bytes(bytes(range(100)))

    @action("testing", "serve", param("id"), access=ANYONE, serves_file=True)
    def serve(context: Context, id: str) -> FileAnswer | RedirectAnswer:
        if id == "away":
            return RedirectAnswer("http://example.com/")
        if id == "none":
            raise fail("ENTRY_ID_NOT_FOUND", ENTRY_ID=id)
        return FileAnswer(content if id == "disk" else b"memory", "video/mp4", "a.mp4", {"X-Test": "1"})

    @action("testing", "refuse", param("id"), access=ANYONE, serves_file=True)
    def refuse(context: Context, id: str) -> FileAnswer:
        raise fail("ENTRY_ID_NOT_FOUND", ENTRY_ID=id)

    @action("testing", "keep", param("fileData", "file"), param("note", default=""), access=USER)
    def keep(context: Context, file_data: UploadedFile, note: str) -> dict[str, Any]:
        target = context.files.path("thing", "0_abc", file_data.name)
        file_data.path.rename(target)
        return {"name": target.name, "size": file_data.size, "note": note, "large": file_data.too_large}

    @action("testing", "broken", access=ANYONE)
    def broken(context: Context) -> None:
        raise RuntimeError("a secret detail")

    @registry.route("/testing/{name}/raw/{rest:path}")
    def raw(sandbox: Sandbox, request: Request) -> Response | FileAnswer | RedirectAnswer:
        if request.path_params["rest"] == "disk":
            return FileAnswer(content, "video/mp4")
        if request.path_params["rest"] == "away":
            return RedirectAnswer("/elsewhere")
        return Response(f"{request.method} {request.path_params['name']} {request.path_params['rest']}")

    @registry.on_start
    def greet(sandbox: Sandbox, partner_id: int) -> None:
        greetings = sandbox.store.collection("greeting")
        if greetings.get(partner_id) is None:
            greetings.insert({"id": partner_id, "partnerId": partner_id})

    with SandboxServer(make_settings(tmp_path / "data", upload_max_bytes=1000)) as server:
        yield server
    del registry.SERVICES["testing"]
    registry.ROUTES[:] = routes
    registry.PARTNER_STEPS[:] = steps


def test_a_served_file_answers_ranges(extended: SandboxServer) -> None:
    api = Api(extended.url)
    whole = api.post("/api_v3/service/testing/action/serve", json={"id": "disk"})
    assert (whole.status_code, whole.content) == (200, bytes(range(100)))
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-disposition"] == 'attachment; filename="a.mp4"'
    assert whole.headers["x-test"] == "1"
    part = api.http.get(
        f"{api.url}/api_v3/service/testing/action/serve/id/disk", headers={"Range": "bytes=10-19"}, timeout=10
    )
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert part.headers["content-range"] == "bytes 10-19/100"
    assert api.post("/api_v3/service/testing/action/serve", json={"id": "memory"}).content == b"memory"


def test_an_error_of_a_file_action_is_empty_but_for_its_headers(extended: SandboxServer) -> None:
    api = Api(extended.url)
    for params in ({"id": "none", "format": 1}, {"format": 1}):
        reply = api.post("/api_v3/service/testing/action/serve", json=params)
        assert (reply.status_code, reply.content) == (200, b"")
        assert reply.headers["content-type"] == "text/html; charset=UTF-8"
        code = "ENTRY_ID_NOT_FOUND" if "id" in params else "MISSING_MANDATORY_PARAMETER"
        assert reply.headers["x-kaltura"] == f"error- {code}"
    assert reply.headers["x-kaltura-app"] == f'exiting on error {code} - Missing parameter "id"'


def test_headers_carry_any_text(extended: SandboxServer) -> None:
    api = Api(extended.url)
    code = "ENTRY_ID_NOT_FOUND"
    reply = api.post("/api_v3/service/testing/action/refuse", json={"id": "日本\n: x"})
    assert reply.headers["x-kaltura"] == f"error- {code}"
    shown = reply.headers["x-kaltura-app"].encode("latin-1").decode()
    assert shown == f'exiting on error {code} - Entry id "日本 : x" not found'


def test_redirects_are_not_followed_by_the_server(extended: SandboxServer) -> None:
    reply = Api(extended.url).post("/api_v3/service/testing/action/serve", json={"id": "away"}, allow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (302, "http://example.com/")


def test_a_file_inside_a_multirequest_is_the_whole_answer(extended: SandboxServer) -> None:
    items = {
        "1": {"service": "system", "action": "ping"},
        "2": {"service": "testing", "action": "serve", "id": "memory"},
        "3": {"service": "system", "action": "ping"},
        "format": 1,
    }
    assert Api(extended.url).post("/api_v3/service/multirequest", json=items).content == b"memory"


def test_file_parts_reach_the_action_with_name_and_size(extended: SandboxServer) -> None:
    api = Api(extended.url)
    path = "/api_v3/service/testing/action/keep"
    data = {"format": "1", "ks": api.user("ann"), "note": "n"}
    kept = api.post(path, data=data, files={"fileData": ("../../ü a.bin", b"x" * 1000)}).json()
    assert kept == {"name": "ü a.bin", "size": 1000, "note": "n", "large": False}
    stored = [each for each in (extended.settings.data / "files").rglob("*") if each.is_file()]
    assert [(each.name, each.stat().st_size) for each in stored] == [("ü a.bin", 1000)]
    large = api.post(path, data=data, files={"fileData": ("b.bin", b"x" * 1001)}).json()
    assert (large["size"], large["large"]) == (1001, True)
    nameless = api.post(path, files={**{k: (None, v) for k, v in data.items()}, "fileData": (None, "text")}).json()
    assert nameless["args"] == {"PARAM_NAME": "fileData"}
    refused = api.post(path, data={"format": "1"}, files={"fileData": ("c.bin", b"x")}).json()
    assert refused["args"] == {"SERVICE": "testing->keep"}


def test_a_fault_of_the_sandbox_is_kalturas_internal_error_and_tells_nothing(extended: SandboxServer) -> None:
    assert Api(extended.url).call("testing", "broken") == {
        "code": "INTERNAL_SERVERL_ERROR",
        "message": "Internal server error occurred",
        "objectType": "KalturaAPIException",
        "args": [],
    }


def test_raw_addresses(extended: SandboxServer) -> None:
    http = Api(extended.url).http
    assert http.get(f"{extended.url}/testing/a/raw/b/c%20d", timeout=10).text == "GET a b/c d"
    assert http.put(f"{extended.url}/testing/a/raw/", timeout=10).text == "PUT a "
    part = http.get(f"{extended.url}/testing/a/raw/disk", headers={"Range": "bytes=-5"}, timeout=10)
    assert (part.status_code, part.content) == (206, bytes(range(95, 100)))
    assert http.head(f"{extended.url}/testing/a/raw/disk", timeout=10).headers["content-length"] == "100"
    away = http.get(f"{extended.url}/testing/a/raw/away", allow_redirects=False, timeout=10)
    assert (away.status_code, away.headers["location"]) == (302, "/elsewhere")


def test_start_up_steps_run_for_every_account(extended: SandboxServer) -> None:
    greetings = extended.sandbox.store.collection("greeting").find()
    assert [each["partnerId"] for each in greetings] == [PARTNER, OTHER_PARTNER]


def test_declaring_twice_is_fine_only_when_it_says_the_same() -> None:
    before = dict(schema.TYPES)
    try:
        first = schema.kaltura_type("TestTwice", None, schema.prop("a"))
        assert schema.kaltura_type("TestTwice", None, schema.prop("a")) is first
        with pytest.raises(ValueError, match="TestTwice"):
            schema.kaltura_type("TestTwice", None, schema.prop("b"))
    finally:
        schema.TYPES.clear()
        schema.TYPES.update(before)
