"""The steps of the publish DAG: collect the entries of one or more ingest runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kaltura_pipeline.settings import PipelineSettings

PAGES = "pages/"


class Collected(TypedDict):
    """What is to be published: where the pages go, and the entries (at most as many as one run ingested)."""

    bucket: str
    entry_ids: list[str]


def collect_entries(
    settings: PipelineSettings, *, manifests: Iterable[str], entry_ids: Sequence[str], bucket: str
) -> Collected:
    """Gather what to publish, from ingest manifests or from ids named in the form.

    :param manifests: addresses of ingest manifests, from the asset events that triggered this run.
    :param entry_ids: ids from the trigger form; if there are any, manifests are not read.
    :param bucket: bucket for the pages when no manifest names one.
    :raises ConfigurationError: neither manifests nor ids are given.
    """
    from kaltura_pipeline.ingest import Workspace

    wanted = list(manifests)
    if not entry_ids and not wanted:
        raise ConfigurationError("nothing to publish: name entry ids in the trigger form, or run kaltura_ingest first")
    if entry_ids:
        return {"bucket": settings.state_bucket or bucket, "entry_ids": _unique(entry_ids)}
    found: list[str] = []
    for uri in wanted:
        manifest_bucket = uri.split("/", 3)[2]
        workspace = Workspace.open(settings, manifest_bucket)
        document = workspace.documents.read(workspace.documents.name_of(uri))
        if document is None:
            raise FileNotFoundError(f"the manifest {uri} is gone; name its entry ids in the trigger form instead")
        found.extend(entry["entry_id"] for entry in _pages_first(document.body["entries"]))
        bucket = manifest_bucket
    return {"bucket": bucket, "entry_ids": _unique(found)}


def _pages_first(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: str(entry["key"]))


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value.strip() for value in values if value.strip()))
