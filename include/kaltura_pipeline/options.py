"""What one run of the ingest shall do, as the trigger form says it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.plan import (
    CHANGED_FILES,
    CHANGED_REPLACE,
    DUPLICATE_FILES,
    DUPLICATE_REFUSE,
    KNOWN_FILES,
    KNOWN_UPDATE,
)
from kaltura_pipeline.selection import Selection, parse_renditions

if TYPE_CHECKING:
    from kaltura_pipeline.settings import PipelineSettings


@dataclass(frozen=True)
class RunOptions:
    """Options of a run.

    :param bucket: the source bucket.
    :param prefix: only keys that start with this.
    :param selection: which objects below it are taken.
    :param manifest: key of a manifest with any name; it describes titles, and only these are taken.
    :param defaults: fields for titles that do not say them themselves.
    :param known_files: one of :data:`kaltura_pipeline.plan.KNOWN_FILES`.
    :param changed_files: one of :data:`kaltura_pipeline.plan.CHANGED_FILES`.
    :param duplicate_files: one of :data:`kaltura_pipeline.plan.DUPLICATE_FILES`.
    :param rules: what a media file must be like, see :class:`kaltura_pipeline.quality.QualityRules`.
    :param check_media: whether media files are looked into before they are sent.
    :param create_categories: whether categories that do not exist are made.
    """

    bucket: str = ""
    prefix: str = ""
    selection: Selection = field(default_factory=Selection)
    manifest: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    known_files: str = KNOWN_UPDATE
    changed_files: str = CHANGED_REPLACE
    duplicate_files: str = DUPLICATE_REFUSE
    rules: Mapping[str, Any] = field(default_factory=dict)
    check_media: bool = True
    create_categories: bool = False

    def __post_init__(self) -> None:
        for name, known in (
            ("known_files", KNOWN_FILES),
            ("changed_files", CHANGED_FILES),
            ("duplicate_files", DUPLICATE_FILES),
        ):
            if (value := getattr(self, name)) not in known:
                raise ConfigurationError(f"{name} is {value!r}; use one of {', '.join(known)}")

    @classmethod
    def from_params(
        cls, params: Mapping[str, Any], settings: PipelineSettings, prefixes: Sequence[str] | None = None
    ) -> RunOptions:
        """Read the options of a run from what the trigger form holds.

        :param params: the DAG's params; what is missing or empty has its default.
        :param settings: the pipeline's settings.
        :param prefixes: where something changed; None means anywhere.
        :raises ConfigurationError: a value is none of the known ones; the message names the fix.
        """
        given = {name: value for name, value in params.items() if value not in (None, "", [], {})}
        selection = Selection(
            include=tuple(given.get("include", ())),
            exclude=tuple(given.get("exclude", ())),
            min_age=60.0 * float(given.get("min_age_minutes", 0)),
            complete_when=tuple(given.get("complete_when", ())),
            renditions=parse_renditions(settings.renditions),
            prefixes=None if prefixes is None else tuple(prefixes),
        )
        if "rules" not in given and settings.rules:
            given["rules"] = _rules(settings.rules)
        names = (
            "bucket", "prefix", "manifest", "defaults", "known_files", "changed_files", "duplicate_files", "rules",
            "create_categories",
        )  # fmt: skip
        return cls(
            selection=selection,
            check_media=settings.check_media,
            **{name: given[name] for name in names if name in given},
        )


def _rules(text: str) -> Mapping[str, Any]:
    try:
        rules = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"KALTURA_PIPELINE_RULES is no JSON: {error}") from error
    if not isinstance(rules, dict):
        raise ConfigurationError('KALTURA_PIPELINE_RULES must be an object such as {"must_have_audio": true}')
    return rules
