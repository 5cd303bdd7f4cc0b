"""A metadata profile is made once, gets what it lacks, and loses nothing by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.account import XSD, Account
from tests.provider.api.updates.conftest import nowhere

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.metadata_profiles import MetadataProfileResult, ensure_metadata_profile
from kaltura_provider.api.metadata_schema import FieldType, MetadataSchema
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy, at_request
from kaltura_sandbox.faults.rules import Rule

FIELDS: list[Any] = [
    {"name": "Title", "label": "Title of the lecture", "required": True, "description": "As in the programme"},
    {"name": "Held", "type": "date"},
    {"name": "Room", "type": "int", "searchable": False},
    {"name": "Level", "type": "list", "options": "Beginner, Expert"},
    {"name": "Open", "type": "boolean"},
    {"name": "Related", "type": "object", "repeated": True},
    "Note",
]


def profiles(account: Account, word: str = "") -> list[dict[str, Any]]:
    filter = {"systemNameEqual": word or account.word}
    return list(account.kaltura.call("metadata_metadataProfile", "list", {"filter": filter})["objects"])


def schema(account: Account) -> MetadataSchema:
    (profile,) = profiles(account)
    return MetadataSchema(profile["xsd"])


def test_a_profile_is_made_and_then_left_alone(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    proxy.reset()
    made = ensure_metadata_profile(client, account.word, FIELDS, name="Lectures")
    assert (made.created, made.updated, made.extra) == (True, False, ())
    assert proxy.calls == [f"metadata_metadataProfile.{each}" for each in ("list", "add", "list")]
    (profile,) = profiles(account)
    assert (profile["id"], profile["name"], profile["metadataObjectType"]) == (made.profile_id, "Lectures", 1)
    fields = schema(account).fields
    assert [(each.name, each.type, each.required, each.repeated) for each in fields] == [
        ("Title", FieldType.TEXT, True, False),
        ("Held", FieldType.TIME, False, False),
        ("Room", FieldType.INTEGER, False, False),
        ("Level", FieldType.LIST, False, False),
        ("Open", FieldType.BOOLEAN, False, False),
        ("Related", FieldType.TEXT, False, True),
        ("Note", FieldType.TEXT, False, False),
    ]
    assert (fields[0].label, fields[3].options) == ("Title of the lecture", ("Beginner", "Expert"))
    listed = account.kaltura.call("metadata_metadataProfile", "listFields", {"metadataProfileId": made.profile_id})
    assert [each["label"] for each in listed["objects"]][:2] == ["Title of the lecture", "Held"]
    proxy.reset()
    assert ensure_metadata_profile(client, account.word, FIELDS) == MetadataProfileResult(made.profile_id)
    assert proxy.calls == ["metadata_metadataProfile.list"]
    assert profiles(account) == [profile]


def test_new_fields_come_last_and_documents_stay_good(client: KalturaClient, account: Account) -> None:
    made = ensure_metadata_profile(client, account.word, ["Title", "Year"])
    fields: list[Any] = [{"name": "New", "type": "int"}, {"name": "Title", "label": "Titel", "repeated": True}]
    result = ensure_metadata_profile(client, account.word, fields, name="Renamed")
    assert result == MetadataProfileResult(
        made.profile_id, added=("New",), changed=("Title",), extra=("Year",), updated=True
    )
    assert schema(account).order == ("Title", "Year", "New")
    assert schema(account).fields[0].label == "Titel"
    assert profiles(account)[0]["name"] == "Renamed"


def test_what_somebody_set_in_the_kmc_stays(client: KalturaClient, account: Account) -> None:
    """Here: the types of XSD, and a schema without the KMC's annotations."""
    account.metadata_profile(account.word, XSD.replace('type="textType"', 'type="xsd:string"'))
    result = ensure_metadata_profile(client, account.word, ["Teacher", {"name": "Year", "type": "int"}, "New"])
    assert (result.added, result.changed, result.extra) == (("New",), (), ("Topic",))
    assert (
        '<xsd:element id="md_2" name="Year" minOccurs="0" maxOccurs="1" type="xsd:int"/>' in profiles(account)[0]["xsd"]
    )


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"name": "Year", "type": "date"}, "Year: its type is int, not date; make a new field"),
        ({"name": "Level", "type": "list", "options": ["A", "C"]}, "Level: documents may have its option 'B'"),
        ({"name": "Title", "required": True}, "Title: documents may lack it"),
        ({"name": "Topic", "repeated": False}, "Topic: documents may have several of it"),
        ({"name": "New", "required": True}, "New: it is new and required"),
    ],
)
def test_what_documents_may_not_survive_needs_a_word(
    client: KalturaClient, proxy: FaultProxy, account: Account, field: dict[str, Any], said: str
) -> None:
    fields: list[Any] = [
        "Title", {"name": "Topic", "repeated": True}, {"name": "Year", "type": "int"},
        {"name": "Level", "type": "list", "options": ["A", "B"]},
    ]  # fmt: skip
    made = ensure_metadata_profile(client, account.word, fields)
    before = profiles(account)
    proxy.reset()
    with pytest.raises(ValueError, match="was not changed") as caught:
        ensure_metadata_profile(client, account.word, [field, "Other"])
    assert said in str(caught.value)
    assert "allow_breaking=True" in str(caught.value)
    assert profiles(account) == before
    result = ensure_metadata_profile(client, account.word, [field], allow_breaking=True)
    assert (result.profile_id, result.updated) == (made.profile_id, True)
    again = ensure_metadata_profile(client, account.word, [field])
    assert not again.updated


def test_a_field_goes_only_when_it_is_named(client: KalturaClient, account: Account) -> None:
    ensure_metadata_profile(client, account.word, ["Title", "Old"])
    assert ensure_metadata_profile(client, account.word, ["Title"]).extra == ("Old",)
    result = ensure_metadata_profile(client, account.word, ["Title"], drop=["Old", "Never"])
    assert result.dropped == ("Old",)
    assert schema(account).order == ("Title",)
    assert not ensure_metadata_profile(client, account.word, ["Title"], drop=["Old"]).updated


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([], "there is no field"),
        ([{"type": "text"}], "field 1: '' is no name of a field"),
        (["held by"], "'held by' is no name of a field; use letters, digits and _, such as 'HeldBy'"),
        ([{"name": "A", "type": "txt"}], "field 1 ('A'): unknown type 'txt'; did you mean 'text'?"),
        ([{"name": "A", "lable": "x"}], "field 1 ('A'): unknown key 'lable'; did you mean 'label'?"),
        ([{"name": "A", "type": "list"}], "field 1 ('A'): a list has no 'options'"),
        ([{"name": "A", "options": ["x"]}], "'options' go with the type list"),
        ([{"name": "A", "required": "maybe"}], "'required' is 'maybe'; write true or false"),
        (["A", "A"], "field 2 ('A'): the name comes twice"),
        ([5], "field 1: it must be a mapping"),
    ],
)
def test_fields_that_cannot_be_are_named_before_any_call(fields: list[Any], said: str) -> None:
    with pytest.raises(ValueError, match="The fields of the metadata profile cannot be") as caught:
        ensure_metadata_profile(nowhere(), "any", fields)
    assert said in str(caught.value)


def test_a_system_name_of_another_type_is_refused(client: KalturaClient, account: Account) -> None:
    ensure_metadata_profile(client, account.word, ["Title"], object_type="user")
    with pytest.raises(ValueError, match="is not for the type entry; use another system name"):
        ensure_metadata_profile(client, account.word, ["Title"])


@pytest.mark.parametrize("fault", ["drop_request", "drop_answer", "internal_error"])
@pytest.mark.parametrize("action", ["list", "add", "update"])
def test_a_lost_answer_makes_no_second_profile(
    client: KalturaClient, proxy: FaultProxy, account: Account, action: str, fault: str
) -> None:
    if action == "update":
        ensure_metadata_profile(client, account.word, ["Title"])
    proxy.set_rules([Rule(Fault(fault), action=f"metadata_metadataProfile.{action}", nth=1)])
    ensure_metadata_profile(client, account.word, ["Title", "Year"])
    assert len(proxy.events) == 1
    assert schema(account).order == ("Title", "Year")


def test_many_at_once_make_one(client: KalturaClient, account: Account) -> None:
    def ensure(name: str) -> int:
        return ensure_metadata_profile(client, account.word, ["Title", name]).profile_id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ensure, ("A", "A", "B", "B")))) == 1
    assert set(schema(account).order) >= {"Title"}
    assert len(profiles(account)) == 1


def test_what_another_adds_meanwhile_is_not_lost(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    ensure_metadata_profile(client, account.word, ["Title"])

    def meanwhile() -> None:
        # They write right after us, from what they saw before us.
        xsd = profiles(account)[0]["xsd"].replace('name="Title"', 'name="Theirs"')
        params = {"id": profiles(account)[0]["id"], "metadataProfile": {}, "xsdData": xsd}
        account.kaltura.call("metadata_metadataProfile", "update", params)

    proxy.judge = at_request("metadata_metadataProfile.list", 2, meanwhile)
    result = ensure_metadata_profile(client, account.word, ["Title", "Ours"])
    assert set(schema(account).order) == {"Theirs", "Title", "Ours"}
    assert result.updated
