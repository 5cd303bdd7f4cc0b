"""What becomes of source objects once their titles are live: nothing, unless tags or another place are asked for."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.s3_objects import MISSING, ObjectChangedError, look, move

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kaltura_pipeline.workspace import Workspace

log = logging.getLogger(__name__)

ENTRY_TAG, TIME_TAG = "kaltura-entry-id", "kaltura-ingested"
# S3's limit for one object.
_MOST_TAGS = 10
_NOT_IN_TAGS = re.compile(r"[^\w\s+\-=._:/@]")
_AT_ONCE = 8


class AfterSuccess(Enum):
    """What to do with the source objects of a title that is live."""

    #: Leave them as they are.
    NOTHING = "nothing"
    #: Put tags on them.
    TAG = "tag"
    #: Move them below another prefix of their bucket.
    MOVE = "move"


@dataclass(frozen=True)
class LiveTitle:
    """A title that is live, and the objects it came from.

    :param entry_id: the entry it became.
    :param objects: key and ETag of the media file and each sidecar, as they were ingested.
    """

    entry_id: str
    objects: Mapping[str, str]


class Done(TypedDict):
    """What was done with one object; ``key`` is where it is now, ``problem`` why nothing was done, or empty."""

    source: str
    key: str
    changed: bool
    problem: str


def after_success(
    workspace: Workspace,
    titles: Iterable[LiveTitle],
    action: AfterSuccess,
    *,
    prefix: str = "",
    source_prefix: str = "",
    now: datetime | None = None,
) -> list[Done]:
    """Tag or move the source objects of titles that are live. Repeating it changes nothing.

    An object that is another one by now is left alone, and so is one that cannot be changed; neither stops the others.
    S3: GetObjectTagging and PutObjectTagging, or CopyObject and DeleteObject; HeadObject before; eight objects at once.

    :param workspace: where the pipeline works.
    :param titles: the titles.
    :param action: what to do.
    :param prefix: where to move objects to; they keep their whole key below it. Of a name that is taken there, the new
        one gets the beginning of its ETag.
    :param source_prefix: the prefix that runs read from.
    :param now: the time for the tag ``kaltura-ingested``.
    :return: what was done with each object; nothing for :attr:`AfterSuccess.NOTHING`.
    :raises ConfigurationError: objects would move to where the next run takes them for new files.
    """
    if action is AfterSuccess.NOTHING:
        return []
    if action is AfterSuccess.MOVE:
        prefix = _checked_prefix(workspace, prefix, source_prefix)
    moment = (now or datetime.now(timezone.utc)).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    worker = _Worker(workspace, prefix, moment)
    act = worker.tag if action is AfterSuccess.TAG else worker.move
    work = [(title.entry_id, key, etag) for title in titles for key, etag in title.objects.items()]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda item: _safely(act, *item), work))


def _checked_prefix(workspace: Workspace, prefix: str, source_prefix: str) -> str:
    prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    if not prefix:
        raise ConfigurationError("no prefix is named to move ingested files to; name one such as 'ingested/'")
    documents = workspace.documents
    own = documents.prefix if documents.bucket == workspace.bucket else ""
    if prefix.startswith(source_prefix) and not (own and prefix.startswith(own)):
        where = f"below {source_prefix!r}" if source_prefix else "in the bucket that is read as a whole"
        raise ConfigurationError(
            f"ingested files would move to {prefix!r}, which lies {where}: the next run would take them for new ones. "
            f"Name a prefix outside of it, or one below the state prefix {documents.prefix!r}"
        )
    return prefix


def _safely(act: Any, entry_id: str, key: str, etag: str) -> Done:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        done: Done = act(entry_id, key, etag)
    except (BotoCoreError, ClientError, ObjectChangedError) as error:
        done = {"source": key, "key": key, "changed": False, "problem": str(error)}
    if done["problem"]:
        log.warning("%s stays as it is: %s", key, done["problem"])
    return done


class _Worker:
    """Handles one object at a time."""

    def __init__(self, workspace: Workspace, prefix: str, moment: str) -> None:
        self._client = workspace.client
        self._bucket = workspace.bucket
        self._prefix = prefix
        self._moment = moment

    def tag(self, entry_id: str, key: str, etag: str) -> Done:
        """Put tags on an object and keep those it has."""
        from botocore.exceptions import ClientError

        done: Done = {"source": key, "key": key, "changed": False, "problem": ""}
        seen = look(self._client, self._bucket, key)
        if seen is None or seen.etag != etag.strip('"'):
            return {**done, "problem": "it was replaced or removed since it was ingested; the next run looks at it"}
        try:
            answer = self._client.get_object_tagging(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return {**done, "problem": "it was removed since it was ingested"}
            raise
        tags = {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}
        entry_tag = _NOT_IN_TAGS.sub("_", entry_id)
        if tags.get(ENTRY_TAG) == entry_tag and TIME_TAG in tags:
            return done
        tags |= {ENTRY_TAG: entry_tag, TIME_TAG: self._moment}
        if len(tags) > _MOST_TAGS:
            return {**done, "problem": f"it would have {len(tags)} tags, and S3 allows {_MOST_TAGS}; remove some"}
        tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
        self._client.put_object_tagging(Bucket=self._bucket, Key=key, Tagging={"TagSet": tag_set})
        return {**done, "changed": True}

    def move(self, entry_id: str, key: str, etag: str) -> Done:
        """Move an object below the prefix; what lies there already under its name stays."""
        plain, version = self._prefix + key, self._prefix + _version_of(key, etag.strip('"'))
        seen = look(self._client, self._bucket, key)
        if seen is None:
            # Another try may have moved it.
            for target in (version, plain):
                if look(self._client, self._bucket, target) is not None:
                    return {"source": key, "key": target, "changed": False, "problem": ""}
            return {"source": key, "key": key, "changed": False, "problem": "it was removed since it was ingested"}
        if seen.etag != etag.strip('"'):
            problem = "it was replaced since it was ingested; the next run looks at it"
            return {"source": key, "key": key, "changed": False, "problem": problem}
        there = look(self._client, self._bucket, plain)
        target = plain if there is None or there.etag == seen.etag else version
        move(self._client, (self._bucket, key), (self._bucket, target), seen)
        return {"source": key, "key": target, "changed": True, "problem": ""}


def _version_of(key: str, etag: str) -> str:
    """Return a name for one version of an object: ``talk.mp4`` becomes ``talk.3f2a9c1b.mp4``."""
    folder, slash, name = key.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    short = etag[:8]
    return folder + slash + (f"{stem}.{short}.{extension}" if dot and stem else f"{name}.{short}")
