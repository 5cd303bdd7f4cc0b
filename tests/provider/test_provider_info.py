"""What the provider tells Airflow about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import distribution
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from kaltura_provider.api.credentials import HASH_TYPES, SESSION_METHODS
from kaltura_provider.get_provider_info import get_provider_info
from kaltura_provider.hooks.connection import EXTRA_LABELS, REGIONS
from kaltura_provider.hooks.kaltura import KalturaHook

INFO = get_provider_info()
CONNECTION_TYPE = INFO["connection-types"][0]


def airflow_schema(name: str) -> Any:
    return json.loads(files("airflow").joinpath(name).read_text())


def modules() -> Iterator[str]:
    for kind in ("hooks", "operators", "sensors", "triggers"):
        for group in INFO[kind]:
            yield from group["python-modules"]
    for transfer in INFO["transfers"]:
        yield transfer["python-module"]


def classes() -> Iterator[str]:
    yield from INFO["extra-links"]
    for connection_type in INFO["connection-types"]:
        yield connection_type["hook-class-name"]


def test_valid_for_airflows_runtime_schema() -> None:
    jsonschema.validate(INFO, airflow_schema("provider_info.schema.json"))


@pytest.mark.parametrize(
    "key", ["connection-types", "extra-links", "hooks", "operators", "sensors", "triggers", "transfers"]
)
def test_valid_for_airflows_schema_of_declarations(key: str) -> None:
    schema = airflow_schema("provider.yaml.schema.json")
    jsonschema.validate(INFO[key], {**schema["properties"][key], "definitions": schema.get("definitions", {})})


@pytest.mark.parametrize("name", sorted(modules()))
def test_declared_module_exists_and_has_a_public_class(name: str) -> None:
    module = import_module(name)
    assert any(getattr(value, "__module__", "") == name for key, value in vars(module).items() if key[0] != "_")


@pytest.mark.parametrize("path", sorted(classes()))
def test_declared_class_exists(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert isinstance(getattr(import_module(module), name), type)


def test_all_modules_with_public_operators_are_declared() -> None:
    root = files("kaltura_provider")
    declared = set(modules())
    shared = {
        "asset_files",
        "assets",
        "base",
        "job",
        "upload",
        "journal",
        "ledger",
        "many",
        "notes",
        "objects",
        "progress",
        "putting",
        "s3_pull",
        "s3_queue",
        "s3_restore",
        "s3_source",
        "shared_looks",
        "showing",
        "path_source",
        "polling",
        "small_files",
        "threads",
        "__init__",
    }
    for kind in ("operators", "sensors", "triggers", "transfers"):
        found = {entry.name[:-3] for entry in root.joinpath(kind).iterdir() if entry.name.endswith(".py")} - shared
        assert {f"kaltura_provider.{kind}.{name}" for name in found} <= declared


def test_integrations_used_by_own_modules_are_declared() -> None:
    declared = {integration["integration-name"] for integration in INFO["integrations"]}
    for kind in ("hooks", "operators", "sensors", "triggers"):
        assert {group["integration-name"] for group in INFO[kind]} <= declared


def test_package_name_is_the_distributions() -> None:
    assert INFO["package-name"] == distribution("airflow-provider-kaltura").metadata["Name"]


def test_airflow_finds_the_provider() -> None:
    from airflow.providers_manager import ProvidersManager

    manager: Any = ProvidersManager()
    assert "airflow-provider-kaltura" in manager.providers
    hook = manager.hooks["kaltura"]
    assert hook is not None
    assert hook.hook_class_name == "kaltura_provider.hooks.kaltura.KalturaHook"
    assert hook.connection_id_attribute_name == "kaltura_conn_id"
    assert set(INFO["extra-links"]) <= set(manager.extra_links_class_names)


def test_form_has_exactly_the_extras_the_hook_reads() -> None:
    assert set(CONNECTION_TYPE["conn-fields"]) == set(EXTRA_LABELS)
    assert {key: field["label"] for key, field in CONNECTION_TYPE["conn-fields"].items()} == EXTRA_LABELS


def test_form_offers_the_choices_the_hook_takes() -> None:
    fields = CONNECTION_TYPE["conn-fields"]
    assert tuple(fields["app_token_hash"]["schema"]["enum"]) == HASH_TYPES
    assert tuple(fields["session_method"]["schema"]["enum"]) == SESSION_METHODS
    assert fields["admin_secret"]["schema"]["format"] == "password"


def test_form_has_no_default_that_airflow_would_mask() -> None:
    from airflow.sdk.log import redact  # type: ignore[attr-defined]

    fields = CONNECTION_TYPE["conn-fields"]
    defaults = {key: field["schema"]["default"] for key, field in fields.items() if "default" in field["schema"]}
    assert redact(defaults) == defaults


def test_form_helps_with_the_service_url() -> None:
    behaviour = CONNECTION_TYPE["ui-field-behaviour"]
    assert behaviour["relabeling"] == {"host": "Service URL", "login": "Partner ID", "password": "App token"}
    # Longer ones are cut off by the form.
    assert all(len(text) <= 70 for text in behaviour["placeholders"].values())
    for url in REGIONS.values():
        region = url.removeprefix("https://").removesuffix(".kaltura.com").removeprefix("api.")
        assert region in re.split(r"[^a-z]+", behaviour["placeholders"]["host"])


def test_hook_says_nothing_about_forms_itself() -> None:
    # Airflow warns about hooks that do; the form is data.
    assert "get_ui_field_behaviour" not in vars(KalturaHook)
    assert "get_connection_form_widgets" not in vars(KalturaHook)
    assert KalturaHook.conn_type == CONNECTION_TYPE["connection-type"]
    assert KalturaHook.hook_name == CONNECTION_TYPE["hook-name"]
