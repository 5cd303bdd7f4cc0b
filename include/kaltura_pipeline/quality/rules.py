"""What media must be like to be taken, in configuration; and what no media may be."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.manifests.model import ManifestError, Problem
from kaltura_provider.api.media_kind import KIND_OF, MediaKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kaltura_pipeline.quality.facts import MediaFacts

_FLAGS = ("must_have_audio", "must_have_video", "must_be_readable")
_SECONDS = ("min_duration", "max_duration")
_WHOLE = ("max_bytes", "min_width", "max_width", "min_height", "max_height")
_LISTS = ("allowed_kinds", "allowed_containers", "allowed_codecs")
_KINDS = tuple(kind.value for kind in MediaKind)
_TIMED = ("video", "audio")
_REPLACE = "put a whole copy of the file in its place"


@dataclass(frozen=True)
class QualityRules:
    """What media must be like; None and empty lists allow everything.

    A rule about something that could not be found out, such as the duration of a file without times, lets it pass.

    :param must_have_audio: refuse videos without sound.
    :param must_have_video: refuse sound without picture.
    :param must_be_readable: refuse what FFmpeg or Pillow cannot read.
    :param min_duration: seconds of video and audio.
    :param max_duration: seconds of video and audio.
    :param max_bytes: size of any file.
    :param min_width: pixels of videos and images, as they are shown.
    :param max_width: pixels of videos and images, as they are shown.
    :param min_height: pixels of videos and images, as they are shown.
    :param max_height: pixels of videos and images, as they are shown.
    :param allowed_kinds: any of ``video``, ``audio``, ``image``, ``document``, ``data``.
    :param allowed_containers: usual extensions of forms, such as ``mp4``, ``mov``, ``mkv``, ``mp3``; a file's form is
        found by its content, not by its name.
    :param allowed_codecs: FFmpeg's names for pictures and sound, such as ``h264``, ``hevc``, ``aac``.
    """

    must_have_audio: bool = False
    must_have_video: bool = False
    must_be_readable: bool = True
    min_duration: float | None = None
    max_duration: float | None = None
    max_bytes: int | None = None
    min_width: int | None = None
    max_width: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    allowed_kinds: tuple[str, ...] = ()
    allowed_containers: tuple[str, ...] = ()
    allowed_codecs: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the rules that differ from the default as plain JSON."""
        default = asdict(QualityRules())
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != default[name]
        }

    @classmethod
    def from_json(cls, data: object, origin: str = "quality rules") -> QualityRules:
        """Read rules from configuration.

        :param data: a mapping of the parameters above; None means the default rules.
        :param origin: where they come from, for error messages.
        :raises ManifestError: an unknown rule, or a value that cannot be one; all problems at once.
        """
        if data is None:
            return cls()
        if not isinstance(data, dict):
            fix = f"write a mapping, such as {{'must_have_audio': true}} (found {type(data).__name__})"
            raise ManifestError(Problem(origin, "", "", "rules are not a mapping", fix))
        problems: list[Problem] = []
        values: dict[str, Any] = {}
        for name, value in data.items():
            try:
                values[str(name)] = _value(name, value)
            except ValueError as error:
                message, fix = error.args
                problems.append(Problem(origin, "", str(name), message, fix))
        problems += _contradictions(values, origin)
        if problems:
            raise ManifestError(*problems)
        return cls(**values)


def check_media(name: str, facts: MediaFacts, rules: QualityRules) -> tuple[Problem, ...]:
    """Check a file before it is transferred.

    What is cut off, has no index, is encrypted, or is nothing Kaltura makes an entry of is refused whatever the rules
    are.

    :param name: the file's name or key, for the problems.
    :param facts: what :class:`~kaltura_pipeline.quality.media.MediaProber` found.
    :param rules: the rules.
    :return: what is wrong; empty if nothing is.
    """
    found = _damage(facts, rules)
    # Of a file that is broken the rest is not known well enough to complain about it.
    reports = found or [*_form(facts, rules), *_tracks(facts, rules), *_limits(facts, rules)]
    return tuple(Problem(name, "", field, message, fix) for field, message, fix in reports)


def _damage(facts: MediaFacts, rules: QualityRules) -> list[tuple[str, str, str]]:
    found = []
    if facts.not_media:
        found.append(("", f"no media: {facts.not_media}", "put a media file in its place, or leave it out"))
    if facts.truncated:
        found.append(("", f"truncated: {facts.truncated}", _REPLACE))
    if facts.index_missing:
        message = "its index (moov) is missing, so nothing can play it: the recording or the copy was not finished"
        found.append(("", message, f"{_REPLACE}, or repair the recording"))
    if facts.encrypted:
        found.append(("", "encrypted or protected (DRM), so Kaltura cannot convert it", "export it without protection"))
    if facts.unreadable and rules.must_be_readable and not found:
        fix = "check that it plays, and put a whole copy in its place; or set must_be_readable to false to send it"
        found.append(("must_be_readable", facts.unreadable, fix))
    return found


def _form(facts: MediaFacts, rules: QualityRules) -> Iterator[tuple[str, str, str]]:
    if rules.allowed_kinds and facts.kind not in rules.allowed_kinds:
        yield "allowed_kinds", f"kind {facts.kind!r} is not allowed", f"allowed: {', '.join(rules.allowed_kinds)}"
        return
    if rules.allowed_containers and facts.container not in rules.allowed_containers:
        allowed = ", ".join(rules.allowed_containers)
        yield "allowed_containers", f"its form {facts.container!r} is not allowed", f"convert it to one of: {allowed}"
    codecs = [facts.video_codec] if facts.video_codec else []
    codecs += [track.codec for track in facts.audio]
    for codec in dict.fromkeys(codecs):
        if rules.allowed_codecs and codec not in rules.allowed_codecs:
            allowed = ", ".join(rules.allowed_codecs)
            yield "allowed_codecs", f"codec {codec!r} is not allowed", f"convert it to one of: {allowed}"


def _tracks(facts: MediaFacts, rules: QualityRules) -> Iterator[tuple[str, str, str]]:
    if not facts.demuxed or facts.kind not in _TIMED:
        return
    if rules.must_have_audio and not facts.audio:
        yield "must_have_audio", "it has no sound", "export it with sound"
    if rules.must_have_video and not facts.video_codec:
        yield "must_have_video", "it has no picture", "export it with picture"


def _limits(facts: MediaFacts, rules: QualityRules) -> Iterator[tuple[str, str, str]]:
    if rules.max_bytes is not None and facts.size > rules.max_bytes:
        yield "max_bytes", f"{facts.size} bytes are more than {rules.max_bytes}", "export it smaller"
    if facts.duration is not None:
        if rules.max_duration is not None and facts.duration > rules.max_duration:
            yield "max_duration", f"{facts.duration:g} s are longer than {rules.max_duration:g} s", "cut it into parts"
        if rules.min_duration is not None and facts.duration < rules.min_duration:
            message = f"{facts.duration:g} s are shorter than {rules.min_duration:g} s"
            yield "min_duration", message, "check that the recording is complete"
    for side in ("width", "height"):
        pixels, least, most = getattr(facts, side), getattr(rules, f"min_{side}"), getattr(rules, f"max_{side}")
        if pixels and least is not None and pixels < least:
            yield f"min_{side}", f"{side} of {pixels} pixels is less than {least}", "export it larger"
        if pixels and most is not None and pixels > most:
            yield f"max_{side}", f"{side} of {pixels} pixels is more than {most}", "export it smaller"


def _value(name: object, value: object) -> Any:
    """Check a rule; what is wrong is raised as ``ValueError(message, fix)``."""
    known = [field.name for field in fields(QualityRules)]
    if name not in known:
        near = get_close_matches(str(name), known, n=1)
        raise ValueError("unknown rule", f"did you mean {near[0]!r}?" if near else f"known rules: {', '.join(known)}")
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is neither true nor false", "write true or false, without quotes")
        return value
    if name in _LISTS:
        return _words(str(name), value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        unit = "seconds" if name in _SECONDS else "bytes" if name == "max_bytes" else "pixels"
        raise ValueError(f"{value!r} is no number above 0", f"write the number of {unit}, without unit and quotes")
    if name in _WHOLE and value != int(value):
        raise ValueError(f"{value!r} is no whole number", f"write {round(value)}")
    return int(value) if name in _WHOLE else float(value)


def _words(name: str, value: object) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) and word.strip() for word in words):
        raise ValueError(f"{value!r} is no list of texts", "write a list, such as ['mp4', 'mov']")
    result = tuple(word.strip().lower().removeprefix(".") for word in words)
    known = {"allowed_kinds": _KINDS, "allowed_containers": tuple(KIND_OF)}.get(name)
    for word in result if known else ():
        if known and word not in known:
            near = get_close_matches(word, known, n=1)
            everything = "any usual file extension" if name == "allowed_containers" else ", ".join(known)
            raise ValueError(
                f"unknown value {word!r}", f"did you mean {near[0]!r}?" if near else f"known: {everything}"
            )
    return result


def _contradictions(values: Mapping[str, Any], origin: str) -> Iterator[Problem]:
    for what in ("duration", "width", "height"):
        least, most = values.get(f"min_{what}"), values.get(f"max_{what}")
        if least is not None and most is not None and least > most:
            message = f"{least:g} is more than max_{what}, {most:g}, so nothing would be taken"
            yield Problem(origin, "", f"min_{what}", message, "exchange them, or leave one out")
