"""What hostile files do: they are read or refused as fast as honest ones, and each error names file and place."""

from __future__ import annotations

import functools
import json
import re
import time
from collections import Counter
from typing import TYPE_CHECKING

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pipeline.manifests import hostile

from kaltura_pipeline.manifests import Description, ManifestError, read_manifest, read_sidecar

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaltura_pipeline.manifests import Problem

# What is wrong with a file as a whole has no place in it.
WHOLE = re.compile(r"is larger than|XLSX|unpacks to|holds two parts")
PLACE = re.compile(r"(row|line|part|defaults)\b")


def check(problem: Problem, name: str) -> None:
    text = str(problem)
    assert text.startswith(name)
    assert PLACE.match(problem.place) or (not problem.place and WHOLE.search(problem.message)), text
    assert problem.fix
    assert len(text) < 1_500, text
    # It goes into logs, pages and JSON: it can be encoded, and moves no cursor.
    text.encode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029]", text), repr(text)


def check_description(description: Description) -> None:
    text = json.dumps(description.to_json(), ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text
    assert Description.from_json(json.loads(text)).to_json().keys() == description.to_json().keys()


@functools.cache
def limit() -> float:
    """Return the seconds a file may take: twice what libyaml takes for an honest list of the largest size read."""
    data = "".join(f"- {{media: {n}.mp4, title: a}}\n" for n in range(32_000)).encode()
    start = time.process_time()
    yaml.load(data, yaml.CSafeLoader)
    return 2 * (time.process_time() - start)


def read(name: str, data: bytes) -> list[str]:
    """Return what came out of reading it as a sidecar and as a manifest."""
    readers: list[Callable[[], None]] = [lambda: check_manifest(name, data)]
    if name.endswith((".yaml", ".json")):
        readers.append(lambda: check_description(read_sidecar(name, data)))
    results = []
    for reader in readers:
        # Time of this process: others share the machine.
        start = time.process_time()
        try:
            reader()
            results.append("read")
        except ManifestError as error:
            for problem in error.problems:
                check(problem, name)
            results.append("refused")
        assert time.process_time() - start < limit(), f"{name} of {len(data)} bytes, {data[:80]!r}"
    return results


def check_manifest(name: str, data: bytes) -> None:
    manifest = read_manifest(name, data)
    for problem in manifest.problems:
        check(problem, name)
    for row in manifest.rows:
        check_description(row.description)
        assert row.media or row.action == "update"
        assert not re.search("[\x00-\x1f]", row.media)
        assert ".." not in row.media.split("/") or row.media.startswith("s3://")


def test_1200_hostile_files() -> None:
    outcomes: Counter[tuple[str, str]] = Counter()
    for kind, (name, data) in hostile.files(1_200):
        for result in read(name, data):
            outcomes[kind, result] += 1
    assert sum(outcomes.values()) >= 1_200
    # Neither is everything refused nor is anything that is dangerous read.
    assert all(
        outcomes[kind, "refused"] for kind in ("structures", "tables", "encodings", "noise", "long_lines", "damage")
    )
    assert outcomes["damage", "read"]
    assert outcomes["lines", "read"]
    assert not outcomes["tags", "read"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([name for name in hostile.SUFFIXES if name != ".xlsx"]), st.text(max_size=400))
def test_any_text(suffix: str, text: str) -> None:
    read("a" + suffix, text.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(hostile.NAMES) | st.text(max_size=20),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=40),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
            max_leaves=12,
        ),
        max_size=6,
    )
)
def test_any_json(fields: dict[str, object]) -> None:
    read("a.json", json.dumps(fields).encode())
    read("a.json", json.dumps([{"media": "a.mp4", **fields}]).encode())
