"""Encodings: those that are recognised, and those that are refused rather than guessed."""

from __future__ import annotations

import pytest

from kaltura_pipeline.manifests import ManifestError
from kaltura_pipeline.manifests.text import decoded

GERMAN = "media;name\na.mp4;Einführung in die Optik für Anfänger – Übungen\n"
FRENCH = "media;name\na.mp4;L’été à la plage, déjà vu ; un cœur\n"
SPANISH = "media;name\na.mp4;¿Qué es la señal? Una introducción\n"


@pytest.mark.parametrize("text", [GERMAN, FRENCH, SPANISH, "name: Kjøpmann på fjellet\n", "name: ärger\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_recognised(text: str, encoding: str) -> None:
    assert decoded("f", text.encode(encoding))[0] == text


def test_several_languages_in_one_file() -> None:
    text = (GERMAN + FRENCH + SPANISH) * 20
    assert decoded("f", text.encode("cp1252")) == (text, "cp1252")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name: Wykład z fizyki, część druga\n", "cp1250"),
        ("name: Příliš žluťoučký kůň\n", "cp1250"),
        ("name: Введение в оптику\n", "cp1251"),
        ("name: Εισαγωγή στην οπτική\n", "cp1253"),
        ("name: Işık ve gölge\n", "cp1254"),
        ("name: מבוא לאופטיקה\n", "cp1255"),
        ("name: 光学入門\n", "cp932"),
    ],
)
@pytest.mark.parametrize("times", [1, 100])
def test_other_encodings_are_refused_rather_than_read_in_wrong_letters(text: str, encoding: str, times: int) -> None:
    with pytest.raises(ManifestError) as caught:
        decoded("f.yaml", (text * times).encode(encoding))
    assert str(caught.value).startswith("f.yaml, line 1: is not UTF-8 at byte ")
    assert str(caught.value).endswith("; save the file as UTF-8")


def test_a_mark_that_does_not_hold() -> None:
    with pytest.raises(ManifestError, match="line 2: is not utf-8 at byte 5"):
        decoded("f", b"\xef\xbb\xbfa\n\xff")
