"""Captions: reading SubRip, WebVTT and DFXP, writing WebVTT."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from xml.etree import ElementTree

_MARK = re.compile(
    r"^\s*((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})", re.MULTILINE
)
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+)(?:[.,](\d+))?$")
_SECONDS = re.compile(r"([\d.]+)(h|ms|m|s)$")
_UNITS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


@dataclass(frozen=True)
class Cue:
    """A line that is shown for a while.

    :param start: milliseconds.
    :param end: milliseconds.
    :param text: may hold line breaks and WebVTT's simple tags.
    """

    start: int
    end: int
    text: str


def parse_captions(content: str) -> list[Cue]:
    """Return the cues of a SubRip, WebVTT or DFXP file, in order of time.

    :raises ValueError: the content is none of these.
    """
    content = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if content.lstrip().startswith("<"):
        cues = _parse_dfxp(content)
    else:
        cues = _parse_blocks(content)
        if not cues and content.strip() and not content.startswith("WEBVTT"):
            raise ValueError("no line like 00:00:01,000 --> 00:00:02,000 was found; send SubRip, WebVTT or DFXP")
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def _parse_blocks(content: str) -> list[Cue]:
    cues = []
    for block in re.split(r"\n[ \t]*\n", content):
        mark = _MARK.search(block)
        if mark is not None:
            text = block[mark.end() :].partition("\n")[2].strip("\n")
            cues.append(Cue(_milliseconds(mark[1]), _milliseconds(mark[2]), text))
    return cues


def _parse_dfxp(content: str) -> list[Cue]:
    if "<!DOCTYPE" in content or "<!ENTITY" in content:
        raise ValueError("captions must not declare a document type; leave the DOCTYPE out")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  # nosec B314  # entities are refused above
    except ElementTree.ParseError as problem:
        raise ValueError(f"the captions are no well-formed XML ({problem})") from problem
    cues = []
    for paragraph in root.iter():
        if paragraph.tag.rpartition("}")[2] != "p" or "begin" not in paragraph.attrib:
            continue
        start = _milliseconds(paragraph.attrib["begin"])
        end = paragraph.attrib.get("end")
        stop = _milliseconds(end) if end else start + _milliseconds(paragraph.attrib.get("dur", "0s"))
        cues.append(Cue(start, stop, html.escape(_dfxp_text(paragraph).strip(), quote=False)))
    return cues


def _dfxp_text(element: ElementTree.Element) -> str:
    text = " ".join((element.text or "").split())
    for child in element:
        text += "\n" if child.tag.rpartition("}")[2] == "br" else _dfxp_text(child)
        text += " ".join((child.tail or "").split())
    return text


def _milliseconds(text: str) -> int:
    clock = _CLOCK.match(text.strip())
    if clock is not None:
        hours, minutes, seconds, part = clock.groups()
        return (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)) * 1000 + int((part or "0").ljust(3, "0")[:3])
    plain = _SECONDS.match(text.strip())
    if plain is None:
        raise ValueError(f"{text!r} is no time; write 00:00:01.500 or 1.5s")
    return int(float(plain[1]) * _UNITS[plain[2]])


def write_webvtt(cues: list[Cue]) -> str:
    """Return the cues as a WebVTT file."""
    blocks = [f"{_clock(cue.start)} --> {_clock(cue.end)}\n{cue.text}\n" for cue in cues]
    return "\n".join(["WEBVTT\n", *blocks])


def _clock(milliseconds: int) -> str:
    seconds, part = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{part:03d}"
