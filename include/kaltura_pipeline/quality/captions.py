"""Captions: read whatever people saved, and checked before they are sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.manifests.model import Problem
from kaltura_provider.api.caption_files import EXTENSIONS, FORMS, MAXIMUM_BYTES, decode_caption, modern_ttml
from kaltura_provider.api.decoding import UndecodableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_CUES = 50_000
# A caption has four or five lines, and in XML a few elements.
_MOST_LINES = 5 * _MOST_CUES
_MOST_PROBLEMS = 20
# A line of a caption is 40 letters or so. Longer ones are not needed to read times, and slow down regular expressions.
_LONGEST_LINE = 400
_ARROW = "-->"
_ARROW_PATTERN = re.compile(_ARROW)
_MEANT_AS_TIMES = re.compile(r"[\d:.,]\s?-->|-->\s?[\d:.,]")
_SAVE = "save it as UTF-8"


@dataclass(frozen=True)
class CaptionText:
    """A caption file as read.

    :param text: its content without byte order mark, to be sent as UTF-8; empty if it could not be decoded.
    :param form: ``srt``, ``vtt`` or ``ttml``, by its content; empty if it is none of them.
    :param encoding: the encoding it was saved in, such as ``cp1252``; empty if it could not be decoded.
    :param cues: how many captions it has.
    :param end: seconds from the start at which the last caption ends.
    :param timed: whether the times were checked; they are not if the library is not installed, or does not know the
        way they are written.
    """

    text: str = ""
    form: str = ""
    encoding: str = ""
    cues: int = 0
    end: float = 0.0
    timed: bool = False


@dataclass(frozen=True)
class _Cue:
    start: float
    end: float
    place: str
    has_text: bool


class _UnreadableError(Exception):
    """Why the captions of a file cannot be read: place, message, fix."""


def check_captions(
    name: str, data: bytes, duration: float | None = None, language: str = "", tolerance: float = 2.0
) -> tuple[CaptionText, tuple[Problem, ...]]:
    """Read a caption file (SRT, WebVTT, TTML/DFXP) and check its times.

    :param name: the file's name or key; its extension says which form it should have.
    :param data: its bytes, in any usual encoding.
    :param duration: seconds of the media; None if unknown.
    :param language: its language (BCP-47), if known; helps with texts that are not UTF-8.
    :param tolerance: seconds a caption may end after the media.
    :return: the text, and what is wrong with it: not a caption file, not of the form its name says, no captions, a time
        that cannot be read, an end before the start, a start before the one before, a caption after the media's end.
        At most twenty problems are named.
    """
    if len(data) > MAXIMUM_BYTES:
        fix = "split it, or check that it is a caption file"
        return CaptionText(), (Problem(name, "", "", f"{len(data)} bytes are more than {MAXIMUM_BYTES}", fix),)
    if not data.strip():
        return CaptionText(), (Problem(name, "", "", "the file is empty", "write captions into it, or remove it"),)
    try:
        decoded = decode_caption(data, language)
    except UndecodableError as error:
        return CaptionText(), (Problem(name, "", "", f"it cannot be decoded: {error}", _SAVE),)
    text, form = decoded.text, decoded.form
    named = FORMS.get(name.rsplit(".", 1)[-1].lower(), "") if "." in name else ""
    read = CaptionText(text, form, decoded.encoding)
    if form != named or not form:
        return read, (_wrong_form(name, named, form),)
    try:
        cues = _times(text, form)
    except _UnreadableError as error:
        place, message, fix = error.args
        return read, (Problem(name, place, "", message, fix),)
    if cues is None:
        return read, ()
    read = CaptionText(text, form, decoded.encoding, len(cues), max((cue.end for cue in cues), default=0.0), True)
    problems = [
        Problem(name, place, "", message, fix)
        for place, message, fix in (*_arrows(text, form, cues), *_order(cues, duration, tolerance))
    ]
    if len(problems) > _MOST_PROBLEMS:
        rest = len(problems) - _MOST_PROBLEMS
        more = Problem(name, "", "", f"{rest} more problems like these", "mend these first")
        problems = [*problems[:_MOST_PROBLEMS], more]
    return read, tuple(problems)


def _wrong_form(name: str, named: str, form: str) -> Problem:
    if not named:
        return Problem(name, "", "", "its name is not that of a caption file", "name it .srt, .vtt or .dfxp")
    if not form:
        fix = "check that it is a caption file, with times such as 00:00:01,000 --> 00:00:02,500"
        return Problem(name, "line 1", "", "no captions in it", fix)
    message = f"its content is {form.upper()}, not what its name says"
    return Problem(name, "line 1", "", message, f"name it .{EXTENSIONS[form]}, or convert it")


def _times(text: str, form: str) -> list[_Cue] | None:
    """Read the captions with the library; None if it is not installed or does not know how the times are written."""
    if form == "scc":
        return None
    try:
        import pysubs2
        from pysubs2.formats.subrip import SubripFormat
        from pysubs2.formats.webvtt import WebVTTFormat
    except ImportError:
        return None
    if form == "ttml":
        return _ttml(text, pysubs2)
    if text.count("\n") > _MOST_LINES:
        raise _UnreadableError(f"line {_MOST_LINES}", f"more than {_MOST_LINES} lines", "split the file")
    pattern: Any = (SubripFormat if form == "srt" else WebVTTFormat).TIMESTAMP
    places, lines = [], []
    blank = False
    for number, line in enumerate(text.split("\n"), 1):
        cut = line[:_LONGEST_LINE].rstrip()
        if not cut and blank:
            continue  # runs of blank lines mean nothing, and are slow to look for
        blank = not cut
        lines.append(cut)
        if ":" in cut and len(pattern.findall(cut)) == 2:
            if _ARROW in cut:
                places.append(f"line {number}")
            else:
                lines[-1] = "text"  # the library takes two times in a text for those of a caption
        if len(places) > _MOST_CUES:
            raise _UnreadableError(f"line {number}", f"more than {_MOST_CUES} captions", "split the file")
    read = pysubs2.SSAFile.from_string("\n".join(lines), format_=form, keep_html_tags=True)
    return [
        _Cue(event.start / 1000, event.end / 1000, place, bool(event.text.strip()))
        for place, event in zip(places, read.events, strict=True)
    ]


def _ttml(text: str, library: Any) -> list[_Cue] | None:
    from xml.etree.ElementTree import ParseError

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        # Nothing in captions needs them, and they are how XML is made to grow without end.
        raise _UnreadableError("", "it has a DOCTYPE or ENTITY declaration", "remove the declaration")
    if text.count("</") + text.count("/>") > _MOST_CUES * 2:
        raise _UnreadableError("", f"more than {_MOST_CUES * 2} elements", "split the file")
    try:
        read = library.SSAFile.from_string(modern_ttml(text), format_="ttml")
    except ParseError as error:
        raise _UnreadableError(f"line {error.position[0]}", f"no well-formed XML ({error})", "mend the XML") from None
    except (NotImplementedError, RecursionError, ValueError, ArithmeticError):
        return None
    return [
        _Cue(event.start / 1000, event.end / 1000, f"caption {number}", bool(event.text.strip()))
        for number, event in enumerate(read.events, 1)
    ]


def _arrows(text: str, form: str, cues: list[_Cue]) -> Iterator[tuple[str, str, str]]:
    """Lines that were meant to be times. An arrow may be part of a text in SRT; in WebVTT it may not."""
    if form == "ttml":
        return
    meant = _MEANT_AS_TIMES if form == "srt" else _ARROW_PATTERN
    good = {cue.place for cue in cues}
    example = "00:00:01,000 --> 00:00:02,500" if form == "srt" else "00:00:01.000 --> 00:00:02.500"
    for number, line in enumerate(text.split("\n"), 1):
        if f"line {number}" not in good and meant.search(line[:_LONGEST_LINE]):
            yield f"line {number}", f"times that cannot be read: {line.strip()[:60]!r}", f"write them as {example}"


def _order(cues: list[_Cue], duration: float | None, tolerance: float) -> Iterator[tuple[str, str, str]]:
    if not cues:
        yield "", "no captions in it", "write captions into it, or remove it"
        return
    if not any(cue.has_text for cue in cues):
        yield "", "none of its captions has a text", "write captions into it, or remove it"
    before = cues[0].start
    for cue in cues:
        if cue.end <= cue.start:
            message = f"it ends at {_clock(cue.end)}, not after its start at {_clock(cue.start)}"
            yield cue.place, message, "correct the times"
        if cue.start < before:
            message = f"it starts at {_clock(cue.start)}, before the one above, at {_clock(before)}"
            yield cue.place, message, "put the captions in the order of their times"
        before = cue.start
        if duration is not None and cue.end > duration + tolerance:
            message = f"it ends at {_clock(cue.end)}, after the media, at {_clock(duration)}"
            yield cue.place, message, "check that the captions belong to this media file, and correct the times"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{rest:06.3f}"
