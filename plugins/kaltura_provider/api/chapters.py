"""Chapters of entries, as people write them: lists, WebVTT, YAML, JSON, or lines such as ``0:00 Intro``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.enrichment.enrich import Enriched

#: Kaltura keeps so many bytes of a title, and cuts the rest without a word.
MAX_TITLE_BYTES = 255
#: So many chapters of an entry come with one call.
MAX_CHAPTERS = 400

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?")
_LINE = re.compile(rf"[\s\-*•(\[]*({_CLOCK.pattern})(?=[\s)\]\-–—|]|$)[)\]]?[\s\-–—|]*(.*)")
_CUE = re.compile(rf"\s*({_CLOCK.pattern})\s+-->")
_REFERENCE = re.compile(r"\{[0-9]+:result[^{}]*\}")
_START, _TITLE, _DESCRIPTION = ("time", "start", "startTime"), ("title", "name"), ("description", "text")
_HOW = "write it like '1:23', '00:01:23.500', 83.5 (seconds) or 83500 (milliseconds)"


@dataclass(frozen=True)
class Chapter:
    """One chapter.

    :param start: where it begins, milliseconds.
    :param title: what viewers see.
    :param description: more about it.
    """

    start: int
    title: str
    description: str = ""

    @property
    def clock(self) -> str:
        """Where it begins, as people read it: ``1:23`` or ``1:02:03.500``."""
        return clock(self.start)


def put_chapters(client: KalturaClient, wanted: Iterable[tuple[str, Any]]) -> Iterator[Enriched]:
    """Make chapters of entries what they shall be (``cuepoint_cuepoint.list``, ``add``, ``update``, ``delete``).

    The calls for about twenty entries travel in two requests: one that looks and, if something differs, one that
    writes. Only chapters that this package made are changed or deleted. Safe to repeat, and for several at once.

    :param client: the client.
    :param wanted: entry and its chapters in any form that :func:`read_chapters` takes; none removes them all.
    :return: one result an entry, in their order, with ``changes`` of each; errors are in there.
    :raises ValueError: chapters cannot be read; nothing was sent for the entries not returned yet.
    """
    from kaltura_provider.api.enrichment.enrich import Enrichment, enrich

    return enrich(client, [Enrichment(entry_id, chapters=read_chapters(chapters)) for entry_id, chapters in wanted])


def read_chapters(value: Any, name: str = "chapters") -> list[Chapter]:
    """Read chapters.

    :param value: a list whose items are mappings with ``time``, ``title`` and perhaps ``description``, texts such as
        ``1:23 Title``, or :class:`Chapter`; a mapping with such a list as ``chapters``; or the text or bytes of a file.
        A time is text such as ``1:23`` or ``00:01:23.500``, a whole number of milliseconds, or seconds with a decimal
        point.
    :param name: what messages call it; the ending of a file's name tells its format: ``.vtt``, ``.json``, ``.yaml``,
        ``.yml``; anything else is told by the content.
    :return: the chapters by time.
    :raises ValueError: something is wrong; names the place and what to do.
    """
    if isinstance(value, bytes | bytearray):
        try:
            value = bytes(value).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"{name}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    return _checked(_of_text(value, name) if isinstance(value, str) else _of_items(value, name), name)


def parse_time(value: Any) -> int:
    """Return a time as milliseconds.

    :param value: text such as ``1:23`` or ``00:01:23.500``, a whole number of milliseconds (also as text), or seconds
        with a decimal point (also as text).
    :raises ValueError: it is none of these, or negative.
    """
    if isinstance(value, str):
        text = value.strip()
        if match := _CLOCK.fullmatch(text):
            return _milliseconds(match)
        if re.fullmatch(r"\d+", text):
            return int(text)
        value = float(text) if re.fullmatch(r"\d+\.\d+", text) else value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, float) and 0 <= value < float("inf"):
        return round(value * 1000)
    raise ValueError(f"{value!r} is no time; {_HOW}")


def clock(milliseconds: int) -> str:
    """Return a time as people read it: ``1:23``, ``1:02:03.500``.

    :param milliseconds: the time.
    """
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{text}.{rest:03}" if rest else text


def _milliseconds(match: re.Match[str]) -> int:
    hours, minutes, seconds, fraction = match.groups()[-4:]
    if int(seconds) > 59 or (hours is not None and int(minutes) > 59):
        raise ValueError(f"{match.group().strip()!r} is no time: an hour has 60 minutes of 60 seconds; {_HOW}")
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 1000 + int((fraction or "0").ljust(3, "0"))


def _of_text(text: str, name: str) -> list[Chapter]:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    ending = PurePosixPath(name).suffix.lower()
    if ending == ".vtt" or text.startswith("WEBVTT"):
        return _of_webvtt(text, name)
    if ending in {".json", ".yaml", ".yml"} or text.lstrip().startswith(("[{", "{", "- ", "chapters:", "---")):
        return _of_items(_parsed(text, name, ending), name)
    return _of_lines(text, name)


def _parsed(text: str, name: str, ending: str) -> Any:
    if ending == ".json" or text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError(f"{name}: no JSON: {error}; correct it there") from None
    import yaml

    try:
        # Makes nothing but text, lists and mappings; otherwise YAML would take 1:23 for the number 83.
        return yaml.load(text, yaml.BaseLoader)  # nosec B506  # it makes no objects
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "unreadable"
        raise ValueError(f"{name}{place}: no YAML: {problem}; correct it there, and quote titles with ': '") from None


def _of_lines(text: str, name: str) -> list[Chapter]:
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found.append(_of_line(line, f"{name}, line {number}"))
    return found


def _of_line(line: str, place: str) -> Chapter:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError(
            f"{place}: {line.strip()[:60]!r} does not begin with a time; write it like '1:23 Title', or begin the line "
            "with # to leave it out"
        )
    start = _time(match.group(1), place)
    return Chapter(start, match.groups()[-1].strip())


def _of_webvtt(text: str, name: str) -> list[Chapter]:
    found = []
    line_number = 1
    for block in re.split(r"(\n[ \t]*\n)", text):
        place = f"{name}, line {line_number + len(block) - len(block.lstrip(chr(10)))}"
        line_number += block.count("\n")
        lines = block.strip("\n").split("\n")
        for index, line in enumerate(lines[:2]):
            if match := _CUE.match(line):
                payload = [re.sub(r"<[^>]*>", "", each).strip() for each in lines[index + 1 :]]
                found.append(
                    Chapter(_time(match.group(1), place), payload[0] if payload else "", "\n".join(payload[1:]))
                )
                break
    if not found:
        raise ValueError(
            f"{name}: no chapter was found; each needs a line such as '00:00:00.000 --> 00:01:00.000' and its title "
            "below that"
        )
    return found


def _of_items(value: Any, name: str) -> list[Chapter]:
    if isinstance(value, Mapping) and set(value) == {"chapters"}:
        value = value["chapters"]
    if value is None:
        return []
    if isinstance(value, Mapping) or not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(
            f"{name}: a list of chapters is needed, each with 'time' and 'title', not {type(value).__name__}. If it "
            "comes from a template, set render_template_as_native_obj=True on the DAG"
        )
    return [_of_item(item, f"{name}, chapter {number}") for number, item in enumerate(value, 1)]


def _of_item(item: Any, place: str) -> Chapter:
    if isinstance(item, Chapter):
        return item
    if isinstance(item, str):
        return _of_line(item, place)
    if not isinstance(item, Mapping):
        raise ValueError(f"{place}: {item!r} is no chapter; write {{'time': '1:23', 'title': 'Introduction'}}")
    known = (*_START, *_TITLE, *_DESCRIPTION)
    for key in item:
        if key not in known:
            near = nearest(str(key), known)
            advice = f"did you mean {near!r}?" if near else "use 'time', 'title' and 'description'"
            raise ValueError(f"{place}: {key!r} is no field of a chapter; {advice}")
    start, title, description = (
        next((item[key] for key in names if item.get(key) is not None), None)
        for names in (_START, _TITLE, _DESCRIPTION)
    )
    if start is None:
        raise ValueError(f"{place}: no time; {_HOW}")
    return Chapter(_time(start, place), str(title or "").strip(), str(description or "").strip())


def _time(value: Any, place: str) -> int:
    try:
        return parse_time(value)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _checked(found: list[Chapter], name: str) -> list[Chapter]:
    if len(found) > MAX_CHAPTERS:
        raise ValueError(f"{name}: {len(found)} chapters, of which an entry can have {MAX_CHAPTERS}; leave some out")
    seen: dict[int, Chapter] = {}
    for chapter in sorted(found, key=lambda each: each.start):
        place = f"{name}, chapter at {chapter.clock}"
        if not chapter.title:
            raise ValueError(f"{place}: no title; give it one, viewers choose by it")
        if (size := len(chapter.title.encode())) > MAX_TITLE_BYTES:
            raise ValueError(
                f"{place}: the title has {size} bytes, of which Kaltura keeps {MAX_TITLE_BYTES}; shorten it"
            )
        if match := _REFERENCE.search(chapter.title + chapter.description):
            raise ValueError(f"{place}: the text {match.group()!r} has a meaning of its own for Kaltura; change it")
        if chapter.start in seen:
            raise ValueError(
                f"{place}: {chapter.title!r} and {seen[chapter.start].title!r} begin at the same time; change one"
            )
        seen[chapter.start] = chapter
    return list(seen.values())
