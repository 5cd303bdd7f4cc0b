"""Read descriptions of titles: a sidecar, a manifest of any form, or the fields of a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaltura_pipeline.manifests.build import Found, Said, Title, build
from kaltura_pipeline.manifests.model import Description, Manifest, ManifestError, Problem, Row
from kaltura_pipeline.manifests.text import decoded, limited
from kaltura_pipeline.manifests.values import WrongValueError, shown

if TYPE_CHECKING:
    from datetime import tzinfo

    from kaltura_pipeline.manifests.source import Source

MAXIMUM_SIDECAR_BYTES = 1024 * 1024
# So many show that a file is of another form, and looking for more would take time.
MAXIMUM_PROBLEMS = 500
SIDECAR_ENDINGS = (".yaml", ".yml", ".json")
MANIFEST_ENDINGS = (*SIDECAR_ENDINGS, ".ndjson", ".jsonl", ".csv", ".tsv", ".txt", ".xlsx", ".xml", ".mrss", ".rss")


@dataclass(frozen=True)
class Reading:
    """A file as it was understood, title by title.

    :param form: see :class:`~kaltura_pipeline.manifests.model.Manifest`; ``sidecar`` for one.
    :param titles: those that can be used and those that cannot.
    :param problems: all of them, those of titles too, in the order of the file.
    """

    form: str
    titles: tuple[Title, ...]
    problems: tuple[Problem, ...]


def read_sidecar(file_name: str, data: bytes, *, time_zone: str = "") -> Description:
    """Read the metadata file beside one media file.

    :param file_name: name for messages; its ending tells YAML (``.yaml``, ``.yml``) from JSON (``.json``).
    :param data: the file's bytes: UTF-8, UTF-16 or Windows's Western encoding.
    :param time_zone: IANA name of the zone of times, if the file names none; empty makes that an error.
    :return: what it says; an empty file says nothing.
    :raises ManifestError: with everything that is wrong in it.
    """
    title = sidecar_reading(file_name, data, time_zone=time_zone).titles[0]
    if title.problems:
        raise ManifestError(*title.problems)
    return title.description


def sidecar_reading(file_name: str, data: bytes, *, time_zone: str = "") -> Reading:
    """Read a sidecar with the place of each field; see :func:`read_sidecar`.

    :raises ManifestError: it cannot be read at all.
    """
    from kaltura_pipeline.manifests.documents import read_json, read_yaml
    from kaltura_pipeline.manifests.mappings import found_title

    limited(file_name, data, MAXIMUM_SIDECAR_BYTES, "a sidecar holds the fields of one title")
    text = decoded(file_name, data)[0]
    document = (read_json if file_name.lower().endswith(".json") else read_yaml)(file_name, text)
    title = build(file_name, found_title(file_name, document, ()), zone=_zone(file_name, time_zone))
    return Reading("sidecar", (title,), title.problems)


def describe(origin: str, fields: object, *, time_zone: str = "") -> Description:
    """Read fields that are plain values already, such as the default metadata of the trigger form.

    :param origin: where they come from, for messages.
    :param fields: a mapping with the fields of a sidecar; numbers are read as texts. None means no fields.
    :param time_zone: IANA name of the zone of times, if the fields name none.
    :raises ManifestError: with everything that is wrong in them.
    """
    if fields is None:
        return Description()
    if not isinstance(fields, Mapping):
        what = f"must hold one 'field: value' a line, and is {shown(fields)}"
        raise ManifestError(Problem(origin, "", "", what, 'write a mapping, such as {"tags": ["physics"]}'))
    said = {str(name): Said(_plain(value), "") for name, value in fields.items()}
    title = build(origin, Found("", said), zone=_zone(origin, time_zone))
    if title.problems:
        raise ManifestError(*title.problems)
    return title.description


def _plain(value: object, depth: int = 0) -> object:
    """Return a value as the readers of files give it: numbers as texts."""
    if depth > 8:
        return None
    if isinstance(value, Mapping):
        return {str(name): _plain(content, depth + 1) for name, content in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(content, depth + 1) for content in value]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def read_manifest(file_name: str, data: bytes, *, time_zone: str = "") -> Manifest:
    """Read a file that describes a batch of titles.

    The ending tells the form: YAML (``.yaml``, ``.yml``), JSON (``.json``), one JSON document a line (``.ndjson``,
    ``.jsonl``), CSV with any delimiter (``.csv``, ``.tsv``, ``.txt``), ``.xlsx``, Kaltura's bulk upload XML and media
    RSS (``.xml``, ``.mrss``, ``.rss``). Kaltura's bulk upload CSV is known by its header.

    :param file_name: name for messages, and for its ending.
    :param data: the file's bytes.
    :param time_zone: IANA name of the zone of times, if the file names none; Kaltura's forms are in UTC.
    :return: the rows that can be used, and what is wrong with the others.
    :raises ManifestError: the file cannot be read at all, or its defaults or its header are wrong.
    """
    reading = manifest_reading(file_name, data, time_zone=time_zone)
    rows = tuple(
        Row(title.media, title.description, file_name, title.place, title.action, title.entry_id)
        for title in reading.titles
        if not title.problems
    )
    usable = {row.media for row in rows}
    refused: dict[str, tuple[Problem, ...]] = {}
    for title in reading.titles:
        if title.problems and title.media and title.media not in usable:
            refused[title.media] = (*refused.get(title.media, ()), *title.problems)
    return Manifest(rows, reading.problems, reading.form, refused)


def manifest_reading(file_name: str, data: bytes, *, time_zone: str = "") -> Reading:
    """Read a manifest with the place of each field; see :func:`read_manifest`.

    :raises ManifestError: it cannot be read at all.
    """
    source = _source(file_name, data)
    zone = source.zone or _zone(file_name, time_zone)
    defaults = None
    if source.defaults:
        said = dict(source.defaults.said)
        where = said.get("time_zone")
        for name in ("reference_id", "captions", "thumbnail"):
            if name in said:
                problem = Problem(
                    file_name, said[name].place, name, "cannot be the same for all titles", "give it per title"
                )
                raise ManifestError(problem)
        title = build(file_name, source.defaults, zone=zone)
        if title.problems:
            raise ManifestError(*source.problems, *title.problems)
        defaults = title.description
        if where and where.value:
            from kaltura_pipeline.manifests.times import zone as named

            zone = named(where.value)
    titles: list[Title] = []
    problems: dict[Problem, None] = dict.fromkeys(source.problems)
    media: dict[str, str] = {}
    references: dict[str, str] = {}
    for found in source.titles:
        title = build(file_name, found, manifest=True, defaults=defaults, zone=zone)
        title = _unique(file_name, title, "media", title.media, media)
        title = _unique(file_name, title, "reference_id", title.description.reference_id or "", references)
        titles.append(title)
        problems.update(dict.fromkeys(title.problems))
        if len(problems) > MAXIMUM_PROBLEMS:
            fix = "correct these first, and see that the file is what its ending says"
            more = Problem(file_name, title.place, "", f"is where the {MAXIMUM_PROBLEMS}th problem was found", fix)
            raise ManifestError(*list(problems)[:MAXIMUM_PROBLEMS], more)
    return Reading(source.form, tuple(titles), tuple(problems))


def _unique(file: str, title: Title, field: str, value: str, seen: dict[str, str]) -> Title:
    if not value:
        return title
    if value in seen:
        what = f"{shown(value)} is named in {seen[value]} already"
        return title.wrong(Problem(file, title.place, field, what, "keep one of the two"))
    seen[value] = title.place
    return title


def _source(file: str, data: bytes) -> Source:
    name = file.lower()
    if not name.endswith(MANIFEST_ENDINGS):
        fix = f"name it with one of {', '.join(MANIFEST_ENDINGS)}"
        raise ManifestError(Problem(file, "", "", "is of no known form", fix))
    if name.endswith(".xlsx"):
        from kaltura_pipeline.manifests import columns, tables

        limited(file, data, tables.MAXIMUM_XLSX_BYTES, "split it, or save it as CSV UTF-8")
        return columns.table_titles(file, tables.xlsx_rows(file, data), "xlsx")
    if name.endswith((".csv", ".tsv", ".txt")):
        from kaltura_pipeline.manifests import columns, tables

        limited(file, data, tables.MAXIMUM_CSV_BYTES, "split it")
        text = decoded(file, data)[0]
        return columns.table_titles(file, tables.csv_rows(file, text, columns.KNOWN_COLUMNS), "csv")
    if name.endswith((".xml", ".mrss", ".rss")):
        return _xml_source(file, data)
    from kaltura_pipeline.manifests import documents, mappings

    if name.endswith((".yaml", ".yml")):
        limited(file, data, documents.MAXIMUM_YAML_BYTES, "split it, or write it as CSV or NDJSON")
        return mappings.document_titles(file, documents.read_yaml(file, decoded(file, data)[0]), "yaml")
    limited(file, data, documents.MAXIMUM_JSON_BYTES, "split it")
    text = decoded(file, data)[0]
    if name.endswith(".json"):
        return mappings.document_titles(file, documents.read_json(file, text), "json")
    return mappings.ndjson_titles(file, text)


def _xml_source(file: str, data: bytes) -> Source:
    from kaltura_pipeline.manifests import xml_tree

    limited(file, data, xml_tree.MAXIMUM_XML_BYTES, "split it")
    root = xml_tree.read_xml(file, data)
    if root.tag == "mrss":
        from kaltura_pipeline.manifests.kaltura_xml import kaltura_titles

        return kaltura_titles(file, root)
    if root.tag == "rss":
        from kaltura_pipeline.manifests.mrss import mrss_titles

        return mrss_titles(file, root)
    raise ManifestError(
        Problem(file, root.place, "", "is neither <mrss> nor <rss>", "give Kaltura's bulk upload XML or media RSS")
    )


def _zone(file: str, name: str) -> tzinfo | None:
    if not name:
        return None
    from kaltura_pipeline.manifests.times import zone

    try:
        return zone(name)
    except WrongValueError as error:
        raise ManifestError(Problem(file, "", "time_zone", error.message, error.fix)) from None
