"""Looks into the files of a title before anything of it is sent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.manifests.model import Problem
from kaltura_pipeline.sidecar_names import is_chapters_name
from kaltura_provider.api.chapters import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.quality.facts import MediaFacts
    from kaltura_pipeline.quality.media import MediaProber
    from kaltura_pipeline.workspace import Workspace

_MILLISECONDS = 1000


class QualityGate:
    """Checks media, captions and thumbnails. Safe for use by threads; close it, or use it in a ``with`` statement.

    :param workspace: where the files are.
    :param rules: see :class:`kaltura_pipeline.quality.rules.QualityRules`.
    :raises ConfigurationError: the rules are wrong.
    """

    def __init__(self, workspace: Workspace, rules: Mapping[str, Any]) -> None:
        from kaltura_pipeline.quality.rules import QualityRules

        self._workspace = workspace
        try:
            self._rules = QualityRules.from_json(rules)
        except ValueError as error:
            raise ConfigurationError(str(error)) from error
        self._local = threading.local()
        self._probers: list[MediaProber] = []

    def __enter__(self) -> QualityGate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for prober in self._probers:
            prober.close()

    def check(self, item: PlanItem, *, media: bool) -> list[Problem]:
        """Look into the files of a title. S3: GetObject, of the media file only parts of it.

        :param item: the title.
        :param media: whether the media file itself is looked into.
        :return: what is wrong with them.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        from kaltura_provider.api import SourceChangedError

        problems: list[Problem] = []
        duration: float | None = None
        name = item["key"]
        try:
            if media:
                found, duration = self._check_media(item)
                problems.extend(found)
            for caption in item["captions"]:
                name = caption["key"]
                problems.extend(self._check_captions(name, duration, caption["language"]))
            problems.extend(_check_chapters(item, duration))
            if item["thumbnail"] is not None:
                name = item["thumbnail"]["key"]
                problems.extend(self._check_thumbnail(name))
        except SourceChangedError as error:
            problems.append(Problem(name, "", "", str(error), "start the run again"))
        except (BotoCoreError, ClientError, OSError, ValueError) as error:
            problems.append(
                Problem(name, "", "", f"it cannot be read: {error}", "see that it may be read, and start again")
            )
        return problems

    def _check_media(self, item: PlanItem) -> tuple[list[Problem], float | None]:
        from kaltura_pipeline.quality.rules import check_media

        facts = self._probe(item["key"])
        if facts.kind:
            item["kind"] = facts.kind
        return list(check_media(item["key"], facts, self._rules)), facts.duration

    def _check_captions(self, key: str, duration: float | None, language: str) -> list[Problem]:
        from kaltura_pipeline.quality.captions import check_captions
        from kaltura_provider.api.languages import language_tag

        return list(check_captions(key, self._workspace.read(key), duration, language_tag(language))[1])

    def _check_thumbnail(self, key: str) -> list[Problem]:
        from kaltura_pipeline.quality.images import check_thumbnail

        return list(check_thumbnail(key, self._probe(key)))

    def _probe(self, key: str) -> MediaFacts:
        from kaltura_provider.transfers.s3_source import S3Source

        return self._prober().probe(S3Source.find(self._workspace.hook, self._workspace.bucket, key))

    def _prober(self) -> MediaProber:
        from kaltura_pipeline.quality.media import MediaProber

        if not hasattr(self._local, "prober"):
            self._local.prober = MediaProber()
            self._probers.append(self._local.prober)
        prober: MediaProber = self._local.prober
        return prober


def _check_chapters(item: PlanItem, duration: float | None) -> Iterator[Problem]:
    """Kaltura refuses a chapter that begins after the end, when all else is done."""
    (name,) = [key for key in item["sidecars"] if is_chapters_name(key.rpartition("/")[2])] or [item["key"]]
    for chapter in item["chapters"] or ():
        if duration is not None and chapter["start"] > duration * _MILLISECONDS:
            place = f"chapter {chapter['title']!r}"
            end = clock(round(duration * _MILLISECONDS))
            message = f"it begins at {clock(chapter['start'])}, after the end of the media at {end}"
            yield Problem(name, place, "", message, "correct its time, or remove it")
