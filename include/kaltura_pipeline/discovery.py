"""Find titles in a bucket: one media file each, with the metadata and caption files beside it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.languages import kaltura_language

if TYPE_CHECKING:
    from collections.abc import Iterator

METADATA_SUFFIXES = (".yaml", ".yml", ".json")
CAPTION_SUFFIXES = (".srt", ".vtt")


@dataclass(frozen=True)
class SourceObject:
    """An S3 object as a listing shows it: key, size in bytes, and the ETag of its content."""

    key: str
    size: int
    etag: str

    @property
    def path(self) -> PurePosixPath:
        """The key as a path, for its folder, stem and ending."""
        return PurePosixPath(self.key)


@dataclass(frozen=True)
class CaptionFile:
    """A caption file and the language its name gives, in Kaltura's words."""

    source: SourceObject
    language: str


@dataclass
class Title:
    """A media file with what lies beside it."""

    media: SourceObject
    kind: str
    metadata: SourceObject | None = None
    captions: list[CaptionFile] = field(default_factory=list)


@dataclass(frozen=True)
class NotTaken:
    """An object that is no part of any title, and why."""

    key: str
    reason: str


@dataclass
class Discovery:
    """What a prefix holds."""

    titles: list[Title]
    not_taken: list[NotTaken]


class BucketError(ConfigurationError):
    """The bucket cannot be listed; the message names the fix."""


def discover(client: Any, bucket: str, prefix: str, state_prefix: str = "") -> Discovery:
    """List a prefix and group its objects into titles.

    A sidecar belongs to the media file with the same folder and stem: ``talk.mp4``, ``talk.yaml``, ``talk.en.vtt``.
    Where two media files share a stem, the sidecar carries the whole name: ``talk.mp4.yaml``, ``talk.mp4.en.vtt``.

    :param client: a boto3 S3 client.
    :param bucket: bucket name.
    :param prefix: only keys that start with this.
    :param state_prefix: keys that start with this are the pipeline's own and are passed over.
    :raises BucketError: the bucket does not exist or may not be listed.
    """
    media: list[Title] = []
    sidecars: list[SourceObject] = []
    not_taken: list[NotTaken] = []
    for source in _objects(client, bucket, prefix):
        if source.key.endswith("/") or (state_prefix and source.key.startswith(state_prefix)):
            continue
        if source.path.suffix.lower() in METADATA_SUFFIXES + CAPTION_SUFFIXES:
            sidecars.append(source)
            continue
        try:
            media.append(Title(source, media_kind(source.path.name)))
        except ValueError as error:
            not_taken.append(NotTaken(source.key, str(error)))
    not_taken.extend(_attach(media, sidecars))
    return Discovery(media, sorted(not_taken, key=lambda item: item.key))


def media_kind(file_name: str) -> str:
    """Return the kind of a media file (``video``, ``audio``, ``image``, ``document``, ``data``) by its name.

    :raises ValueError: Kaltura has no kind for this file; the message names the fix.
    """
    from kaltura_provider.api import detect_media_kind

    return str(detect_media_kind(file_name).value)


def _objects(client: Any, bucket: str, prefix: str) -> Iterator[SourceObject]:
    from botocore.exceptions import ClientError, ParamValidationError

    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                yield SourceObject(item["Key"], item["Size"], item["ETag"].strip('"'))
    except ParamValidationError as error:
        raise BucketError(f"{bucket!r} is no name of an S3 bucket; write it alone, without s3:// and path") from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "NoSuchBucket":
            raise BucketError(
                f"S3 bucket {bucket!r} does not exist; check the name in the trigger form or KALTURA_PIPELINE_BUCKET"
            ) from error
        if code in {"AccessDenied", "403"}:
            raise BucketError(
                f"S3 bucket {bucket!r} may not be listed; give the AWS connection's identity s3:ListBucket on it"
            ) from error
        raise


def _attach(titles: list[Title], sidecars: list[SourceObject]) -> Iterator[NotTaken]:
    """Give every sidecar to its title; yield those that have none."""
    by_stem: dict[str, list[Title]] = defaultdict(list)
    by_name: dict[str, Title] = {}
    for title in titles:
        by_stem[str(title.media.path.with_suffix(""))].append(title)
        by_name[title.media.key] = title
    for sidecar in sidecars:
        is_caption = sidecar.path.suffix.lower() in CAPTION_SUFFIXES
        base = sidecar.path.with_suffix("")
        tag = base.suffix.lstrip(".") if is_caption else ""
        candidates = [str(base)] if not is_caption else [str(base.with_suffix("")), str(base)]
        found = next((by_name[name] for name in candidates if name in by_name), None)
        shared = next((by_stem[name] for name in candidates if name in by_stem), [])
        if found is None and len(shared) == 1:
            found = shared[0]
        if found is None:
            if shared:
                names = ", ".join(title.media.path.name for title in shared)
                yield NotTaken(
                    sidecar.key, f"several media files share its name ({names}); put the ending before this one"
                )
            else:
                yield NotTaken(sidecar.key, "no media file of this name beside it; upload one or remove this file")
        elif is_caption:
            yield from _attach_caption(found, sidecar, tag)
        elif found.metadata is not None:
            yield NotTaken(
                sidecar.key, f"{found.metadata.key} already describes {found.media.key}; keep one of the two"
            )
        else:
            found.metadata = sidecar


def _attach_caption(title: Title, sidecar: SourceObject, tag: str) -> Iterator[NotTaken]:
    if title.kind not in {"video", "audio"}:
        yield NotTaken(sidecar.key, f"captions go with video and audio; {title.media.key} is of kind {title.kind}")
        return
    if not tag or sidecar.path.with_suffix("").name == title.media.path.name:
        suggestion = sidecar.path.with_suffix("").with_suffix("").name + ".en" + sidecar.path.suffix
        yield NotTaken(sidecar.key, f"its name has no language; rename it, for example to {suggestion}")
        return
    try:
        language = kaltura_language(tag)
    except ValueError as error:
        yield NotTaken(sidecar.key, str(error))
        return
    for other in title.captions:
        # On Kaltura one would replace the other.
        if (other.language, other.source.path.suffix.lower()) == (language, sidecar.path.suffix.lower()):
            yield NotTaken(sidecar.key, f"{other.source.key} is the same language, {language}; keep one of the two")
            return
    title.captions.append(CaptionFile(sidecar, language))
