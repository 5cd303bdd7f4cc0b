"""From request values to typed arguments."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from kaltura_sandbox.casting import to_bool, to_float, to_int, to_text, to_time
from kaltura_sandbox.errors import ApiError
from kaltura_sandbox.inputs import Parameter, build_arguments
from kaltura_sandbox.listing import filter_condition, page_bounds, parse_order, split_list
from kaltura_sandbox.parameters import form_pairs, group_colons, json_object, merge, nest_brackets, path_pairs
from kaltura_sandbox.schema import (
    ENUMERATIONS,
    NULL,
    TYPES,
    ApiObject,
    int_enum,
    kaltura_type,
    prop,
    render,
    string_enum,
)


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    """Some types to build."""
    kept_types, kept_enums = dict(TYPES), dict(ENUMERATIONS)
    int_enum("TestKind", 1, 2, 5)
    string_enum("TestHash", "SHA1", "MD5")
    kaltura_type("TestBase", None, prop("id", read_only=True), prop("name", "mstring"), prop("kind", "TestKind"))
    kaltura_type(
        "TestThing", "TestBase",
        prop("size", "bigint"), prop("when", "time"), prop("flag", "bool"), prop("ref", min_length=2, max_length=5),
        prop("hash", "TestHash"), prop("first", insert_only=True), prop("inner", "TestBase"),
        prop("inners", "array<TestBase>"), prop("resource", "TestResource"), prop("ratio", "float"),
        prop("level", "int", min_value=0, max_value=9),
    )  # fmt: skip
    kaltura_type("TestResource", None, abstract=True)
    kaltura_type("TestUrl", "TestResource", prop("url"))
    yield
    TYPES.clear()
    TYPES.update(kept_types)
    ENUMERATIONS.clear()
    ENUMERATIONS.update(kept_enums)


def build(value: Any) -> ApiObject:
    built = build_arguments((Parameter("thing", "TestThing"),), {"thing": value})["thing"]
    assert isinstance(built, ApiObject)
    return built


def refusal(call: Any) -> tuple[str, dict[str, str]]:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.code, caught.value.api_args


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12", 12), ("abc", 0), ("", 0), (None, 0), (1.9, 1), ("1.9", 1), ("-5", -5), ("1e3", 1000), ("6.0", 6),
        (True, 1), ("12abc", 12), (" 7", 7), ([], 0), (["x"], 1), ("9223372036854775808", 2**63 - 1),
        ("6442450944", 6442450944),
    ],
)  # fmt: skip
def test_whole_numbers(value: Any, number: int) -> None:
    assert to_int(value) == number


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (True, True), (False, False), (1, True), (0, False), ("1", True), ("0", False), ("true", True),
        ("False", False), ("", False), ("no", True), (None, False),
    ],
)  # fmt: skip
def test_truth_values(value: Any, truth: bool) -> None:
    assert to_bool(value) is truth


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "1"), (False, ""), (5, "5"), (5.0, "5"), (1.5, "1.5"), ([1], "Array"), ({}, "Array")],
)
def test_texts(value: Any, text: str) -> None:
    assert to_text(value) == text


def test_other_numbers() -> None:
    assert to_float("1.5x") == 1.5
    assert to_float("x") == 0.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1900000000, 1900000000), (-1, -1), ("-1", -1), ("3600", 1003600), (-3600, 996400), ("0", 1000000),
        ("abc", 1000000), (None, 0), (315360000, 315360000), (315359999, 316359999),
    ],
)  # fmt: skip
def test_small_times_count_from_now(value: Any, seconds: int) -> None:
    assert to_time(value, now=1_000_000) == seconds


def test_properties_get_their_kinds_and_unknown_ones_vanish() -> None:
    thing = build({
        "name": "n", "kind": "5", "size": "6442450944", "flag": "false", "nonsense": 1, "ref": 12, "ratio": "1.5",
        "hash": "MD5", "when": 10,
    })  # fmt: skip
    assert thing.values.pop("when") == pytest.approx(time.time() + 10, abs=5)
    assert thing.values == {
        "name": "n", "kind": 5, "size": 6442450944, "flag": False, "ref": "12", "ratio": 1.5, "hash": "MD5",
    }  # fmt: skip
    assert render("TestThing", {"size": 7, "secret": 1})["size"] == "7"


@pytest.mark.parametrize("value", ["7", 7, "SHA1", "", "5x", [1]])
def test_a_value_outside_an_enumeration_is_refused(value: Any) -> None:
    code, args = refusal(lambda: build({"kind": value}))
    assert code == "INVALID_ENUM_VALUE"
    assert (args["PARAM_NAME"], args["ENUM_TYPE"]) == ("kind", "TestKind")


def test_objects_may_be_of_derived_types_only() -> None:
    assert build({"resource": {"objectType": "TestUrl", "url": "u"}})["resource"].kind.name == "TestUrl"
    assert build({"inner": {"objectType": "TestUrl"}})["inner"].kind.name == "TestBase"
    assert build({"inner": {"objectType": "TestThing", "ref": "abc"}})["inner"].is_a("TestBase")
    for wrong in ({}, {"objectType": "TestBase"}, {"objectType": "Unknown"}):
        code, args = refusal(lambda wrong=wrong: build({"resource": wrong}))
        assert (code, args) == ("OBJECT_TYPE_ABSTRACT", {"OBJ_TYPE": "TestResource"})


def test_plain_values_are_no_objects() -> None:
    assert refusal(lambda: build("text")) == (
        "PROPERTY_VALIDATION_WRONG_FORMAT", {"PROP_NAME": "thing", "FORMAT": "array"},
    )  # fmt: skip
    code, args = refusal(lambda: build({"inner": "text"}))
    assert (code, args["PROP_NAME"]) == ("PROPERTY_VALIDATION_WRONG_FORMAT", "thing:inner")
    assert refusal(lambda: build({"name": ["a"]}))[1]["PROP_NAME"] == "thing:name"


def test_texts_with_languages() -> None:
    assert build({"name": [{"language": "default", "value": "x"}, {"language": "FR", "value": "y"}]})["name"] == "x"
    assert refusal(lambda: build({"name": None})) == ("WRONG_REQUEST_LANGUAGE", {"LANGUAGE": "N/A"})


def test_control_characters_are_refused_but_white_space_is_not() -> None:
    assert build({"name": "a\tb\r\nc"})["name"] == "a\tb\r\nc"
    assert refusal(lambda: build({"name": "a\x01b"})) == ("INVALID_PARAMETER_CHAR", {"XML_FIELD": "name"})
    assert refusal(lambda: build({"ref": "\x00"})) == ("INVALID_PARAMETER_CHAR", {"XML_FIELD": "ref"})


def test_null_is_not_absent() -> None:
    thing = build({"ref": None, "size": None, "when": None, "flag__null": ""})
    assert thing.values == {"ref": "", "size": 0, "when": 0, "flag": NULL}
    document: dict[str, Any] = {"flag": True, "other": 1}
    thing.apply_to(document)
    assert document == {"ref": "", "size": 0, "when": 0, "other": 1}


def test_arrays_of_objects_in_every_style() -> None:
    for value in ([{"name": "a"}, {"name": "b"}], {"1": {"name": "b"}, "0": {"name": "a"}}):
        assert [each["name"] for each in build({"inners": value})["inners"]] == ["a", "b"]
    assert build(group_colons({"inners:-": ""}))["inners"] == []
    assert build({"inners": []})["inners"] == []
    assert refusal(lambda: build({"inners": "x"}))[0] == "PROPERTY_VALIDATION_WRONG_FORMAT"


def test_validation_of_inserts_and_updates() -> None:
    build({"first": "x", "ref": "ab"}).check_insert()
    where = "TestThing::"
    assert refusal(build({"id": "x"}).check_insert) == (
        "PROPERTY_VALIDATION_NOT_UPDATABLE", {"PROP_NAME": where + "id"},
    )  # fmt: skip
    assert refusal(build({"first": "x"}).check_update)[1] == {"PROP_NAME": where + "first"}
    assert refusal(build({"ref": ""}).check_update)[1] == {"PROP_NAME": where + "ref", "MIN_LEN": "2"}
    assert refusal(build({"ref": "abcdef"}).check_insert)[0] == "PROPERTY_VALIDATION_MAX_LENGTH"
    assert refusal(build({"level": -1}).check_insert)[0] == "PROPERTY_VALIDATION_MIN_VALUE"
    assert refusal(build({"level": 10}).check_insert)[0] == "PROPERTY_VALIDATION_MAX_VALUE"
    assert refusal(lambda: build({}).require("kind"))[1] == {"PROP_NAME": where + "kind"}


def test_mandatory_parameters_are_named() -> None:
    parameters = (Parameter("a", "string"), Parameter("b", "int", 3))
    assert build_arguments(parameters, {"a": 1}) == {"a": "1", "b": 3}
    assert refusal(lambda: build_arguments(parameters, {"b": 1})) == (
        "MISSING_MANDATORY_PARAMETER", {"PARAM_NAME": "a"},
    )  # fmt: skip


def test_parameter_styles_meet_in_one_tree() -> None:
    tree = {"entry": {"name": "x y", "tags": {"0": "a", "1": "b"}}, "n": "1"}
    assert group_colons(nest_brackets(form_pairs("entry[name]=x+y&entry[tags][]=a&entry[tags][]=b&n=1"))) == tree
    assert group_colons(nest_brackets(form_pairs("entry:name=x%20y&entry:tags:0=a&entry:tags:1=b&n=1"))) == tree
    assert group_colons({"entry:name": "x y", "entry": {"tags": {"0": "a", "1": "b"}}, "n": "1"}) == tree


def test_paths_and_precedence() -> None:
    assert path_pairs("/service/media/action/get/entryId/0_a/entryId/0_b") == {
        "service": "media", "action": "get", "entryId": "0_a",
    }  # fmt: skip
    assert path_pairs("/a/x%2Fy/b") == {"a": "x/y", "b": ""}
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9}, "e": 4}) == {"a": {"b": 9, "c": 2}, "d": 3, "e": 4}
    assert json_object(' {"a": 1} ') == {"a": 1}
    assert json_object("[1]") is None


def test_pages() -> None:
    def bounds(**values: int) -> tuple[int | None, int]:
        return page_bounds(ApiObject(TYPES["KalturaFilterPager"], values))

    assert page_bounds(None) == (30, 1)
    assert bounds() == (30, 1)
    assert bounds(pageSize=501, pageIndex=2) == (500, 2)
    assert bounds(pageSize=0, pageIndex=0) == (None, 1)
    assert bounds(pageSize=-1, pageIndex=-3) == (None, 1)


def test_orders_and_lists() -> None:
    assert parse_order("-createdAt,+name,foo,name", ("createdAt", "name")) == [
        ("createdAt", True), ("name", False), ("name", False),
    ]  # fmt: skip
    assert parse_order(None, ("name",)) == []
    assert len(split_list(",".join(map(str, range(400))), 150)) == 150


def test_long_id_lists_are_cut_as_kaltura_cuts_them() -> None:
    kaltura_type("TestFilter", "KalturaFilter", prop("idIn"), prop("statusEqual", "int"), prop("statusIn"))
    given = ApiObject(TYPES["TestFilter"], {"idIn": ",".join(f"i{n}" for n in range(600))})
    assert len(filter_condition(given, search=True).values) == 150
    assert len(filter_condition(given).values) == 500
    numbers = ApiObject(TYPES["TestFilter"], {"statusIn": "-1,2"})
    assert filter_condition(numbers).values == ("-1", "2", -1, 2)
