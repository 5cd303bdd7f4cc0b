"""From what a title's fields say, wherever they were written, to its description or to what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.manifests import fields as table
from kaltura_pipeline.manifests import times, values
from kaltura_pipeline.manifests.model import Description, Problem
from kaltura_pipeline.manifests.values import WrongValueError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import tzinfo

    from kaltura_pipeline.manifests.fields import Field

_CHECKS: dict[str, Callable[[Field, object], Any]] = {
    "line": values.line,
    "text": lambda _, value: values.plain(value).strip(),
    "tags": values.tags,
    "categories": values.categories,
    "users": values.users,
    "object": values.s3_object,
    "captions": values.captions,
    "metadata": values.metadata,
}
# What a field that is there but empty means: nothing for these, an error for all others.
_MAY_BE_EMPTY = {"text", "tags", "categories", "users", "captions", "metadata"}


# So many problems show that a mapping is no title.
MAXIMUM_TITLE_PROBLEMS = 100


@dataclass(frozen=True)
class Said:
    """What a file says of one field.

    :param value: texts, booleans, None, lists and mappings.
    :param place: where it is written.
    :param inner: returns the place of a part of the value by its path in it, or an empty text.
    """

    value: object
    place: str
    inner: Callable[[tuple[str | int, ...]], str] = lambda path: ""

    def part(self, *path: str | int) -> str:
        """Return the nearest place that is known: of the part, of what it is in, or of the field."""
        return next((place for length in range(len(path), 0, -1) if (place := self.inner(path[:length]))), self.place)


@dataclass(frozen=True)
class Understood:
    """One field as it was understood, for people.

    :param field: its name.
    :param value: what a description holds.
    :param place: where it is written.
    """

    field: str
    value: object
    place: str


@dataclass(frozen=True)
class Title:
    """A title of a file, with all that was understood of it.

    :param place: where in the file.
    :param media: the media file; empty in a sidecar, and in a row about an entry that is there.
    :param description: what was understood; of use only if there are no problems.
    :param problems: what was not.
    :param understood: each field, in the order of the file.
    :param action: see :class:`~kaltura_pipeline.manifests.model.Row`.
    :param entry_id: see :class:`~kaltura_pipeline.manifests.model.Row`.
    """

    place: str
    media: str
    description: Description
    problems: tuple[Problem, ...]
    understood: tuple[Understood, ...]
    action: str = ""
    entry_id: str = ""

    def wrong(self, *problems: Problem) -> Title:
        """Return this title with more problems."""
        return replace(self, problems=(*self.problems, *problems))


@dataclass(frozen=True)
class Found:
    """A title as a reader found it, before its values are looked at.

    :param place: where in the file.
    :param said: what is said, by field.
    :param problems: what the reader could not read.
    :param action: what the row asks for.
    """

    place: str
    said: Mapping[str, Said]
    problems: tuple[Problem, ...] = ()
    action: str = ""


def build(
    file: str,
    found: Found,
    *,
    manifest: bool = False,
    defaults: Description | None = None,
    zone: tzinfo | None = None,
) -> Title:
    """Check a title's fields.

    :param file: name for messages.
    :param found: what the file says of it.
    :param manifest: whether it is a row of a manifest, which names its media file.
    :param defaults: what the manifest says of all titles.
    :param zone: time zone of times without one.
    """
    problems = list(found.problems)
    known = {**table.BY_NAME, **({"media": table.MEDIA, "entry_id": table.ENTRY_ID} if manifest else {})}
    result: dict[str, Any] = {}
    understood: list[Understood] = []
    times_said: dict[str, Said] = {}
    for name, said in found.said.items():
        if len(problems) >= MAXIMUM_TITLE_PROBLEMS:
            fix = "correct the others first"
            problems.append(Problem(file, said.place or found.place, name[:60], "is not looked at any more", fix))
            break
        if name not in known:
            problems.append(_unknown(file, name, said, list(known), manifest))
        elif said.value is None or (said.value == "" and known[name].kind in _MAY_BE_EMPTY):
            continue
        elif known[name].kind in {"time", "zone"}:
            times_said[name] = said
        else:
            try:
                value = _CHECKS[known[name].kind](known[name], said.value)
            except WrongValueError as error:
                problems.append(_problem(file, name, said, error))
                continue
            result[name] = value
            understood += _understood(name, value, said)
    _read_times(file, times_said, zone, result, understood, problems)
    media, entry_id = result.pop("media", ""), result.pop("entry_id", "")
    description = Description(**result)
    if defaults:
        description = description.over(defaults)
    if description.start is not None and description.end is not None and description.start >= description.end:
        late = times_said.get("end") or times_said.get("start")
        place = late.place if late else found.place
        problems.append(Problem(file, place, "end", "is not after start", "put start before end"))
    unread = problems and not found.said
    if manifest and not media and not unread and not any(problem.field == "media" for problem in problems):
        about = entry_id or description.reference_id
        if found.action != "update" or not about:
            fix = "add the name of an object of the bucket"
            problems.append(Problem(file, found.place, "media", "the row names no media file", fix))
    return Title(found.place, media, description, tuple(problems), tuple(understood), found.action, entry_id)


def _understood(name: str, value: Any, said: Said) -> Iterator[Understood]:
    if name == "metadata":
        for profile, fields in value.items():
            for field_name, content in fields.items():
                yield Understood(f"{name}.{profile}.{field_name}", content, said.part(profile, field_name))
    elif name == "captions":
        for index, wish in enumerate(value):
            yield Understood(f"{name}[{index + 1}]", wish, said.part(index))
    else:
        yield Understood(name, value, said.place)


def _read_times(
    file: str,
    said: Mapping[str, Said],
    zone: tzinfo | None,
    result: dict[str, Any],
    understood: list[Understood],
    problems: list[Problem],
) -> None:
    if where := said.get("time_zone"):
        try:
            named = times.zone(where.value)
            zone = named
            understood.append(Understood("time_zone", named.key, where.place))
        except WrongValueError as error:
            problems.append(_problem(file, "time_zone", where, error))
            # Their zone is not known, which is said once.
            return
    for name in ("start", "end"):
        if name in said:
            try:
                result[name] = times.moment(said[name].value, zone)
                understood.append(Understood(name, result[name], said[name].place))
            except WrongValueError as error:
                problems.append(_problem(file, name, said[name], error))


def _unknown(file: str, name: str, said: Said, known: list[str], manifest: bool) -> Problem:
    if name == "media" and not manifest:
        fix = "remove it here: a sidecar belongs to the media file of its name"
    else:
        fix = nearest(name, known)
    return Problem(file, said.place, name[:60], "unknown field", fix)


def _problem(file: str, name: str, said: Said, error: WrongValueError) -> Problem:
    part = "".join(f"[{each + 1}]" if isinstance(each, int) else f".{each[:60]}" for each in error.path)
    return Problem(file, said.part(*error.path), name + part, error.message, error.fix)
