"""Whatever fits a schema comes back from Kaltura as it went there, and whatever does not is refused by name."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from tests.account import Account
from tests.provider.api.updates.conftest import watched
from tests.provider.api.updates.schemas import Example, examples

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.custom_metadata import put_metadata
from kaltura_provider.api.metadata_document import build_document
from kaltura_provider.api.metadata_schema import MetadataSchema
from kaltura_provider.api.metadata_values import read_document
from kaltura_sandbox.faults.proxy import FaultProxy

SLOW = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much)


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(examples())
def test_what_fits_reads_back_and_what_does_not_is_named(example: Example) -> None:
    from lxml import etree

    schema = MetadataSchema(example.xsd)
    xml, problems = build_document(schema, example.values, exact=True)
    assert problems == []
    assert schema.validator.validate(etree.fromstring(xml))
    assert read_document(schema, xml) == example.read
    _, problems = build_document(schema, example.wrong, exact=True)
    assert [problem.field.partition("[")[0] for problem in problems][:1] == [example.path], problems
    assert all(problem.message and problem.fix for problem in problems)


_numbers = count()


@settings(max_examples=10, deadline=None, suppress_health_check=SLOW)
@given(examples())
def test_kaltura_keeps_what_fits_and_is_not_asked_about_what_does_not(
    client: KalturaClient, proxy: FaultProxy, account: Account, example: Example
) -> None:
    name = f"{account.word}n{next(_numbers)}"
    account.metadata_profile(name, example.xsd)
    entry = account.entry()
    result = put_metadata(client, {entry: example.values}, profile=name, mode="replace")
    assert result.errors == {}
    schema = MetadataSchema(example.xsd)
    kept = account.metadata_of(entry).get(result.profile_id, "<metadata/>")
    assert read_document(schema, kept) == example.read
    seen = watched(proxy)
    assert put_metadata(client, {entry: example.values}, profile=name, mode="replace").changed == {}
    assert seen == {"metadata_metadataProfile.list": 1, "metadata_metadata.list": 1}
    seen = watched(proxy)
    with pytest.raises(ValueError, match="Nothing was written") as caught:
        put_metadata(client, {entry: example.wrong}, profile=name, mode="replace")
    assert f"{entry}: {example.path}: " in str(caught.value)
    assert seen == {"metadata_metadataProfile.list": 1}
