"""Make the items of a plan: read what is said of each title, check it, and decide."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import islice
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.catalogue import (
    CHAPTERS,
    MANIFEST,
    MEDIA,
    METADATA,
    RENDITION,
    THUMBNAIL,
    SourceObject,
    Title,
)
from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.manifests.model import Description, ManifestError, Problem
from kaltura_pipeline.plan import (
    ADD,
    CHANGED_NEW_ENTRY,
    DUPLICATE_REFUSE,
    REFUSE,
    REPLACE,
    SKIP,
    PlanItem,
    PlannedChapter,
    decide,
    digest_of,
    is_known,
    limit,
    metadata_digest,
)
from kaltura_pipeline.quality_gate import QualityGate
from kaltura_pipeline.title_files import Draft, TitleFiles
from kaltura_provider.transfers import ledger as ledger_states

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kaltura_pipeline.catalogue import Catalogue
    from kaltura_pipeline.enrichment.resolver import Resolver
    from kaltura_pipeline.ledger_index import LedgerIndex
    from kaltura_pipeline.options import RunOptions
    from kaltura_pipeline.workspace import Workspace
    from kaltura_provider.api import KalturaClient

log = logging.getLogger(__name__)

# Titles that are read and checked together: enough to ask Kaltura for many names at once.
_CHUNK = 300
_THREADS = 8
# What sets the reference ID of a file's second entry apart.
_VERSION = "@"


class TitlePlanner:
    """Plans the titles of a run.

    :param workspace: where the run works.
    :param options: its options.
    :param catalogue: what the bucket holds; the items of the plan are noted there too.
    :param index: the ledger.
    :param kaltura: opens the connection to Kaltura.
    :param only: keys of the media files that are planned; None plans all.
    """

    def __init__(
        self,
        workspace: Workspace,
        options: RunOptions,
        catalogue: Catalogue,
        index: LedgerIndex,
        kaltura: Callable[[], KalturaClient],
        *,
        only: Collection[str] | None = None,
    ) -> None:
        from kaltura_pipeline.manifests import describe

        self._workspace = workspace
        self._options = options
        self._catalogue = catalogue
        self._index = index
        self._kaltura = kaltura
        self._only = only
        self._zone = workspace.settings.time_zone
        self._resolver: Resolver | None = None
        try:
            self._defaults = describe("default metadata", dict(options.defaults), time_zone=self._zone)
        except ManifestError as error:
            raise ConfigurationError(str(error)) from error
        self._gate = QualityGate(workspace, options.rules)
        self._files = TitleFiles(catalogue, self._key_of)

    def plan(self) -> None:
        """Put an item for every title into the catalogue."""
        self._read_manifests()
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="plan") as threads, self._gate:
            titles = (
                each for each in self._catalogue.titles() if self._only is None or each.media.key in self._only
            )  # fmt: skip
            while chunk := list(islice(titles, _CHUNK)):
                self._plan_chunk(chunk, threads)

    # -- manifests

    def _read_manifests(self) -> None:
        from kaltura_pipeline.manifests import read_manifest

        unreadable: dict[str, ValueError] = {}
        for source, _, _ in self._catalogue.of_role(MANIFEST):
            try:
                manifest = read_manifest(source.key, self._workspace.read(source.key), time_zone=self._zone)
            except ValueError as error:
                self._catalogue.leave(source.key, str(error))
                unreadable[source.key] = error
                continue
            if manifest.problems:
                self._catalogue.leave(source.key, "\n".join(map(str, manifest.problems)))
            for row in manifest.rows:
                if not row.media:
                    reason = "it names no media file, and the pipeline works by files; name the one it is about"
                    self._miss(row.file, row.place, reason)
                    continue
                key = self._key_of(row.media, source.key)
                body = {
                    "description": row.description.to_json(), "action": row.action, "entry_id": row.entry_id,
                }  # fmt: skip
                if before := self._catalogue.add_row(key, row.file, row.place, body):
                    self._miss(row.file, row.place, f"{key} is described in {before} already; remove one of the two")
            for media, problems in manifest.refused.items():
                # Without what the row says it must not go live.
                wrong = {"description": {}, "problems": [asdict(problem) for problem in problems]}
                self._catalogue.add_row(self._key_of(media, source.key), source.key, problems[0].place, wrong)
        for key, file, place in list(self._catalogue.rows_without_media()):
            self._miss(file, place, f"{key} is not in the bucket; upload it, or correct the manifest")
        for manifest_key, fault in unreadable.items():
            self._hold_back(manifest_key, fault)
        if self._options.manifest:
            if self._catalogue.find(self._options.manifest) is None:
                raise ConfigurationError(
                    f"there is no manifest s3://{self._options.bucket}/{self._options.manifest}; correct the form"
                )
            for source, _, _ in self._catalogue.of_role(MEDIA):
                if self._catalogue.row(source.key) is None:
                    self._catalogue.leave(source.key, f"not named in {self._options.manifest}")

    def _hold_back(self, manifest: str, error: ValueError) -> None:
        """Nobody knows what an unreadable manifest says of the files in its folder: whom they may be shown to, say."""
        folder = f"{dirname(manifest)}/".lstrip("/")
        found = (
            error.problems if isinstance(error, ManifestError) else (Problem(manifest, "", "", str(error), "mend it"),)
        )
        wrong = {"description": {}, "problems": [asdict(problem) for problem in found]}
        for source, _, _ in self._catalogue.of_role(MEDIA):
            if source.key.startswith(folder) and self._catalogue.row(source.key) is None:
                self._catalogue.add_row(source.key, manifest, "", wrong)

    def _miss(self, file: str, place: str, reason: str) -> None:
        name = f"{file} ({place})" if place else file
        self._catalogue.add(SourceObject(name, 0, ""), "", reason=reason)

    def _key_of(self, media: str, manifest: str) -> str:
        root = f"s3://{self._options.bucket}/"
        if media.startswith(root):
            return media[len(root) :]
        return normpath(join(dirname(manifest), media)).lstrip("/")

    # -- titles

    def _plan_chunk(self, titles: list[Title], threads: ThreadPoolExecutor) -> None:
        drafts = [draft for title in titles if (draft := self._draft(title)) is not None]
        list(threads.map(self._describe, drafts))
        for draft in drafts:
            self._complete(draft)
        self._resolve([draft for draft in drafts if not draft.problems])
        for draft in drafts:
            self._decide(draft)
        checked = [draft for draft in drafts if draft.item["action"] not in (SKIP, REFUSE)]
        list(threads.map(self._check, checked))
        for draft in drafts:
            if draft.problems:
                draft.item["action"] = REFUSE
                draft.item["problems"] = [asdict(problem) for problem in draft.problems]
                draft.item["reason"] = "; ".join(map(str, draft.problems[:5]))
            if self._catalogue.find(draft.key, MEDIA):
                self._catalogue.add_item(dict(draft.item))

    def _draft(self, title: Title) -> Draft | None:
        """Begin with a title; None if nothing is to be done about it."""
        from kaltura_provider.transfers.upload import reference_id_of

        bucket, key = self._options.bucket, title.media.key
        record = self._index.find(bucket, key)
        row = self._catalogue.row(key)
        # A run that names no defaults does not take away those that an earlier one gave.
        defaults = self._defaults.to_json() or (record or {}).get("defaults") or {}
        beside = [(each.source.key, each.source.etag, each.role, each.detail) for each in title.sidecars]
        item: PlanItem = {
            "action": SKIP, "reason": "", "key": key, "size": title.media.size, "etag": title.media.etag,
            "kind": title.kind, "entry_id": str((record or {}).get("entry_id") or ""),
            "reference_id": str((record or {}).get("reference_id") or "") or reference_id_of(f"s3://{bucket}/{key}"),
            "name": title.media.path.stem, "description": {}, "wanted": {}, "captions": [], "thumbnail": None,
            "renditions": {}, "chapters": None, "attachments": [], "problems": [], "metadata_digest": "",
            "inputs_digest": digest_of([[defaults, dict(self._options.rules)], beside, row and row[2]]),
            "new_entry": False, "named": {}, "defaults": defaults,
            "sidecars": {each.source.key: each.source.etag for each in title.sidecars},
        }  # fmt: skip
        if self._has_named(record):
            item["reason"] = is_known(record, title.media.etag, item["inputs_digest"], self._options.known_files)
        if record and item["reason"]:
            for named in record.get("named", {}):
                self._catalogue.attach_named(named, THUMBNAIL, key)
            self._catalogue.add_item(dict(item))
            return None
        item["reference_id"] = reference_id_of(f"s3://{bucket}/{key}")
        described = [each.source.key for each in title.of(METADATA)] or ([row[0]] if row else [key])
        return Draft(title, record, item, described[0], row[1] if row and not title.of(METADATA) else "")

    def _has_named(self, record: dict[str, Any] | None) -> bool:
        """Whether the files a title names are the same as when it was ingested."""
        named: dict[str, str] = (record or {}).get("named", {})
        found = {key: self._catalogue.find(key) for key in named}
        return all(source is not None and source.etag == named[key] for key, source in found.items())

    def _describe(self, draft: Draft) -> None:
        """Read what is said of a title: by its sidecar, else by a manifest, else by the defaults; and its chapters."""
        from botocore.exceptions import ClientError

        description = Description()
        for sidecar in draft.title.of(METADATA):
            try:
                description = self._read_sidecar(sidecar.source.key)
            except ManifestError as error:
                draft.problems.extend(error.problems)
            except (ValueError, ClientError) as error:
                fix = "correct the file, or start the run again if it was removed meanwhile"
                draft.problems.append(Problem(sidecar.source.key, "", "", str(error), fix))
        draft.description = description
        for sidecar in draft.title.of(CHAPTERS):
            try:
                draft.item["chapters"] = self._read_chapters(sidecar.source.key)
            except (ValueError, ClientError) as error:
                fix = "correct the file, or start the run again if it was removed meanwhile"
                message = str(error).removeprefix(f"{sidecar.source.key}: ")
                draft.problems.append(Problem(sidecar.source.key, "", "", message, fix))

    def _read_chapters(self, key: str) -> list[PlannedChapter]:
        from kaltura_provider.api.chapters import read_chapters

        found = read_chapters(self._workspace.read(key), key)
        return [{"start": each.start, "title": each.title, "description": each.description} for each in found]

    def _read_sidecar(self, key: str) -> Description:
        from kaltura_pipeline.manifests import read_sidecar

        return read_sidecar(key, self._workspace.read(key), time_zone=self._zone)

    def _complete(self, draft: Draft) -> None:
        """Add manifest and defaults, and find the files that the description names."""
        row = self._catalogue.row(draft.key)
        if row:
            draft.problems.extend(Problem(**problem) for problem in row[2].get("problems", ()))
            draft.description = draft.description.over(Description.from_json(row[2]["description"]))
        draft.description = draft.description.over(Description.from_json(draft.item["defaults"]))
        description, item = draft.description, draft.item
        if description.name is None:
            draft.description = description = replace(description, name=draft.title.media.path.stem)
        item["name"] = str(description.name)
        item["reference_id"] = description.reference_id or item["reference_id"]
        recorded = str((draft.record or {}).get("reference_id") or "")
        if recorded.startswith(item["reference_id"] + _VERSION):
            item["reference_id"] = recorded
        item["captions"] = self._files.captions(draft)
        item["thumbnail"] = self._files.thumbnail(draft)
        item["attachments"] = self._files.attachments(draft)
        item["renditions"] = {each.detail: each.source.key for each in draft.title.of(RENDITION)}
        item["description"] = description.to_json()
        item["metadata_digest"] = metadata_digest(item)

    def _resolve(self, drafts: Iterable[Draft]) -> None:
        """Turn names into what Kaltura knows them by; no call is made where no names are."""
        from kaltura_pipeline.enrichment.resolver import Resolver

        wanted = list(drafts)
        if not wanted:
            return
        if self._resolver is None:
            self._resolver = Resolver(_Lazy(self._kaltura), create_categories=self._options.create_categories)  # type: ignore[arg-type]
        self._resolver.prefetch(draft.description for draft in wanted)
        for draft in wanted:
            resolved = self._resolver.resolve(draft.description, draft.described_in, draft.place)
            draft.problems.extend(resolved.problems)
            draft.item["wanted"] = resolved.to_json()

    def _decide(self, draft: Draft) -> None:
        options, item = self._options, draft.item
        ledger = self._workspace.ledger
        item["action"], item["reason"] = decide(
            item, draft.record, address=ledger.address(options.bucket, item["key"]),
            known_files=options.known_files, changed_files=options.changed_files,
        )  # fmt: skip
        if row := self._catalogue.row(draft.key):
            item["action"], item["reason"] = limit(item, row[2].get("action", ""))
            if (named := row[2].get("entry_id", "")) and named != item["entry_id"]:
                message = f"it names the entry {named}, which this file did not become"
                fix = "leave the entry out: the pipeline knows by its ledger what a file became"
                draft.problems.append(Problem(row[0], row[1], "entry_id", message, fix))
        changed = draft.record is not None and draft.record.get("etag") != item["etag"] and bool(item["entry_id"])
        item["new_entry"] = item["action"] == ADD and changed and options.changed_files == CHANGED_NEW_ENTRY
        if item["new_entry"]:
            # The entry of the old content keeps the reference ID.
            item["reference_id"] = f"{item['reference_id']}{_VERSION}{item['etag'][:12]}"
            item["metadata_digest"] = metadata_digest(item)
        if item["action"] == ADD and draft.record is None and options.duplicate_files == DUPLICATE_REFUSE:
            self._refuse_duplicate(draft)

    def _refuse_duplicate(self, draft: Draft) -> None:
        """A file that is in the bucket, or on Kaltura, under another name already is most often a mistake."""
        if draft.title.media.size and (same := self._catalogue.same_content(draft.title.media)):
            key, entry_id = same
            became = f" (entry {entry_id})" if entry_id else ""
            fix = "remove it, or run with duplicate files = add to make an entry of it all the same"
            draft.problems.append(Problem(draft.key, "", "", f"it has the same content as {key}{became}", fix))

    def _check(self, draft: Draft) -> None:
        """Look into the files of a title before anything of it is sent."""
        record = draft.record or {}
        seen = record.get("state") == ledger_states.UPLOADED and record.get("etag") == draft.item["etag"]
        media = self._options.check_media and draft.item["action"] in (ADD, REPLACE) and not seen
        draft.problems.extend(self._gate.check(draft.item, media=media))


class _Lazy:
    """Opens the connection to Kaltura when something is asked of it at last."""

    def __init__(self, kaltura: Callable[[], KalturaClient]) -> None:
        self._kaltura = kaltura
        self._client: KalturaClient | None = None

    def __getattr__(self, name: str) -> Any:
        if self._client is None:
            self._client = self._kaltura()
        return getattr(self._client, name)
