"""Language tags as people write them, and the names Kaltura wants."""

from __future__ import annotations

import pytest

from kaltura_provider.api.languages import KALTURA_LANGUAGES, kaltura_language, language_of_file, named_language
from kaltura_sandbox.languages import LANGUAGES


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "English"),
        ("EN-us", "English (American)"),
        ("pt_BR", "Portuguese (Brazil)"),
        ("pt-PT", "Portuguese"),
        ("de-AT", "German"),
        ("es-AR", "Spanish (Latin America)"),
        ("es-ES", "Spanish"),
        ("zh-Hant-HK", "Traditional Chinese"),
        ("deu", "German"),
        ("ger", "German"),
        ("nb-NO", "Norwegian"),
        ("iw", "Hebrew"),
        ("fil", "Filipino"),
        ("tl", "Tagalog"),
        ("tgl", "Filipino"),
        ("en-UK", "English (British)"),
        ("arb", "Arabic"),
        ("cmn-Hant", "Traditional Chinese"),
        ("hsb", "Sorbian Upper"),
    ],
)
def test_tags(tag: str, name: str) -> None:
    assert kaltura_language(tag) == name


def test_names() -> None:
    assert named_language("hebrew") == "Hebrew"
    assert named_language(" English (American) ") == "English (American)"
    assert named_language("he") == "Hebrew"


@pytest.mark.parametrize(
    ("tag", "advice"),
    [
        ("german", "use one of: de"),
        ("e n", "use one of: "),
        ("", "use a BCP-47 tag"),
        ("qqq-" + "x" * 99, "BCP-47"),
        ("en-", ""),
    ],
)
def test_others_are_refused_with_the_nearest_ones(tag: str, advice: str) -> None:
    with pytest.raises(ValueError, match="is not known; use ") as caught:
        kaltura_language(tag)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("talk.en-GB.vtt", "English (British)"),
        ("s3://media/2026.lectures/talk.es.srt", "Spanish"),
        ("talk.part.1.pt_BR.dfxp", "Portuguese (Brazil)"),
        ("captions/de.vtt", "German"),
        ("talk.vtt", ""),
    ],
)
def test_files(file: str, name: str) -> None:
    assert language_of_file(file) == name


def test_a_file_whose_name_ends_with_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="caption language 'final' is not known"):
        language_of_file("talk.final.vtt")


def test_the_sandbox_takes_every_name() -> None:
    assert set(KALTURA_LANGUAGES.values()) <= set(LANGUAGES)
