"""What ``docs`` says of sidecars and manifests, made from the tables that the readers use.

``python -m kaltura_pipeline.manifests.documentation docs`` writes it anew: the schemas, the tables between marks such
as ``<!-- fields -->``, and the example files from the code blocks below a link to them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kaltura_pipeline.manifests import mrss, schema
from kaltura_pipeline.manifests.fields import FIELDS
from kaltura_pipeline.manifests.kaltura_names import COLUMNS, ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kaltura_pipeline.manifests.fields import Field
    from kaltura_pipeline.manifests.kaltura_names import Name

_EXAMPLE = re.compile(r"\[[\w.-]+\]\((examples/[\w.-]+)\)[^`]*?```\w+\n(.*?)```", re.DOTALL)
_KINDS = {
    "line": "text",
    "text": "text of any lines",
    "tags": "list, or one text with commas",
    "categories": "list, or one text with commas",
    "users": "list of user IDs, or one text with commas",
    "object": "name of a file, or `s3://bucket/key`",
    "time": "`2026-12-01 09:00`, also with `Z` or `+01:00` behind it",
    "zone": "IANA name",
    "captions": "list of file names, or of mappings with `file`, `language` (BCP-47), `label`, `default`",
    "metadata": "mapping of profiles, each a mapping of fields to a text or a list",
}


def files(docs: Path) -> Mapping[Path, str]:
    """Return the generated files and pages as they should be.

    :param docs: the folder of the documentation; its pages are read.
    """
    result = {
        docs / "schemas" / "title.schema.json": schema.written(schema.title_schema()),
        docs / "schemas" / "manifest.schema.json": schema.written(schema.manifest_schema()),
    }
    blocks = {
        "fields": _fields(),
        "columns": _names(COLUMNS, "column"),
        "elements": _names(ITEM, "element of `item`"),
        "feed": _feed(),
    }
    for page in [docs / "manifests.md", *sorted((docs / "manifests").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        for mark, lines in blocks.items():
            start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
            if start in text:
                before, _, rest = text.partition(start)
                text = before + start + "".join(f"{line}\n" for line in lines) + end + rest.partition(end)[2]
        result[page] = text
        for path, content in _EXAMPLE.findall(text):
            result[page.parent / path] = content
    return result


def _fields() -> Iterator[str]:
    yield "| field | value | meaning | on Kaltura |"
    yield "|---|---|---|---|"
    for field in FIELDS:
        yield f"| `{field.name}` | {_KINDS[field.kind]}{_limit(field)} | {field.about} | {field.kaltura} |"


def _limit(field: Field) -> str:
    if field.longest_bytes:
        return f", at most {field.longest_bytes} bytes in UTF-8"
    least = f"at least {field.shortest}" if field.shortest > 1 else ""
    most = f"at most {field.longest}" if field.longest else ""
    limits = " and ".join(part for part in (least, most) if part)
    return f", {limits} characters" if limits else ""


def _names(names: Mapping[str, Name], title: str) -> Iterator[str]:
    yield f"| {title} | becomes |"
    yield "|---|---|"
    for name, meaning in names.items():
        if meaning.field:
            yield f"| `{name}` | `{meaning.field}` |"
        elif meaning.unused:
            yield f"| `{name}` | not needed: {meaning.unused} |"
        else:
            yield f"| `{name}` | not supported: {meaning.fix} |"
    if names is COLUMNS:
        yield "| `metadata::PROFILE::FIELD` | `metadata`; several values with `\\|,\\|` between them |"
        yield f"| `metadataField_FIELD` | not supported: {COLUMNS['metadataProfileId'].fix} |"


def _feed() -> Iterator[str]:
    yield "| element | becomes |"
    yield "|---|---|"
    for name, field in mrss.FROM_MEDIA.items():
        yield f"| `media:{name}` | `{field}` |"
    yield "| `media:content` (`url`), Kaltura's `content`, or `enclosure` | `media` |"
    yield "| `media:thumbnail` (`url`) | `thumbnail` |"
    yield "| `media:subTitle` (`href`, `lang`) | `captions` |"
    for name, field in mrss.FROM_ITEM.items():
        yield f"| `{name}` | `{field}`{', unless `media:' + name + '` says it' if name in mrss.FROM_MEDIA else ''} |"


def main(docs: str) -> None:
    """Write all files anew."""
    for path, text in files(Path(docs)).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main(*sys.argv[1:])
