"""What surrounds entries: categories, playlists, metadata, players, users and bulk uploads."""

from __future__ import annotations

from typing import Any

import pytest

from kaltura_sandbox.access_rules import Viewer, applying_rules
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.services.bulk_upload import run

from .conftest import Api, no_jobs, wait_until
from .media import add_entry, picture
from .media_files import PICTURE, Origin

XSD = (
    '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"><xsd:element name="metadata"><xsd:complexType>'
    "<xsd:sequence>{}</xsd:sequence></xsd:complexType></xsd:element></xsd:schema>"
)
FIELD = (
    '<xsd:element id="md_{0}" name="{0}" minOccurs="0" maxOccurs="1" type="xsd:string"><xsd:annotation><xsd:appinfo>'
    "<label>The {0}</label><key>{0}</key></xsd:appinfo></xsd:annotation></xsd:element>"
)


def category(api: Api, name: str, parent: int = 0) -> int:
    return int(api.call("category", "add", api.admin, category={"name": name, "parentId": parent})["id"])


def full_name(api: Api, category_id: int) -> Any:
    return api.call("category", "get", api.admin, id=category_id).get("fullName")


def entry(api: Api, **values: Any) -> dict[str, Any]:
    return dict(api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1, **values}))


def shown_categories(api: Api, entry_id: str) -> str:
    return str(api.call("media", "get", api.admin, entryId=entry_id)["categories"])


def test_a_new_name_reaches_everything_below_and_every_entry(api: Api) -> None:
    top = category(api, "news")
    below = category(api, "local", top)
    filed = entry(api, categoriesIds=str(below))["id"]
    assert shown_categories(api, filed) == "news>local"
    api.call("category", "update", api.admin, id=top, category={"name": "stories"})
    assert full_name(api, below) == "stories>local"
    assert shown_categories(api, filed) == "stories>local"
    other = category(api, "other")
    assert api.call("category", "move", api.admin, categoryIds=str(below), targetCategoryParentId=other) is True
    assert shown_categories(api, filed) == "other>local"
    refused = api.call("category", "move", api.admin, categoryIds=str(other), targetCategoryParentId=below)
    assert refused["code"] == "PARENT_CATEGORY_IS_CHILD"


def test_names_are_taken_whatever_their_case(api: Api) -> None:
    top = category(api, "News")
    refused = api.call("category", "add", api.admin, category={"name": "news"})
    assert (refused["code"], refused["args"]) == ("DUPLICATE_CATEGORY", {"CATEGORY": "News"})
    assert isinstance(category(api, "news", top), int)
    found = api.call("category", "list", api.admin, filter={"fullNameEqual": "NEWS>NEWS"})
    assert [each["depth"] for each in found["objects"]] == [1]


def test_entries_of_a_deleted_category_move_up_or_are_left(api: Api) -> None:
    top, first = category(api, "top"), None
    for moves, expected in ((1, "top"), (0, "")):
        below = category(api, "below", top)
        first = entry(api, categoriesIds=str(below))["id"]
        api.call("category", "delete", api.admin, id=below, moveEntriesToParentCategory=moves)
        assert shown_categories(api, first) == expected


def test_named_categories_are_made_and_replaced(api: Api) -> None:
    filed = entry(api, categories="a>b, c")["id"]
    assert sorted(shown_categories(api, filed).split(",")) == ["a>b", "c"]
    counts = api.call("category", "list", api.admin, filter={"fullNameIn": "a,a>b"})["objects"]
    assert {each["fullName"]: (each["directEntriesCount"], each["entriesCount"]) for each in counts} == {
        "a": (0, 1),
        "a>b": (1, 1),
    }
    api.call("media", "update", api.admin, entryId=filed, mediaEntry={"categories": "A>B"})
    assert shown_categories(api, filed) == "a>b"
    api.call("media", "delete", api.admin, entryId=filed)
    listed = api.call("categoryEntry", "list", api.admin, filter={"entryIdEqual": filed})
    assert listed["totalCount"] == 0


def test_an_entry_is_in_at_most_thirty_two_categories(api: Api) -> None:
    filed = entry(api, categories=",".join(f"c{number}" for number in range(32)))["id"]
    link = {"entryId": filed, "categoryId": category(api, "one more")}
    refused = api.call("categoryEntry", "add", api.admin, categoryEntry=link)
    assert refused["code"] == "MAX_CATEGORIES_FOR_ENTRY_REACHED"


def test_viewers_run_a_dynamic_playlist(api: Api) -> None:
    shown = add_entry(api, 2, picture(), "p.jpg", tags="sea")
    add_entry(api, 2, picture(), "q.jpg", tags="land")
    described = {
        "name": "p", "playlistType": 10, "totalResults": 5,
        "filters": [{"objectType": "KalturaMediaEntryFilterForPlaylist", "tagsMultiLikeOr": "sea", "limit": 5}],
    }  # fmt: skip
    made = api.call("playlist", "add", api.admin, playlist={"objectType": "KalturaPlaylist", **described})
    assert "<tagsMultiLikeOr>sea</tagsMultiLikeOr>" in made["playlistContent"]
    assert [each["id"] for each in api.call("playlist", "execute", api.widget, id=made["id"])] == [shown]


def metadata_profile(api: Api, *fields: str, **values: Any) -> Any:
    described = {"name": "p", "systemName": "p", "metadataObjectType": "1", **values}
    xsd = XSD.format("".join(FIELD.format(name) for name in fields))
    return api.call("metadata_metadataProfile", "add", api.admin, metadataProfile=described, xsdData=xsd)


def test_fields_keep_their_numbers_when_the_schema_grows(api: Api) -> None:
    profile = metadata_profile(api, "Title")
    first = api.call("metadata_metadataProfile", "listFields", api.admin, metadataProfileId=profile["id"])["objects"]
    larger = XSD.format(FIELD.format("Year") + FIELD.format("Title"))
    changed = api.call(
        "metadata_metadataProfile", "update", api.admin, id=profile["id"], metadataProfile={}, xsdData=larger
    )
    assert changed["version"] > profile["version"]
    fields = api.call("metadata_metadataProfile", "listFields", api.admin, metadataProfileId=profile["id"])["objects"]
    assert [(each["key"], each["label"]) for each in fields] == [("Year", "The Year"), ("Title", "The Title")]
    assert fields[1]["id"] == first[0]["id"] != fields[0]["id"]


@pytest.mark.parametrize("xsd", ["", "<a/>", "no xml", XSD.format("<xsd:element/>")])
def test_a_bad_schema_is_refused(api: Api, xsd: str) -> None:
    described = {"name": "p", "metadataObjectType": "1"}
    refused = api.call("metadata_metadataProfile", "add", api.admin, metadataProfile=described, xsdData=xsd)
    assert refused["code"] == "INVALID_METADATA_PROFILE_SCHEMA"


def test_files_of_this_machine_do_not_get_into_metadata(api: Api) -> None:
    profile = metadata_profile(api, "Title")["id"]
    made = entry(api)["id"]
    hostile = '<!DOCTYPE metadata [<!ENTITY x SYSTEM "file:///etc/passwd">]><metadata><Title>&x;</Title></metadata>'
    answer = api.call(
        "metadata_metadata", "add", api.admin, metadataProfileId=profile, objectType="1", objectId=made, xmlData=hostile
    )
    assert "root:" not in str(answer)


def test_lists_bring_related_objects_along(api: Api) -> None:
    profile = metadata_profile(api, "Title")["id"]
    ids = [entry(api, referenceId=f"ref{number}")["id"] for number in range(2)]
    api.call(
        "metadata_metadata", "add", api.admin, metadataProfileId=profile, objectType="1", objectId=ids[0],
        xmlData="<metadata><Title>x</Title></metadata>",
    )  # fmt: skip
    related = {
        "name": "md", "type": 1, "fields": "xml", "filter": {"objectType": "KalturaMetadataFilter"},
        "mappings": [{"filterProperty": "objectIdEqual", "parentProperty": "id"}],
    }  # fmt: skip
    stored = {"name": "r", "systemName": "r", "type": 1, "fields": "referenceId", "relatedProfiles": [related]}
    api.call("responseProfile", "add", api.admin, addResponseProfile=stored)
    answer = api.call(
        "media", "list", api.admin, filter={"idIn": ",".join(ids), "statusIn": "7", "orderBy": "+referenceId"},
        responseProfile={"systemName": "r"},
    )  # fmt: skip
    assert [each["relatedObjects"]["md"]["totalCount"] for each in answer["objects"]] == [1, 0]
    assert answer["objects"][0]["relatedObjects"]["md"]["objects"] == [
        {"xml": "<metadata><Title>x</Title></metadata>", "objectType": "KalturaMetadata"}
    ]


def test_a_players_version_follows_its_configuration(api: Api) -> None:
    made = api.call("uiConf", "add", api.admin, uiConf={"name": "p", "creationMode": 2, "tags": "kalturaPlayerJs,ovp"})
    renamed = api.call("uiConf", "update", api.admin, id=made["id"], uiConf={"name": "q"})
    changed = api.call("uiConf", "update", api.admin, id=made["id"], uiConf={"config": "{}"})
    assert (made["version"], renamed["version"], changed["version"]) == ("2", "2", "12")
    for filter, count in (
        ({"tagsMultiLikeAnd": "kalturaPlayerJs,ovp"}, 1), ({"tagsMultiLikeAnd": "kalturaPlayerJs,x"}, 0),
        ({"tagsMultiLikeOr": "x,ovp"}, 1), ({"idIn": f"1,{made['id']}"}, 1), ({"nameLike": "zzz"}, 0),
    ):  # fmt: skip
        assert api.call("uiConf", "list", api.user("ann"), filter=filter)["totalCount"] == count
    assert api.call("uiConf", "get", api.other_admin, id=made["id"])["code"] == "INVALID_UI_CONF_ID"
    assert api.call("uiConf", "add", api.user("ann"), uiConf={"creationMode": 2})["code"] == "SERVICE_FORBIDDEN"


def test_users_see_themselves_and_may_come_back(api: Api) -> None:
    api.call("user", "add", api.admin, user={"id": "ann", "firstName": "Ann"})
    assert api.call("user", "get", api.user("ann"))["firstName"] == "Ann"
    assert "code" in api.call("user", "get", api.user("bob"), userId="ann")
    api.call("user", "delete", api.admin, userId="ann")
    assert api.call("user", "list", api.admin, filter={"idEqual": "ann"})["totalCount"] == 0
    again = api.call("user", "add", api.admin, user={"id": "ann"})
    assert (again["status"], again.get("firstName")) == (1, None)


def test_there_is_one_default_profile_and_it_stays(api: Api) -> None:
    for service, name in (("conversionProfile", "conversionProfile"), ("accessControlProfile", "accessControlProfile")):
        first = next(each for each in api.call(service, "list", api.admin)["objects"] if each["isDefault"])
        assert "DEFAULT" in api.call(service, "delete", api.admin, id=first["id"])["code"]
        made = api.call(service, "add", api.admin, **{name: {"name": "mine", "isDefault": True}})
        marks = {each["id"]: each["isDefault"] for each in api.call(service, "list", api.admin)["objects"]}
        assert marks == {first["id"]: False, made["id"]: True}
        assert api.call(service, "delete", api.admin, id=first["id"]) is None


def test_the_default_profile_can_not_be_given_up(api: Api) -> None:
    for service in ("conversionProfile", "accessControlProfile"):
        [default] = api.call(service, "list", api.admin)["objects"]
        changed = api.call(service, "update", api.admin, id=default["id"], **{service: {"isDefault": False}})
        assert changed["isDefault"] is True
    assert entry(api)["accessControlId"] == default["id"]


def test_plays_show_on_the_entry(api: Api) -> None:
    made = entry(api)
    for kind in (2, 2, 3, 4):
        api.call("stats", "collect", event={"partnerId": made["partnerId"], "entryId": made["id"], "eventType": kind})
    found = api.call("media", "get", api.admin, entryId=made["id"])
    assert (found["plays"], found["views"]) == (1, 2)
    assert found["updatedAt"] == made["updatedAt"]


def test_a_file_becomes_entries_once(api: Api, sandbox: SandboxServer, source: Origin) -> None:
    source.files["/p.jpg"] = PICTURE
    rows = (
        "*title,tags,url,contentType,referenceId\n"
        f'"one, two",sea,{source.url}/p.jpg,image,first-row\nbad,,{source.url}/p.jpg,film,second-row\n\n'
        "empty,,,video,third-row\n"
    )
    reply = api.post(
        "/api_v3/service/media/action/bulkUploadAdd", data={"format": "1", "ks": api.admin},
        files={"fileData": ("rows.csv", "\ufeff" + rows)},
    )  # fmt: skip
    upload = reply.json()
    assert upload["fileName"] == "rows.csv"
    wait_until(lambda: api.call("bulkUpload", "get", api.admin, id=upload["id"])["status"] == 12)
    found = api.call("bulkupload_bulk", "get", api.admin, id=upload["id"])
    assert (found["numOfEntries"], found["numOfErrorObjects"]) == (3, 1)
    run(sandbox.sandbox, {"id": upload["id"]})  # as after a crash before the job was removed
    made = api.call("baseEntry", "listByReferenceId", api.admin, refId="first-row")
    assert [(each["name"], each["tags"], each["status"]) for each in made["objects"]] == [("one, two", "sea", 2)]
    log = api.http.get(f"{found['logFileUrl']}/ks/{api.admin}", timeout=30).text
    assert "contentType" in log.splitlines()[2]
    assert api.call("bulkUpload", "get", api.user("ann"), id=upload["id"])["code"] == "BULK_UPLOAD_NOT_FOUND"


def test_after_an_abort_no_more_entries_are_made(api: Api, sandbox: SandboxServer, source: Origin) -> None:
    source.files["/p.jpg"] = PICTURE
    source.gate.clear()
    reply = api.post(
        "/api_v3/service/media/action/bulkUploadAdd", data={"format": "1", "ks": api.admin},
        files={"fileData": ("rows.csv", f"a,,,{source.url}/p.jpg,image\nb,,,,video\n")},
    )  # fmt: skip
    wait_until(lambda: source.asked)
    assert api.call("bulkUpload", "abort", api.admin, id=reply.json()["id"])["status"] == 7
    source.gate.set()
    wait_until(lambda: no_jobs(sandbox))
    made = api.call("media", "list", api.admin, filter={"statusIn": "0,2,7"})["objects"]
    assert [(each["mediaType"], each["status"]) for each in made] == [(2, 2)]


def test_an_interrupted_file_goes_on_behind_its_last_row(api: Api, sandbox: SandboxServer) -> None:
    reply = api.post(
        "/api_v3/service/media/action/bulkUploadAdd", data={"format": "1", "ks": api.admin},
        files={"fileData": ("rows.csv", "a,,,,video\nb,,,,video\nc,,,,video\n")},
    )  # fmt: skip
    upload = reply.json()
    wait_until(lambda: api.call("bulkUpload", "get", api.admin, id=upload["id"])["status"] == 5)
    uploads = sandbox.sandbox.store.collection("bulkUpload")
    before = uploads.get(upload["id"]) or {}
    uploads.update(upload["id"], status=0, results=before["results"][:2])
    run(sandbox.sandbox, {"id": upload["id"]})
    after = (uploads.get(upload["id"]) or {})["results"]
    assert after[:2] == before["results"][:2]
    assert len(after) == 3
    assert after[2] != before["results"][2]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"objectType": "KalturaIpAddressCondition", "values": [{"value": "10.0.0.0/8"}]}, True),
        ({"objectType": "KalturaIpAddressCondition", "values": [{"value": "10.0.0.1-10.0.0.3"}]}, False),
        ({"objectType": "KalturaIpAddressCondition", "values": [{"value": "nonsense"}]}, False),
        ({"objectType": "KalturaSiteCondition", "values": [{"value": "Example.com"}]}, True),
        ({"objectType": "KalturaSiteCondition", "values": [{"value": "ample.com"}]}, False),
        ({"objectType": "KalturaSiteCondition", "values": [{"value": "example.com"}], "not": True}, False),
        ({"objectType": "KalturaUserAgentCondition", "values": [{"value": "fire.ox"}]}, True),
        ({"objectType": "KalturaUserAgentCondition", "values": [{"value": "("}]}, False),
        ({"objectType": "KalturaCountryCondition", "values": [{"value": "DE"}]}, False),
        ({"objectType": "KalturaCountryCondition", "values": [{"value": "DE"}], "not": True}, True),
        ({"objectType": "KalturaAuthenticatedCondition"}, False),
        ({"objectType": "KalturaAuthenticatedCondition", "not": True}, True),
        ({"objectType": "KalturaSomethingElseCondition", "not": True}, False),
    ],
)
def test_conditions_of_access_rules(condition: dict[str, Any], holds: bool) -> None:
    viewer = Viewer(None, "0_a", "10.0.0.4", "https://www.example.com/page", "Firefox")
    assert bool(applying_rules([{"conditions": [condition]}], viewer)) is holds


def test_a_list_of_full_names_may_be_long(api: Api) -> None:
    top = category(api, "many")
    names = [f"many>{category(api, str(number), top) and number}" for number in range(150)]
    found = api.call(
        "category", "list", api.admin, filter={"fullNameIn": ",".join(names).upper()}, pager={"pageSize": 500}
    )
    assert sorted(each["fullName"] for each in found["objects"]) == sorted(names)
