"""Rules for media: read from configuration, and applied."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kaltura_pipeline.manifests.model import ManifestError
from kaltura_pipeline.quality.facts import AudioTrack, MediaFacts
from kaltura_pipeline.quality.rules import QualityRules, check_media

GOOD = MediaFacts(
    "talk.mp4", 1000, "video", "mp4", "video/mp4", "h264", 1920, 1080, 25.0, 0, 60.0, (AudioTrack("aac", 2),), True
)


def test_rules_survive_configuration() -> None:
    rules = QualityRules(True, max_duration=3600.0, min_height=720, allowed_kinds=("video",), allowed_codecs=("h264",))
    assert QualityRules.from_json(json.loads(json.dumps(rules.to_json()))) == rules
    assert QualityRules.from_json({}) == QualityRules.from_json(None) == QualityRules()


def test_values_are_written_as_people_write_them() -> None:
    rules = QualityRules.from_json(
        {"allowed_containers": [".MP4", "Mov"], "allowed_kinds": "video", "min_height": 720.0}
    )
    assert rules.allowed_containers == ("mp4", "mov")
    assert rules.allowed_kinds == ("video",)
    assert rules.min_height == 720


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"max_lenght": 5}, "rules.yaml, field 'max_lenght': unknown rule; did you mean 'max_"),
        ({"must_have_sound": True}, "did you mean 'must_have_audio'?"),
        ({"x": 1}, "known rules: must_have_audio, must_have_video,"),
        ({"must_have_audio": "yes"}, "field 'must_have_audio': 'yes' is neither true nor false; write true or false"),
        ({"max_duration": "1h"}, "field 'max_duration': '1h' is no number above 0; write the number of seconds"),
        ({"max_duration": -1}, "-1 is no number above 0"),
        ({"max_duration": float("nan")}, "nan is no number above 0"),
        ({"max_bytes": True}, "write the number of bytes"),
        ({"min_height": 1.5}, "1.5 is no whole number; write 2"),
        ({"allowed_kinds": ["film"]}, "unknown value 'film'; known: video, audio, image, document, data"),
        ({"allowed_containers": ["mp5"]}, "unknown value 'mp5'; did you mean 'mp"),
        ({"allowed_codecs": [1]}, "[1] is no list of texts; write a list"),
        ({"min_duration": 10, "max_duration": 5}, "field 'min_duration': 10 is more than max_duration, 5"),
        (["must_have_audio"], "rules are not a mapping; write a mapping"),
    ],
)
def test_wrong_rules_are_explained(data: Any, said: str) -> None:
    with pytest.raises(ManifestError) as caught:
        QualityRules.from_json(data, "rules.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith("rules.yaml")


def test_all_wrong_rules_are_named_at_once() -> None:
    with pytest.raises(ManifestError) as caught:
        QualityRules.from_json({"max_bytes": 0, "must_have_audio": 1, "allowed_kinds": ["film"]})
    assert [problem.field for problem in caught.value.problems] == ["max_bytes", "must_have_audio", "allowed_kinds"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"truncated": "its box 'mdat' should end at byte 9, the file ends at byte 5"}, "truncated: its box 'mdat'"),
        ({"index_missing": True}, "its index (moov) is missing"),
        ({"encrypted": True}, "encrypted or protected"),
        ({"not_media": "'talk.mp4' is not taken: its content is a text."}, "no media: 'talk.mp4' is not taken"),
        ({"unreadable": "it makes the process that reads it crash"}, "crash; check that it plays"),
    ],
)
def test_what_is_broken_is_refused_whatever_the_rules_are(change: dict[str, Any], said: str) -> None:
    (problem,) = check_media("in/talk.mp4", replace(GOOD, **change), QualityRules())
    assert problem.file == "in/talk.mp4"
    assert said in str(problem)


def test_a_form_that_no_library_reads_can_be_sent_all_the_same() -> None:
    facts = replace(GOOD, unreadable="it cannot be read (odd)")
    assert check_media("a", facts, QualityRules.from_json({"must_be_readable": False})) == ()


@pytest.mark.parametrize(
    ("rules", "change", "field", "said"),
    [
        ({"must_have_audio": True}, {"audio": ()}, "must_have_audio", "it has no sound"),
        ({"must_have_video": True}, {"video_codec": ""}, "must_have_video", "it has no picture"),
        ({"max_duration": 60}, {"duration": 60.5}, "max_duration", "60.5 s are longer than 60 s; cut it into parts"),
        ({"min_duration": 60}, {"duration": 59.9}, "min_duration", "59.9 s are shorter than 60 s"),
        ({"max_bytes": 1000}, {"size": 1001}, "max_bytes", "1001 bytes are more than 1000"),
        ({"min_height": 1080}, {"height": 720}, "min_height", "height of 720 pixels is less than 1080"),
        ({"max_width": 1920}, {"width": 3840}, "max_width", "width of 3840 pixels is more than 1920"),
        ({"allowed_kinds": ["video"]}, {"kind": "audio"}, "allowed_kinds", "kind 'audio' is not allowed"),
        ({"allowed_containers": ["mp4"]}, {"container": "avi"}, "allowed_containers", "convert it to one of: mp4"),
        ({"allowed_codecs": ["h264", "aac"]}, {"video_codec": "hevc"}, "allowed_codecs", "codec 'hevc' is not allowed"),
        ({"allowed_codecs": ["h264", "aac"]}, {"audio": (AudioTrack("ac3"),)}, "allowed_codecs", "codec 'ac3'"),
    ],
)
def test_each_rule_refuses_what_it_says_and_nothing_else(
    rules: dict[str, Any], change: dict[str, Any], field: str, said: str
) -> None:
    wanted = QualityRules.from_json(rules)
    assert check_media("a.mp4", GOOD, wanted) == ()
    (problem,) = check_media("a.mp4", replace(GOOD, **change), wanted)
    assert problem.field == field
    assert said in str(problem)


def test_what_is_not_known_is_not_held_against_a_file() -> None:
    rules = QualityRules.from_json(
        {
            "must_have_audio": True,
            "must_have_video": True,
            "min_duration": 5,
            "min_height": 720,
            "allowed_codecs": ["h264"],
        }
    )
    assert check_media("a.mp4", MediaFacts("a.mp4", 5, "video", "mp4", "video/mp4"), rules) == ()


def test_rules_about_sound_do_not_touch_images_and_documents() -> None:
    rules = QualityRules.from_json({"must_have_audio": True, "must_have_video": True, "min_duration": 5})
    assert check_media("a.png", MediaFacts("a.png", 5, "image", "png", "image/png", demuxed=True), rules) == ()
    assert check_media("a.pdf", MediaFacts("a.pdf", 5, "document", "pdf", "application/pdf"), rules) == ()
