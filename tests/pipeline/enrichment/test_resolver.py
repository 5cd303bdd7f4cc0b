"""Names become ids in few calls, and whatever Kaltura would refuse is named before a byte is sent."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.account import XSD, Account

from kaltura_pipeline.enrichment.resolved import Resolved
from kaltura_pipeline.enrichment.resolver import Resolver
from kaltura_pipeline.manifests.model import Description
from kaltura_provider.api import KalturaClient
from kaltura_sandbox.faults.proxy import FaultProxy


def only_problem(resolved: Resolved) -> tuple[str, str, str]:
    assert len(resolved.problems) == 1, resolved.problems
    problem = resolved.problems[0]
    return problem.field, problem.message, problem.fix


def test_everything_that_can_be_said_becomes_what_kaltura_takes(client: KalturaClient, account: Account) -> None:
    word = account.word
    optics, maths = account.category(word, "Optics"), account.category(word, "Maths, pure")
    profile, other = account.metadata_profile(f"Course {word}"), account.metadata_profile(f"Other {word}")
    description = Description(
        name="Light",
        description="About it",
        tags=("optics", "light"),
        owner="ada@example.edu",
        reference_id="left-out",
        categories=(f"{word} > Optics", f"{word}>MATHS, pure", f"{word}>optics"),
        access_control=account_name(account.access_control, f"Staff {word}"),
        conversion_profile=account_name(account.conversion, f"HD {word}"),
        template_entry=account.entry(),
        start=1795564800,
        end=1795651200,
        metadata={
            f"course {word}": {"Topic": ["a", "b"], "Teacher": "Ada"},
            f"Other {word}": {"Year": 2026},
        },
        co_editors=("bob", "eve@example.edu"),
        co_publishers=(),
        viewers=("zoe",),
    )
    resolved = Resolver(client).resolve(description, "talk.yaml")
    assert resolved.problems == ()
    assert resolved.category_ids == (optics, maths)
    assert {key: wish.xml for key, wish in resolved.metadata.items()} == {
        str(profile): "<metadata><Teacher>Ada</Teacher><Topic>a</Topic><Topic>b</Topic></metadata>",
        str(other): "<metadata><Year>2026</Year></metadata>",
    }
    assert resolved.insert_only == {"conversionProfileId", "templateEntryId"}
    made = client.call("media", "add", {"entry": {"mediaType": 1, **resolved.fields}})
    expected = {
        "name": "Light",
        "tags": "optics, light",
        "userId": "ada@example.edu",
        "startDate": 1795564800,
        "endDate": 1795651200,
        "entitledUsersEdit": "bob,eve@example.edu",
        "entitledUsersPublish": "",
        "entitledUsersView": "zoe",
    }
    assert {name: made[name] for name in expected} == expected
    assert "referenceId" not in resolved.fields
    client.call("baseEntry", "update", {"entryId": made["id"], "baseEntry": resolved.update_fields})
    assert "templateEntryId" not in resolved.update_fields
    assert Resolved.from_json(json.loads(json.dumps(resolved.to_json()))) == resolved


def account_name(make: Any, name: str) -> str:
    make(name)
    return name


def test_thousands_of_titles_take_few_calls(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    word = account.word
    names = [f"{word}>{number}" for number in range(200)]
    for name in names:
        account.category(word, name.split(">")[1])
    account.access_control(f"Staff {word}")
    account.conversion(f"HD {word}")
    account.metadata_profile(f"Course {word}")
    template = account.entry()
    descriptions = [
        Description(
            name=f"Title {number}",
            categories=(names[number % 200], names[(number + 7) % 200], f"{word}>mistyped {number % 300}"),
            access_control=f"Staff {word}",
            conversion_profile=f"HD {word}",
            template_entry=template,
            metadata={f"Course {word}": {"Year": number}},
        )
        for number in range(3000)
    ]
    resolver = Resolver(client)
    proxy.reset()
    resolver.prefetch(descriptions)
    resolved = [resolver.resolve(each, "batch.csv", f"row {row}") for row, each in enumerate(descriptions, 2)]
    calls = Counter(proxy.calls)
    # 500 paths in four calls, and one that lists categories to name the nearest.
    assert calls.pop("category.list") == 5
    assert calls == {
        "accessControlProfile.list": 1,
        "conversionProfile.list": 1,
        "metadata_metadataProfile.list": 1,
        "baseEntry.list": 1,
        # The template has no content, so lists may leave it out.
        **({"baseEntry.getByIds": 1} if "baseEntry.getByIds" in calls else {}),
    }
    assert all(len(each.category_ids) == 2 and len(each.problems) == 1 for each in resolved)
    assert str(resolved[9].problems[0]).startswith("batch.csv, row 11, field 'categories': the account has no categ")
    # Another task goes on with what the plan carries, without a call.
    carried = Resolver.from_json(client, json.loads(json.dumps(resolver.to_json())))
    proxy.reset()
    assert carried.resolve(descriptions[5], "batch.csv", "row 7") == resolved[5]
    assert proxy.calls == []


def test_names_that_are_nowhere_are_named_with_the_nearest(client: KalturaClient, account: Account) -> None:
    word = account.word
    account.category(word, "Optics")
    account.access_control(f"Staff {word}")
    account.conversion(f"HD {word}")
    account.metadata_profile(f"Course {word}")
    resolver = Resolver(client)

    def problem(**said: Any) -> tuple[str, str, str]:
        return only_problem(resolver.resolve(Description(**said), "talk.yaml"))

    assert problem(categories=(f"{word}>Optiks",)) == (
        "categories",
        f"the account has no category '{word}>Optiks'",
        f"did you mean '{word}>Optics'?",
    )
    assert problem(access_control=f"Staf {word}")[2] == f"did you mean 'Staff {word}'?"
    assert problem(conversion_profile=f"HDD {word}")[2] == f"did you mean 'HD {word}'?"
    assert problem(metadata={f"Curse {word}": {"Year": 1}})[2] == f"did you mean 'Course {word}'?"
    assert problem(metadata={f"Course {word}": {"Yeer": 1}}) == (
        f"metadata.Course {word}.Yeer",
        "the profile has no such field",
        "did you mean 'Year'?",
    )
    assert problem(metadata={f"Course {word}": {"Year": "soon"}})[1] == "'soon' is no whole number"
    assert problem(template_entry="0_nowhere")[1] == "the account has no entry '0_nowhere'"
    assert problem(categories=("a>>b",))[1] == "'a>>b' has a level without a name"


@pytest.mark.parametrize(
    ("said", "field", "message"),
    [
        ({"owner": "Ada Lovelace"}, "owner", "Kaltura takes no user ID 'Ada Lovelace'"),
        ({"viewers": ("a,b",)}, "viewers", "the user ID 'a,b' holds a comma"),
        ({"start": 200, "end": None}, "start", "200 s since 1970 lies before 1980, which Kaltura does not take"),
        ({"start": 1795564800, "end": 1795564800}, "end", "it does not lie after start"),
    ],
)
def test_what_kaltura_would_refuse_is_a_problem_before(
    client: KalturaClient, said: dict[str, Any], field: str, message: str
) -> None:
    resolved = Resolver(client).resolve(Description(**said), "talk.yaml")
    assert only_problem(resolved)[:2] == (field, message)


def test_more_categories_than_an_entry_can_have(client: KalturaClient, account: Account) -> None:
    paths = tuple(f"{account.word}>{number}" for number in range(33))
    for path in paths:
        account.category(*path.split(">"))
    said = Description(categories=paths)
    assert only_problem(Resolver(client).resolve(said, "f"))[1] == "33 categories, of which an entry can have 32"
    assert Resolver(client).resolve(Description(categories=paths[1:]), "f").problems == ()
    assert Resolver(client, max_categories=1000).resolve(said, "f").problems == ()


def test_missing_categories_are_made_only_when_asked_for(client: KalturaClient, account: Account) -> None:
    path = f"{account.word}>New>Deep"
    said = Description(categories=(path,))
    resolver = Resolver(client, create_categories=True)
    dry = resolver.resolve(said, "f")
    assert (dry.new_categories, dry.category_ids, dry.problems) == ((path,), (), ())
    assert client.call("category", "list", {"filter": {"fullNameEqual": path}})["totalCount"] == 0
    assert resolver.make_categories([said, said]) == 1
    resolved = resolver.resolve(said, "f")
    assert resolved.category_ids == (account.category(*path.split(">")),)
    assert resolved.new_categories == ()
    assert resolver.make_categories([said]) == 0


def test_a_time_without_zone_is_in_the_zone_of_the_batch(client: KalturaClient, account: Account) -> None:
    xsd = XSD.replace('type="xsd:int"', 'type="dateType"').replace(
        "</xsd:schema>",
        '<xsd:simpleType name="dateType"><xsd:restriction base="xsd:long"/></xsd:simpleType></xsd:schema>',
    )
    profile = account.metadata_profile(account.word, xsd)
    said = Description(metadata={account.word: {"Year": "2026-07-01"}})
    resolved = Resolver(client, zone=ZoneInfo("Europe/Berlin")).resolve(said, "f")
    assert resolved.metadata[str(profile)].xml == "<metadata><Year>1782856800</Year></metadata>"


def test_one_profile_under_two_names_is_a_problem(client: KalturaClient, account: Account) -> None:
    account.metadata_profile(account.word)
    said = Description(metadata={account.word: {"Year": 1}, account.word.upper(): {"Year": 2}})
    assert only_problem(Resolver(client).resolve(said, "f"))[2] == "name it once, with all its fields"


def test_a_schema_that_cannot_be_read_refuses_only_titles_that_use_it(client: KalturaClient, account: Account) -> None:
    account.metadata_profile(account.word, XSD.replace('name="metadata"', 'name="other"'))
    resolver = Resolver(client)
    field, message, fix = only_problem(resolver.resolve(Description(metadata={account.word: {"Year": 1}}), "f"))
    assert (field, message) == (f"metadata.{account.word}", "its schema declares no element 'metadata'")
    assert "KMC" in fix
    assert resolver.resolve(Description(name="x"), "f").problems == ()
