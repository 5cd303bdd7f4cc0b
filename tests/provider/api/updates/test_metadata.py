"""Custom metadata of many objects: merged or replaced, in few requests, whatever breaks and whoever else is there."""

from __future__ import annotations

import datetime
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.account import Account
from tests.provider.api.updates.conftest import watched

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.custom_metadata import put_metadata
from kaltura_provider.api.metadata_profiles import ensure_metadata_profile
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy, at_request
from kaltura_sandbox.faults.rules import Rule

FIELDS: list[dict[str, Any]] = [
    {"name": "Teacher", "label": "Held by"},
    {"name": "Year", "type": "int"},
    {"name": "Topic", "repeated": True},
    {"name": "Level", "type": "list", "options": ["Beginner", "Expert"]},
    {"name": "Held", "type": "date"},
]


class Course:
    """A metadata profile, and what its objects have of it."""

    def __init__(self, account: Account, object_type: str = "entry", **first: Any) -> None:
        self.account = account
        self.type = {"entry": 1, "category": 2, "user": 3}[object_type]
        fields = [{**FIELDS[0], **first}, *FIELDS[1:]]
        made = ensure_metadata_profile(
            account.kaltura, account.word, fields, name=f"Course {account.word}", object_type=object_type
        )
        self.id = made.profile_id

    def document(self, object_id: str) -> dict[str, Any]:
        filter = {"objectIdEqual": object_id, "metadataObjectTypeEqual": self.type}
        (found,) = self.account.kaltura.call("metadata_metadata", "list", {"filter": filter})["objects"]
        return dict(found)

    def add(self, object_id: str, xml: str) -> int:
        params = {"metadataProfileId": self.id, "objectType": self.type, "objectId": object_id, "xmlData": xml}
        return int(self.account.kaltura.call("metadata_metadata", "add", params)["id"])


@pytest.fixture
def course(account: Account) -> Course:
    return Course(account)


def test_a_hundred_entries_take_three_requests_and_two_afterwards(
    client: KalturaClient, proxy: FaultProxy, account: Account, course: Course
) -> None:
    wanted = {account.entry(): {"Held by": f"Ada {number}", "Topic": ["a", "b"]} for number in range(100)}
    seen = watched(proxy)
    result = put_metadata(client, wanted, profile=account.word)
    # The profile, which brings its schema, what is there, what is missing.
    assert proxy.calls == ["metadata_metadataProfile.list", "multirequest", "multirequest"]
    assert seen == {
        "metadata_metadataProfile.list": 1, "metadata_metadata.list": 100, "metadata_metadata.add": 100,
    }  # fmt: skip
    assert (result.profile_id, result.errors) == (course.id, {})
    assert result.changed == {entry: ["Teacher", "Topic"] for entry in wanted}
    last = course.document(list(wanted)[-1])
    assert last["xml"] == "<metadata><Teacher>Ada 99</Teacher><Topic>a</Topic><Topic>b</Topic></metadata>"
    proxy.reset()
    assert put_metadata(client, wanted, profile=course.id).changed == {}
    assert proxy.calls == ["metadata_metadataProfile.list", "multirequest"]


def test_merge_leaves_what_is_not_named_and_removes_what_is_empty(
    client: KalturaClient, account: Account, course: Course
) -> None:
    entry = account.entry()
    course.add(
        entry, "<metadata><Teacher>Bob</Teacher><Topic>x</Topic><Topic>y</Topic><Level>Expert</Level></metadata>"
    )
    values = {"Topic": ["new"], "level": None, "Held": "2026-12-01 09:00", "Year": ""}
    result = put_metadata(client, {entry: values}, profile=account.word, zone=ZoneInfo("Europe/Berlin"))
    assert set(result.changed[entry]) == {"Topic", "Level", "Held"}
    held = int(datetime.datetime(2026, 12, 1, 8, tzinfo=datetime.timezone.utc).timestamp())
    assert course.document(entry)["xml"] == (
        f"<metadata><Teacher>Bob</Teacher><Topic>new</Topic><Held>{held}</Held></metadata>"
    )


def test_replace_makes_the_document_anew_and_nothing_deletes_it(
    client: KalturaClient, account: Account, course: Course
) -> None:
    entry, without = account.entry(), account.entry()
    course.add(entry, "<metadata><Teacher>Bob</Teacher><Year>2020</Year></metadata>")
    result = put_metadata(client, {entry: {"Year": 2026}}, profile=account.word, mode="replace")
    assert set(result.changed[entry]) == {"Teacher", "Year"}
    assert course.document(entry)["xml"] == "<metadata><Year>2026</Year></metadata>"
    for mode in ("merge", "replace"):
        values = {"Year": None} if mode == "merge" else {}
        result = put_metadata(client, {entry: values, without: values}, profile=account.word, mode=mode)
        assert result.changed == {entry: ["Year"]}
        assert account.metadata_of(entry) == {}
        course.add(entry, "<metadata><Year>2020</Year></metadata>")


def test_categories_and_users_have_metadata_too(client: KalturaClient, account: Account) -> None:
    course = Course(account, "category")
    category = str(account.category(account.word))
    assert put_metadata(client, {category: {"Year": 1}}, profile=account.word, object_type="category").errors == {}
    assert course.document(category)["xml"] == "<metadata><Year>1</Year></metadata>"
    people = Account(account.kaltura)
    course = Course(people, "user")
    put_metadata(client, {"ada": {"Year": 1815}}, profile=people.word, object_type="user")
    assert course.document("ada")["xml"] == "<metadata><Year>1815</Year></metadata>"
    with pytest.raises(ValueError, match="the account has no metadata profile"):
        put_metadata(client, {account.entry(): {"Year": 1}}, profile=people.word)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"Teachr": "x"}, "Teachr: the profile has no such field; did you mean 'Teacher'?"),
        ({"Year": "next"}, "Year: 'next' is no whole number; write digits only"),
        ({"Year": 2**40}, "Year: "),
        ({"Level": "Expertt"}, "Level: 'Expertt' is none of the values of its list; did you mean 'Expert'?"),
        ({"Teacher": ["a", "b"]}, "Teacher: it has 2 values, of which the profile takes one; keep one of them"),
        ({"Teacher": "a\x00"}, "Teacher: it has the character U+0000 at position 2, which Kaltura cannot store"),
        ({"Held": "2026-03-29 02:30"}, "Held: '2026-03-29 02:30' does not exist in Europe/Berlin"),
        ({"Held": 2026}, "Held: 2026 is no time in seconds since 1970; write a date"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_asked_of_objects(
    client: KalturaClient, proxy: FaultProxy, account: Account, course: Course, values: dict[str, Any], said: str
) -> None:
    proxy.reset()
    with pytest.raises(ValueError, match=f"values of the metadata profile 'Course {account.word}'") as caught:
        put_metadata(client, {"1_a": {"Year": 1}, "1_b": values}, profile=account.word, zone=ZoneInfo("Europe/Berlin"))
    assert f"1_b: {said}" in str(caught.value)
    assert proxy.calls == ["metadata_metadataProfile.list"]


def test_a_required_field_counts_in_the_merged_document(
    client: KalturaClient, proxy: FaultProxy, account: Account
) -> None:
    course = Course(account, required=True)
    entry, without = account.entry(), account.entry()
    course.add(entry, "<metadata><Teacher>Bob</Teacher></metadata>")
    assert put_metadata(client, {entry: {"Year": 2026}}, profile=account.word).errors == {}
    assert course.document(entry)["xml"] == "<metadata><Teacher>Bob</Teacher><Year>2026</Year></metadata>"
    seen = watched(proxy)
    for values, bad in (({"Year": 2027}, without), ({"Year": 2027, "Teacher": None}, entry)):
        with pytest.raises(ValueError, match=f"{bad}: Teacher: the profile requires it; add a value"):
            put_metadata(client, {entry: {"Year": 2027, **values}, without: values}, profile=account.word)
    assert seen == {"metadata_metadataProfile.list": 2, "metadata_metadata.list": 4}


@pytest.mark.parametrize("change", ["add", "update", "delete"])
def test_what_somebody_changes_meanwhile_is_merged(
    client: KalturaClient, proxy: FaultProxy, account: Account, course: Course, change: str
) -> None:
    entry, other = account.entry(), account.entry()
    theirs = "<metadata><Year>1</Year><Topic>theirs</Topic></metadata>"
    action = "metadata_metadata.add"
    if change == "add":
        proxy.judge = at_request(action, 1, lambda: course.add(entry, theirs))
    else:
        first = course.add(entry, "<metadata><Topic>old</Topic></metadata>")
        params = {"id": first} if change == "delete" else {"id": first, "xmlData": theirs}
        proxy.judge = at_request(
            "metadata_metadata.update", 1, lambda: account.kaltura.call("metadata_metadata", change, params)
        )
    result = put_metadata(client, {entry: {"Year": 2026}, other: {"Year": 3}}, profile=account.word)
    assert result.errors == {}
    kept = "" if change == "delete" else "<Topic>theirs</Topic>"
    assert course.document(entry)["xml"] == f"<metadata><Year>2026</Year>{kept}</metadata>"
    assert course.document(other)["xml"] == "<metadata><Year>3</Year></metadata>"


def test_two_at_once_lose_nothing(client: KalturaClient, account: Account, course: Course) -> None:
    entries = [account.entry() for _ in range(12)]

    def put(field: str) -> Any:
        return put_metadata(client, {entry: {field: "7"} for entry in entries}, profile=account.word).errors

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(put, ("Teacher", "Year", "Topic"))) == [{}, {}, {}]
    documents = Counter(course.document(entry)["xml"] for entry in entries)
    assert documents == {"<metadata><Teacher>7</Teacher><Year>7</Year><Topic>7</Topic></metadata>": 12}


@pytest.mark.parametrize("fault", ["drop_request", "drop_answer", "internal_error"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_lost_request_or_answer_leaves_every_document_once(
    client: KalturaClient, proxy: FaultProxy, account: Account, course: Course, fault: str, number: int
) -> None:
    entries = [account.entry() for _ in range(4)]
    course.add(entries[0], "<metadata><Topic>old</Topic></metadata>")
    proxy.set_rules([Rule(Fault(fault), action="multirequest", nth=number)])
    result = put_metadata(client, {entry: {"Year": 2026} for entry in entries}, profile=account.word)
    assert len(proxy.events) == 1
    assert result.errors == {}
    assert result.changed == {entry: ["Year"] for entry in entries}
    assert [course.document(entry)["xml"] for entry in entries] == [
        "<metadata><Year>2026</Year><Topic>old</Topic></metadata>",
        *["<metadata><Year>2026</Year></metadata>"] * 3,
    ]


def test_an_object_that_is_gone_stops_no_other(client: KalturaClient, account: Account, course: Course) -> None:
    entry = account.entry()
    result = put_metadata(client, {"0_nosuch": {"Year": 1}, entry: {"Year": 1}}, profile=account.word)
    assert result.changed == {entry: ["Year"]}
    assert "METADATA_OBJECT_ID_NOT_FOUND" in str(result.errors["0_nosuch"])


def test_a_text_that_means_something_among_other_calls_is_kept(
    client: KalturaClient, proxy: FaultProxy, account: Account, course: Course
) -> None:
    entries = [account.entry() for _ in range(3)]
    wanted = {entry: {"Teacher": "{1:result:id}" if entry == entries[1] else "Ada"} for entry in entries}
    seen = watched(proxy)
    assert put_metadata(client, wanted, profile=account.word).errors == {}
    assert seen["metadata_metadata.add"] == 3
    assert course.document(entries[1])["xml"] == "<metadata><Teacher>{1:result:id}</Teacher></metadata>"
    assert put_metadata(client, wanted, profile=account.word).changed == {}
