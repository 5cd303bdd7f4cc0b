"""Quarantine: a copy of each title that cannot be used, and beside it why, who can fix it and what to do next.

Below the state prefix lies ``quarantine/<bucket>/<key>`` for each object of the title and one
``quarantine/<bucket>/<key>.why.json`` for its media file. The source is never touched unless that is asked for.
"""

from __future__ import annotations

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.s3_objects import ObjectChangedError, copy, look, remove
from kaltura_provider.hooks.s3_documents import S3Documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kaltura_pipeline.results.model import ResultProblem, TitleResult
    from kaltura_pipeline.s3_objects import Seen
    from kaltura_pipeline.workspace import Workspace

log = logging.getLogger(__name__)

FOLDER = "quarantine/"
_WHY = ".why.json"
# S3's limit for keys, in bytes of UTF-8.
_LONGEST_KEY = 1024
_ARCHIVED = frozenset({"InvalidObjectState", "ObjectNotInActiveTierError"})
# S3 answers in tens of milliseconds, and nearly all of that is waiting.
_AT_ONCE = 8


class HeldObject(TypedDict):
    """An object of a quarantined title.

    ``copy`` is the key of its copy, empty if there is none; ``note`` says why not. ``moved`` says that the copy is all
    there is, as the source was removed.
    """

    key: str
    etag: str
    size: int
    copy: str
    moved: bool
    note: str


class WhyDocument(TypedDict):
    """What ``<key>.why.json`` says. ``time`` is when it was first written, in UTC, by the run ``run_id``."""

    bucket: str
    key: str
    etag: str
    result: str
    cause: str
    who: str
    step: str
    problems: list[ResultProblem]
    run_id: str
    time: str
    objects: list[HeldObject]


class Held(TypedDict):
    """What :meth:`Quarantine.put` did with one title.

    ``why`` is the address of its document, ``copied`` the number of objects that were copied now, and ``error`` why it
    could not be put into quarantine, or empty.
    """

    key: str
    why: str
    copied: int
    error: str


@dataclass(frozen=True)
class Case:
    """A title for the quarantine.

    :param result: what became of it; says the cause.
    :param sidecars: keys of the other objects that belong to it.
    """

    result: TitleResult
    sidecars: tuple[str, ...] = ()


class Quarantine:
    """The quarantine of one source bucket.

    :param workspace: where the pipeline works.
    :param folder: name below the state prefix; there, no run takes a copy for a new source file.
    :raises ConfigurationError: source files and the pipeline's own would lie in one place.
    """

    def __init__(self, workspace: Workspace, folder: str = FOLDER) -> None:
        documents = workspace.documents
        if not documents.prefix and documents.bucket == workspace.bucket:
            raise ConfigurationError(
                "the quarantine needs a place of its own: set KALTURA_PIPELINE_STATE_PREFIX, or another bucket as "
                "KALTURA_PIPELINE_STATE_BUCKET"
            )
        if not (name := folder.strip("/")):
            raise ConfigurationError("the quarantine's folder has no name; use one such as 'quarantine/'")
        self._workspace = workspace
        self._client = workspace.client
        self._store = S3Documents(self._client, documents.bucket, f"{documents.prefix}{name}/{workspace.bucket}/")

    @property
    def address(self) -> str:
        """Where the quarantine of this bucket lies."""
        return self._store.uri("")

    def put(self, cases: Iterable[Case], *, run_id: str, move: bool = False, now: datetime | None = None) -> list[Held]:
        """Copy titles into quarantine, on the server, and write why. Repeating it over the same objects copies nothing.

        A title that cannot be copied does not stop the others. S3: HeadObject and CopyObject for each object,
        GetObject and PutObject for the document; eight titles at once.

        :param cases: the titles.
        :param run_id: the DAG run.
        :param move: remove the source objects once their copies are whole.
        :param now: the time to note.
        :return: what was done, in the order of ``cases``.
        """
        moment = (now or datetime.now(timezone.utc)).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda case: self._put_safely(case, run_id, moment, move), cases))

    def read(self, key: str) -> WhyDocument | None:
        """Return why a title is in quarantine, or None if it is not. S3: GetObject.

        :param key: key of its media file.
        """
        document = self._store.read(_name(key, _WHY))
        body: Any = document.body if document else None
        return body if body and body["key"] == key else None

    def titles(self, prefix: str = "") -> Iterator[WhyDocument]:
        """Yield why each title is in quarantine, in the order of the names. S3: ListObjectsV2, GetObject.

        :param prefix: only keys that start with this.
        """
        for name in self._store.names(""):
            if not name.endswith(_WHY):
                continue
            document = self._store.read(name)
            body: Any = document.body if document else None
            if body and body["key"].startswith(prefix):
                yield body

    def release(self, keys: Iterable[str]) -> list[str]:
        """Remove titles from quarantine, such as those that a run has just ingested.

        A copy that is all there is of an object stays. One listing when nothing is in quarantine, however many keys.
        S3: ListObjectsV2, then DeleteObject.

        :param keys: keys of media files.
        :return: the keys that were in quarantine.
        """
        held = {name for name in self._store.names("") if name.endswith(_WHY)}
        released = []
        for key in keys if held else ():
            if _name(key, _WHY) in held and (document := self.read(key)):
                self.remove(document)
                released.append(key)
        return released

    def restore(self, document: WhyDocument) -> list[str]:
        """Copy back the objects of a title that are gone from their place. S3: HeadObject, CopyObject.

        :param document: why it is in quarantine.
        :return: keys of the objects that are there again.
        """
        restored = []
        for held in document["objects"]:
            if not held["copy"] or look(self._client, document["bucket"], held["key"]) is not None:
                continue
            seen = look(self._client, self._store.bucket, held["copy"])
            if seen is not None:
                copy(self._client, (self._store.bucket, held["copy"]), (document["bucket"], held["key"]), seen)
                restored.append(held["key"])
        return restored

    def missing(self, document: WhyDocument) -> list[str]:
        """Return the objects of a title that are gone from their place. S3: HeadObject.

        :param document: why it is in quarantine.
        """
        keys = [held["key"] for held in document["objects"]]
        return [key for key in keys if look(self._client, document["bucket"], key) is None]

    def remove(self, document: WhyDocument) -> None:
        """Remove a title from quarantine. A copy that is all there is of an object stays, and so does its document.

        :param document: why it is in quarantine.
        """
        left = []
        for held in document["objects"]:
            if held["moved"] and look(self._client, document["bucket"], held["key"]) is None:
                left.append(held)
            elif held["copy"]:
                self._client.delete_object(Bucket=self._store.bucket, Key=held["copy"])
        # The document last: as long as there are copies, it names them.
        if left:
            self._store.write(_name(document["key"], _WHY), {**document, "objects": left})
        else:
            self._store.delete(_name(document["key"], _WHY))

    def _put_safely(self, case: Case, run_id: str, moment: str, moving: bool) -> Held:
        from botocore.exceptions import BotoCoreError, ClientError

        key = case.result["key"]
        uri = self._store.uri(_name(key, _WHY))
        try:
            copied = self._put(case, run_id, moment, moving)
        except (BotoCoreError, ClientError, ObjectChangedError) as error:
            fix = f"check that the AWS identity may read the object and its tags, and write below {self.address}"
            log.warning("%s could not be put into quarantine: %s; %s", key, error, fix)
            return {"key": key, "why": "", "copied": 0, "error": f"{error}; {fix}"}
        return {"key": key, "why": uri, "copied": copied, "error": ""}

    def _put(self, case: Case, run_id: str, moment: str, moving: bool) -> int:
        from kaltura_pipeline.results.why import why

        key, bucket = case.result["key"], self._workspace.bucket
        known = self.read(key)
        before = {held["key"]: held for held in known["objects"]} if known else {}
        seen = {name: look(self._client, bucket, name) for name in dict.fromkeys((key, *case.sidecars))}
        looked = [self._hold(name, found, before.get(name)) for name, found in seen.items()]
        objects = [held for held, _ in looked]
        # What was moved here once stays known, even if it is no part of the title any more.
        objects += [held for name, held in before.items() if name not in seen and held["moved"]]
        document: WhyDocument = {
            "bucket": bucket,
            "key": key,
            "etag": objects[0]["etag"],
            "result": case.result["result"],
            **why(case.result),
            "problems": case.result["problems"],
            "run_id": run_id,
            "time": moment,
            "objects": objects,
        }
        if known is None or known != {**document, "run_id": known["run_id"], "time": known["time"]}:
            self._write(document)
        if moving:
            self._move(document, [held for held in objects if held["copy"] and seen.get(held["key"])])
        return sum(copied for _, copied in looked)

    def _hold(self, key: str, seen: Seen | None, before: HeldObject | None) -> tuple[HeldObject, bool]:
        """Copy one object, unless this very version is here already; return also whether it was copied."""
        from botocore.exceptions import ClientError

        held: HeldObject = {"key": key, "etag": "", "size": 0, "copy": "", "moved": False, "note": "it is gone"}
        if seen is None:
            return (before if before and before["copy"] else held), False
        held |= {"etag": seen.etag, "size": seen.size, "copy": self._store.prefix + _name(key), "note": ""}
        # A crash can have come between the note that it moves and its removal.
        if before and held == {**before, "moved": False} and look(self._client, self._store.bucket, held["copy"]):
            return held, False
        try:
            copy(self._client, (self._workspace.bucket, key), (self._store.bucket, held["copy"]), seen)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ARCHIVED:
                raise
            return {**held, "copy": "", "note": "it is archived; restore it to have it copied"}, False
        return held, True

    def _move(self, document: WhyDocument, going: list[HeldObject]) -> None:
        """Remove the originals. Noted before, so that a copy that is all there is is never taken for one of two."""
        if not going:
            return
        for held in going:
            held["moved"] = True
        self._write(document)
        for held in going:
            copied = look(self._client, self._store.bucket, held["copy"])
            if copied is None or copied.size != held["size"]:
                raise ObjectChangedError(f"the copy of {held['key']} is not whole; the original stays; run again")
            remove(self._client, document["bucket"], held["key"], held["etag"])

    def _write(self, document: WhyDocument) -> None:
        self._store.write(_name(document["key"], _WHY), dict(document))


def _name(key: str, suffix: str = "") -> str:
    """Return the name of a copy, or with a suffix of the document beside it."""
    # A source file that is named like a document must not take the place of one.
    name = f"{key}.object" if key.endswith(_WHY) and not suffix else key + suffix
    if len(name.encode()) <= _LONGEST_KEY - 200:
        return name
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"long-names/{digest}{PurePosixPath(key).suffix[:20]}{suffix}"
