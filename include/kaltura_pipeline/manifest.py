"""``python -m kaltura_pipeline.manifest``: check sidecars and manifests before they are uploaded.

Neither Kaltura nor S3 is asked: what needs an account is checked when the plan is made.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaltura_pipeline.manifests.model import Problem
    from kaltura_pipeline.manifests.read import Reading


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    :param arguments: the command line; the process's own by default.
    :return: the exit status: 0, or 1 when something is wrong with a file.
    """
    options = _parser().parse_args(arguments)
    return int(options.act(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kaltura_pipeline.manifest", description="Check what describes titles: sidecars and manifests."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    validate = commands.add_parser("validate", help="say what is wrong with files, and where")
    validate.add_argument("file", nargs="+", help="a sidecar (YAML, JSON) or a manifest of any form")
    validate.add_argument(
        "--as",
        choices=("auto", "sidecar", "manifest"),
        default="auto",
        dest="kind",
        help="what the files are (default: YAML and JSON with one title's fields are sidecars)",
    )
    validate.add_argument("--time-zone", default="", help="IANA name of the zone of times in files that name none")
    validate.add_argument(
        "--explain", action="store_true", help="say what is understood from each field, and its place"
    )
    validate.add_argument("--json", action="store_true", help="one JSON document a file")
    validate.set_defaults(act=_validate)
    schema = commands.add_parser("schema", help="print the JSON Schema, for editors")
    schema.add_argument(
        "which", nargs="?", choices=("title", "manifest"), default="title", help="(default %(default)s)"
    )
    schema.set_defaults(act=_schema)
    return parser


def _validate(options: argparse.Namespace) -> int:
    from kaltura_pipeline.manifests.model import ManifestError

    status = 0
    for name in options.file:
        reading: Reading | None = None
        problems: Sequence[Problem] = ()
        try:
            data = Path(name).read_bytes()
        except OSError as error:
            print(f"{name}: cannot be read: {error.strerror or error}", file=sys.stderr)
            status = 1
            continue
        try:
            reading = _reading(name, data, options)
            problems = reading.problems
        except ManifestError as error:
            problems = error.problems
        status = 1 if problems else status
        lines = _json_lines if options.json else _text_lines
        for line in lines(name, reading, problems, options.explain):
            print(line)
    return status


def _reading(name: str, data: bytes, options: argparse.Namespace) -> Reading:
    from kaltura_pipeline.manifests.read import SIDECAR_ENDINGS, manifest_reading, sidecar_reading

    sidecar = options.kind == "sidecar" or (
        options.kind == "auto" and name.lower().endswith(SIDECAR_ENDINGS) and not _is_manifest(name, data)
    )
    return (sidecar_reading if sidecar else manifest_reading)(name, data, time_zone=options.time_zone)


def _is_manifest(name: str, data: bytes) -> bool:
    from kaltura_pipeline.manifests.documents import MAXIMUM_YAML_BYTES, read_json, read_yaml
    from kaltura_pipeline.manifests.read import MAXIMUM_SIDECAR_BYTES
    from kaltura_pipeline.manifests.text import decoded

    if len(data) > min(MAXIMUM_SIDECAR_BYTES, MAXIMUM_YAML_BYTES):
        return True
    read = read_json if name.lower().endswith(".json") else read_yaml
    value = read(name, decoded(name, data)[0]).value
    return isinstance(value, list) or (isinstance(value, dict) and "titles" in value)


def _text_lines(name: str, reading: Reading | None, problems: Sequence[Problem], explain: bool) -> Iterator[str]:
    if reading and explain:
        for title in reading.titles:
            state = "cannot be used" if title.problems else title.action or "described"
            heading = ", ".join(part for part in (title.place, title.media or title.entry_id) if part)
            yield f"{name}{', ' if heading else ''}{heading}: {state}"
            for each in title.understood:
                yield f"    {each.field:18} {_shown(each.field, each.value)}  ({each.place or 'given'})"
    for problem in problems:
        yield str(problem)
    if reading:
        good = sum(not title.problems for title in reading.titles)
        yield f"{name}: {reading.form}, {good} of {len(reading.titles)} titles can be used"


def _json_lines(name: str, reading: Reading | None, problems: Sequence[Problem], explain: bool) -> Iterator[str]:
    document: dict[str, Any] = {
        "file": name,
        "form": reading.form if reading else None,
        "titles": len(reading.titles) if reading else 0,
        "usable": sum(not title.problems for title in reading.titles) if reading else 0,
        "problems": [{**vars(problem), "text": str(problem)} for problem in problems],
    }
    if explain and reading:
        document["explained"] = [
            {
                "place": title.place,
                "media": title.media,
                "action": title.action,
                "entry_id": title.entry_id,
                "usable": not title.problems,
                "fields": [
                    {"field": each.field, "place": each.place, "value": _plain(each.value)} for each in title.understood
                ],
            }
            for title in reading.titles
        ]
    yield json.dumps(document, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return vars(value) if hasattr(value, "__dataclass_fields__") else value


def _shown(field: str, value: Any) -> str:
    if field in {"start", "end"}:
        from datetime import datetime, timezone

        return f"{datetime.fromtimestamp(value, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    text = json.dumps(_plain(value), ensure_ascii=False)
    return text if len(text) <= 100 else text[:97] + "..."


def _schema(options: argparse.Namespace) -> int:
    from kaltura_pipeline.manifests import schema

    print(schema.written(schema.title_schema() if options.which == "title" else schema.manifest_schema()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
