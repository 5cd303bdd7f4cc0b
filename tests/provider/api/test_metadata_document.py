"""Custom metadata: plain values become a document that Kaltura takes, and what it would not take is named."""

from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.metadata_document import build_document, fields_of, merge_documents, same_document
from kaltura_provider.api.metadata_schema import FieldType, MetadataSchema, MetadataSchemaError
from kaltura_provider.api.named_profiles import list_metadata, with_schema

# As the KMC writes it: types beside the root, labels in the annotations.
COURSE = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<xsd:element name="metadata"><xsd:complexType><xsd:sequence>
 <xsd:element id="md_1" name="Teacher" minOccurs="0" maxOccurs="1" type="textType"><xsd:annotation>
  <xsd:documentation/><xsd:appinfo><label>Held by</label><key>teacher</key></xsd:appinfo></xsd:annotation></xsd:element>
 <xsd:element id="md_2" name="Held" minOccurs="0" maxOccurs="1" type="dateType"/>
 <xsd:element id="md_3" name="Level" minOccurs="0" maxOccurs="1"><xsd:simpleType>
  <xsd:restriction base="listType"><xsd:enumeration value="Beginner"/><xsd:enumeration value="Expert"/>
  </xsd:restriction></xsd:simpleType></xsd:element>
 <xsd:element id="md_4" name="Topic" minOccurs="0" maxOccurs="unbounded" type="textType"/>
 <xsd:element id="md_5" name="Related" minOccurs="0" maxOccurs="unbounded" type="objectType"/>
 <xsd:element id="md_6" name="Year" minOccurs="0" maxOccurs="1" type="xsd:int"/>
 <xsd:element id="md_7" name="Open" minOccurs="0" maxOccurs="1" type="xsd:boolean"/>
 <xsd:element id="md_8" name="Room" minOccurs="0" maxOccurs="unbounded"><xsd:complexType><xsd:sequence>
  <xsd:element id="md_9" name="House" minOccurs="0" type="textType"/>
  <xsd:element id="md_10" name="Number" minOccurs="0" type="xsd:int"/></xsd:sequence></xsd:complexType></xsd:element>
</xsd:sequence></xsd:complexType></xsd:element>
<xsd:simpleType name="textType"><xsd:restriction base="xsd:string"/></xsd:simpleType>
<xsd:simpleType name="dateType"><xsd:restriction base="xsd:long"/></xsd:simpleType>
<xsd:simpleType name="listType"><xsd:restriction base="xsd:string"/></xsd:simpleType>
<xsd:simpleType name="objectType"><xsd:restriction base="xsd:string"/></xsd:simpleType>
</xsd:schema>"""


@pytest.fixture
def schema() -> MetadataSchema:
    return MetadataSchema(COURSE)


def xml_of(schema: MetadataSchema, values: dict[str, Any], zone: datetime.tzinfo = datetime.timezone.utc) -> str:
    xml, problems = build_document(schema, values, zone)
    assert problems == []
    return xml


def problem_of(schema: MetadataSchema, values: dict[str, Any]) -> tuple[str, str, str]:
    _, problems = build_document(schema, values)
    assert len(problems) == 1, problems
    return problems[0].field, problems[0].message, problems[0].fix


def test_fields_have_the_types_of_the_schema(schema: MetadataSchema) -> None:
    assert [(field.name, field.type, field.repeated) for field in schema.fields] == [
        ("Teacher", FieldType.TEXT, False),
        ("Held", FieldType.TIME, False),
        ("Level", FieldType.LIST, False),
        ("Topic", FieldType.TEXT, True),
        ("Related", FieldType.TEXT, True),
        ("Year", FieldType.INTEGER, False),
        ("Open", FieldType.BOOLEAN, False),
        ("Room", FieldType.GROUP, True),
    ]
    assert schema.fields[0].label == "Held by"
    assert schema.fields[2].options == ("Beginner", "Expert")


def test_kaltura_takes_the_document(schema: MetadataSchema, client: KalturaClient, uniq: str) -> None:
    profile = {"name": f"Course {uniq}", "systemName": uniq, "metadataObjectType": 1}
    made = client.call("metadata_metadataProfile", "add", {"metadataProfile": profile, "xsdData": COURSE})
    (named,) = (each for each in list_metadata(client) if each.system_name == uniq)
    assert (named.id, named.name) == (made["id"], f"Course {uniq}")
    entry = client.call("media", "add", {"entry": {"name": "t", "mediaType": 1}})["id"]
    # In another order than the schema's, by name, by label, and in other letters.
    values = {
        "Room": [{"Number": 7, "House": "A<&>"}, {"House": "B"}],
        "open": True,
        "year": "2026",
        "Related": ["0_abc", "0_def"],
        "topic": ["Light", "Lenses"],
        "LEVEL": "expert",
        "Held": "2026-11-25",
        "held by": "Ada\x00 Lovelace",
    }
    xml = xml_of(MetadataSchema(with_schema(client, named).xsd), values)
    params = {"metadataProfileId": named.id, "objectType": 1, "objectId": entry, "xmlData": xml}
    stored = client.call("metadata_metadata", "add", params)["xml"]
    assert stored == (
        "<metadata><Teacher>Ada Lovelace</Teacher><Held>1795564800</Held><Level>Expert</Level><Topic>Light</Topic>"
        "<Topic>Lenses</Topic><Related>0_abc</Related><Related>0_def</Related><Year>2026</Year><Open>true</Open>"
        "<Room><House>A&lt;&amp;&gt;</House><Number>7</Number></Room><Room><House>B</House></Room></metadata>"
    )


def test_the_schema_is_asked_for_when_the_list_did_not_bring_it(client: KalturaClient, uniq: str) -> None:
    profile = {"name": uniq, "metadataObjectType": 1}
    client.call("metadata_metadataProfile", "add", {"metadataProfile": profile, "xsdData": COURSE})
    (named,) = (each for each in list_metadata(client) if each.name == uniq)
    bare = type(named)(named.id, named.name, named.system_name)
    assert with_schema(client, bare).xsd == COURSE


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1795564800, 1795564800),
        ("1795564800", 1795564800),
        ("2026-11-25T01:00:00+01:00", 1795564800),
        ("2026-11-25T00:00:00Z", 1795564800),
        ("2026-11-25", 1795564800),
        ("2026-11-25 00:00", 1795564800),
        (datetime.date(2026, 11, 25), 1795564800),
        (datetime.datetime(2026, 11, 25), 1795564800),
        ("1969-12-31", -86400),
    ],
)
def test_a_point_of_time_in_any_form_becomes_seconds(schema: MetadataSchema, value: Any, seconds: int) -> None:
    assert xml_of(schema, {"Held": value}) == f"<metadata><Held>{seconds}</Held></metadata>"


def test_a_time_without_zone_is_in_the_given_one_also_in_summer(schema: MetadataSchema) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert xml_of(schema, {"Held": "2026-07-01T02:00:00"}, berlin) == xml_of(schema, {"Held": "2026-07-01T00:00:00Z"})


def test_empty_values_are_left_out(schema: MetadataSchema) -> None:
    values: dict[str, Any] = {"Teacher": None, "Topic": [], "Held": "", "Related": [None, "0_a", ""], "Room": {}}
    assert xml_of(schema, values) == "<metadata><Related>0_a</Related></metadata>"


@pytest.mark.parametrize(
    ("values", "field", "message", "fix"),
    [
        ({"Teachr": "x"}, "Teachr", "the profile has no such field", "did you mean 'Teacher'?"),
        ({"Room": {"Hause": "x"}}, "Room.Hause", "the profile has no such field", "did you mean 'House'?"),
        ({"Level": "Expertt"}, "Level", "'Expertt' is none of the values of its list", "did you mean 'Expert'?"),
        ({"Level": "x"}, "Level", "'x' is none of the values of its list", "use one of: Beginner, Expert"),
        ({"Teacher": ["a", "b"]}, "Teacher", "it has 2 values, of which the profile takes one", "keep one of them"),
        ({"Year": "next"}, "Year", "'next' is no whole number", "write digits only"),
        ({"Year": True}, "Year", "true is no integer", "write a number"),
        ({"Open": "perhaps"}, "Open", "'perhaps' is neither true nor false", "write true or false"),
        ({"Held": 2026}, "Held", "2026 is no time in seconds since 1970", "write a date like 2026-11-25"),
        ({"Room": "A"}, "Room", "it is a group of fields, not one value", "write its fields: House, Number"),
        (
            {"Teacher": {"a": 1}},
            "Teacher",
            "it takes plain values, no groups or lists of them",
            "write the value alone",
        ),
        ({"Topic": [["a"]]}, "Topic", "it takes plain values, no groups or lists of them", "write the value alone"),
        ({"Year": 1, "year": 2}, "year", "it is the same field as 'Year'", "name it once"),
    ],
)
def test_a_wrong_value_is_named_with_its_field_and_a_fix(
    schema: MetadataSchema, values: dict[str, Any], field: str, message: str, fix: str
) -> None:
    assert problem_of(schema, values) == (field, message, fix)


def test_a_date_that_is_none_is_refused(schema: MetadataSchema) -> None:
    field, message, fix = problem_of(schema, {"Held": "25.11.2026"})
    assert (field, message) == ("Held", "'25.11.2026' is no date or time")
    assert "2026-11-25" in fix


def test_what_only_the_xsd_knows_is_refused_with_the_field(client: KalturaClient, uniq: str) -> None:
    xsd = COURSE.replace(
        '<xsd:simpleType name="textType"><xsd:restriction base="xsd:string"/>',
        '<xsd:simpleType name="textType"><xsd:restriction base="xsd:string"><xsd:maxLength value="5"/>'
        "</xsd:restriction>",
    )
    xml, problems = build_document(MetadataSchema(xsd), {"Room": {"House": "too long"}})
    assert [problem.field for problem in problems] == ["Room.House"]
    assert "5" in problems[0].message
    # Kaltura agrees.
    profile = {"name": uniq, "metadataObjectType": 1}
    made = client.call("metadata_metadataProfile", "add", {"metadataProfile": profile, "xsdData": xsd})
    entry = client.call("media", "add", {"entry": {"name": "t", "mediaType": 1}})["id"]
    params = {"metadataProfileId": made["id"], "objectType": 1, "objectId": entry, "xmlData": xml}
    with pytest.raises(KalturaError, match="INVALID_METADATA_DATA"):
        client.call("metadata_metadata", "add", params)


def test_a_required_field_is_missed() -> None:
    xsd = COURSE.replace('name="Teacher" minOccurs="0"', 'name="Teacher"')
    assert problem_of(MetadataSchema(xsd), {"Year": 2026}) == ("Teacher", "the profile requires it", "add a value")


@pytest.mark.parametrize(
    ("xsd", "message"),
    [
        ("", "not XML"),
        ("<a/>", "no element 'metadata'"),
        ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "no element 'metadata'"),
        (
            COURSE.replace("<xsd:element name", '<xsd:include schemaLocation="/etc/passwd"/><xsd:element name', 1),
            "refers",
        ),
    ],
)
def test_a_schema_that_cannot_be_used_says_why(xsd: str, message: str) -> None:
    with pytest.raises(MetadataSchemaError, match=message):
        MetadataSchema(xsd)


def test_a_schema_of_endless_types_ends() -> None:
    xsd = COURSE.replace('base="xsd:string"/>', 'base="textType"/>', 1)
    with pytest.raises(MetadataSchemaError, match="not valid"):
        MetadataSchema(xsd)


_plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.datetimes()
_value = st.recursive(_plain, lambda each: st.lists(each) | st.dictionaries(st.text(), each), max_leaves=5)


@given(st.dictionaries(st.sampled_from([field.name for field in MetadataSchema(COURSE).fields]) | st.text(), _value))
def test_whatever_is_written_is_a_good_document_or_a_problem(values: dict[str, Any]) -> None:
    from lxml import etree

    schema = MetadataSchema(COURSE)
    xml, problems = build_document(schema, values)
    assert problems or schema.validator.validate(etree.fromstring(xml))
    assert all(problem.message and problem.fix for problem in problems)


def test_merging_keeps_what_others_wrote_and_drops_what_was_said_before(schema: MetadataSchema) -> None:
    from lxml import etree

    present = "<metadata>\n <Teacher>Bob</Teacher> <Topic>old</Topic><Topic>older</Topic><Year>2020</Year></metadata>"
    wanted = "<metadata><Level>Expert</Level><Topic>new</Topic></metadata>"
    merged = merge_documents(present, wanted, dropped=["Year", "Topic"], order=schema.order)
    assert merged == "<metadata><Teacher>Bob</Teacher><Level>Expert</Level><Topic>new</Topic></metadata>"
    assert schema.validator.validate(etree.fromstring(merged))
    assert fields_of(merged) == ("Teacher", "Level", "Topic")
    assert merge_documents(merged, "<metadata/>", dropped=["Teacher", "Level", "Topic"]) == ""


def test_documents_are_the_same_however_they_are_written() -> None:
    written = "<?xml version='1.0'?><metadata>\n  <A>x</A>\n  <!-- note --><B></B>\n</metadata>"
    assert same_document(written, "<metadata><A>x</A><B/></metadata>")
    assert not same_document(written, "<metadata><A>y</A><B/></metadata>")
