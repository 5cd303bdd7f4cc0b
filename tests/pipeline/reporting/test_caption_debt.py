"""Titles without captions by a human, ranked by what people watch."""

from __future__ import annotations

import pytest
from tests.pipeline.reporting.conftest import PLAN

from kaltura_pipeline.reporting.caption_debt import caption_debt, is_by_machine
from kaltura_provider.api import KalturaClient
from kaltura_sandbox.faults.proxy import FaultProxy


@pytest.mark.parametrize(
    ("caption", "machine"),
    [
        ({}, False),
        ({"accuracy": 0, "label": "English"}, False),
        ({"accuracy": 99}, False),
        ({"accuracy": 80, "label": "English"}, True),
        ({"label": "English (auto-generated)"}, True),
        ({"label": "Deutsch (ASR)"}, True),
        ({"label": "Kasra's notes"}, False),
    ],
)
def test_whose_captions_they_are(caption: dict[str, object], machine: bool) -> None:
    assert is_by_machine(caption) is machine


def test_debt_of_a_library(busy: KalturaClient, line: FaultProxy) -> None:
    everything = caption_debt(busy, {})
    assert 0 < everything.without < everything.published <= PLAN.entries
    assert sum(titles for _, titles, _ in everything.departments) == everything.without == len(everything.titles)
    names = {entry["name"]: entry["id"] for entry in busy.iterate("media", "list", {"statusEqual": "2"})}
    worst = everything.titles[-1]
    line.reset()
    ranked = caption_debt(busy, {names[worst[0]]: 600.0})
    assert ranked.titles[0][:3] == (worst[0], worst[1], 600.0)
    assert ranked.departments[0][0] == worst[1]
    assert {machine for *_, machine in ranked.titles} == {True, False}
    assert len(line.calls) <= 3
