"""Five hundred talks: sounds that cost the server little, and all that can be said of them."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from demo.media import audio

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaltura_provider.api import KalturaClient

PROFILE = "BenchTalks"
CATEGORIES = tuple(f"Bench>Term {number}" for number in range(7))
_FIELDS = ("Course", "Lecturer")
_XSD = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<xsd:element name="metadata"><xsd:complexType><xsd:sequence>
 <xsd:element id="md_1" name="Course" minOccurs="0" maxOccurs="1" type="textType"/>
 <xsd:element id="md_2" name="Lecturer" minOccurs="0" maxOccurs="unbounded" type="textType"/>
</xsd:sequence></xsd:complexType></xsd:element>
<xsd:simpleType name="textType"><xsd:restriction base="xsd:string"/></xsd:simpleType></xsd:schema>"""


def key_of(number: int) -> str:
    """Return the key of a talk's sound."""
    return f"talks/talk-{number:04d}.mp3"


def put_sounds(s3: Any, bucket: str, count: int) -> None:
    """Put the sounds into the bucket, each with a content of its own."""
    sound = audio(1)
    _together(count, lambda number: s3.put_object(Bucket=bucket, Key=key_of(number), Body=sound + b"%06d" % number))


def put_sidecars(s3: Any, bucket: str, count: int) -> None:
    """Put beside each sound what is said of it, two captions, and a picture."""

    def put(number: int) -> None:
        stem = key_of(number).removesuffix(".mp3")
        for ending, body in sidecars(number).items():
            s3.put_object(Bucket=bucket, Key=stem + ending, Body=body)

    _together(count, put)


def sidecars(number: int) -> dict[str, bytes]:
    """Return what lies beside a talk, by the ending of its name."""
    first, second = categories_of(number)
    description = (
        f"name: Talk {number} on optics\ndescription: What lecture {number} of the term is about.\n"
        f"tags: [optics, term{number % 7}]\ncategories: ['{first}', '{second}']\n"
        f"metadata: {{{PROFILE}: {{Course: PHY-{number}, Lecturer: [Ada Byron, Mary Somerville]}}}}\n"
    )
    return {
        ".yaml": description.encode(),
        ".en.vtt": caption(number, "Welcome to lecture").encode(),
        ".de.vtt": caption(number, "Willkommen zur Vorlesung").encode(),
        ".jpg": picture(number),
    }


def categories_of(number: int) -> tuple[str, str]:
    """Return the two categories of a talk."""
    return CATEGORIES[number % 7], CATEGORIES[(number + 1) % 7]


def caption(number: int, words: str) -> str:
    """Return a caption file with a few cues."""
    cues = (f"00:00.{part}00 --> 00:00.{part + 1}00\n{words} {number}, part {part}.\n" for part in range(9))
    return "WEBVTT\n\n" + "\n".join(cues)


def picture(number: int) -> bytes:
    """Return a small JPEG picture of a colour of its own."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (320, 180), (number % 256, number // 256, 90)).save(file, "JPEG", quality=60)
    return file.getvalue()


def prepare(kaltura: KalturaClient) -> int:
    """Make the categories and the metadata profile; return the ID of the profile."""
    from kaltura_provider.api.categories import ensure_category

    for path in CATEGORIES:
        ensure_category(kaltura, path)
    profile = {"name": PROFILE, "systemName": PROFILE, "metadataObjectType": 1}
    made = kaltura.call("metadata_metadataProfile", "add", {"metadataProfile": profile, "xsdData": _XSD})
    return int(made["id"])


def _together(count: int, put: Callable[[int], Any]) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(count)))
