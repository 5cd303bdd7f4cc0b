"""Find titles in a bucket: one media file each, with the files beside it that belong to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.catalogue import (
    ATTACHMENT,
    CAPTION,
    CHAPTERS,
    DONE,
    MANIFEST,
    MEDIA,
    METADATA,
    RENDITION,
    THUMBNAIL,
    SourceObject,
)
from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.selection import (
    COMPLETE_CAPTIONS,
    COMPLETE_DONE,
    COMPLETE_METADATA,
    COMPLETE_THUMBNAIL,
    Selection,
)
from kaltura_pipeline.sidecar_names import CHAPTERS_MARK, is_chapters_name, is_manifest_name, owner_of_attachment
from kaltura_provider.api.languages import kaltura_language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_pipeline.catalogue import Catalogue, Title

METADATA_SUFFIXES = (".yaml", ".yml", ".json")
CAPTION_SUFFIXES = (".srt", ".vtt")
#: Kinds that have captions and chapters.
PLAYED = ("video", "audio")
_NEEDED = {
    COMPLETE_METADATA: (METADATA, "its metadata file"),
    COMPLETE_CAPTIONS: (CAPTION, "a caption file"),
    COMPLETE_THUMBNAIL: (THUMBNAIL, "its thumbnail"),
    COMPLETE_DONE: (DONE, "its marker (the same name with the ending .done)"),
}


class BucketError(ConfigurationError):
    """The bucket cannot be listed; the message names the fix."""


def discover(
    client: Any,
    catalogue: Catalogue,
    bucket: str,
    prefix: str,
    *,
    state_prefix: str = "",
    selection: Selection | None = None,
    manifest: str = "",
) -> None:
    """List a prefix into a catalogue, and group its objects into titles.

    A sidecar belongs to the media file with the same folder and stem: ``talk.mp4``, ``talk.yaml``, ``talk.en.vtt``,
    ``talk.jpg``. Where two media files share a stem, the sidecar carries the whole name: ``talk.mp4.yaml``,
    ``talk.mp4.en.vtt``. ``talk.chapters.vtt`` has its chapters, and what lies in the folder ``talk.attachments`` is
    attached to it. A file named ``manifest`` or ``<name>.manifest`` describes many titles.

    :param client: a boto3 S3 client.
    :param catalogue: where what is found is noted.
    :param bucket: bucket name.
    :param prefix: only keys that start with this.
    :param state_prefix: keys that start with this are the pipeline's own and are passed over.
    :param selection: which objects are taken; all by default.
    :param manifest: key of a manifest under any name.
    :raises BucketError: the bucket does not exist or may not be listed.
    """
    selection = selection or Selection()
    now = time.time()
    for source in _listed(client, bucket, prefix, selection):
        if source.key.endswith("/") or (state_prefix and source.key.startswith(state_prefix)):
            continue
        if reason := selection.reason_to_leave(source.key, source.modified, now):
            catalogue.add(source, "", reason=reason)
            continue
        _classify(catalogue, source, is_manifest=source.key == manifest or is_manifest_name(source.path.name))
    _attach_renditions(catalogue, selection)
    _attach_thumbnails(catalogue)
    for role in (METADATA, CAPTION, CHAPTERS, ATTACHMENT, DONE):
        for sidecar, _, _ in catalogue.of_role(role):
            _attach(catalogue, sidecar, role)
    if selection.complete_when:
        for title in catalogue.titles():
            _leave_incomplete(catalogue, title, selection)


def media_kind(file_name: str) -> str:
    """Return the kind of a media file (``video``, ``audio``, ``image``, ``document``, ``data``) by its name.

    :raises ValueError: Kaltura has no kind for this file; the message names the fix.
    """
    from kaltura_provider.api import detect_media_kind

    return str(detect_media_kind(file_name).value)


def _listed(client: Any, bucket: str, prefix: str, selection: Selection) -> Iterator[SourceObject]:
    for part in (prefix,) if selection.prefixes is None else selection.prefixes:
        yield from _objects(client, bucket, part)


def _objects(client: Any, bucket: str, prefix: str) -> Iterator[SourceObject]:
    from botocore.exceptions import ClientError, ParamValidationError

    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                yield SourceObject(item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"].timestamp())
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


def _classify(catalogue: Catalogue, source: SourceObject, *, is_manifest: bool) -> None:
    suffix = source.path.suffix.lower()
    if owner_of_attachment(source.key):
        catalogue.add(source, ATTACHMENT)
    elif is_manifest:
        catalogue.add(source, MANIFEST)
    elif is_chapters_name(source.path.name):
        catalogue.add(source, CHAPTERS)
    elif suffix in METADATA_SUFFIXES:
        catalogue.add(source, METADATA)
    elif suffix in CAPTION_SUFFIXES:
        catalogue.add(source, CAPTION)
    elif suffix == ".done":
        catalogue.add(source, DONE)
    else:
        try:
            kind = media_kind(source.path.name)
        except ValueError as error:
            catalogue.add(source, "", reason=str(error))
            return
        catalogue.add(source, MEDIA, kind=kind, stem=_stem(source.key))


def _stem(key: str) -> str:
    name = key.rsplit("/", 1)[-1]
    return key[: len(key) - len(name)] + (name.rsplit(".", 1)[0] if "." in name[1:] else name)


def _attach_renditions(catalogue: Catalogue, selection: Selection) -> None:
    """``talk_1080.mp4`` goes with ``talk.mp4``, where such endings are configured."""
    if not selection.renditions:
        return
    for source, kind, stem in catalogue.of_role(MEDIA):
        for suffix, params_id in selection.renditions.items():
            if kind not in PLAYED or not stem.endswith(suffix):
                continue
            same = [key for key, other in catalogue.media_of_stem(stem[: -len(suffix)]) if other == kind]
            if len(same) == 1:
                catalogue.attach(source.key, RENDITION, same[0], str(params_id))
                break


def _attach_thumbnails(catalogue: Catalogue) -> None:
    """An image beside a video or audio file of its name is its thumbnail."""
    for source, kind, stem in catalogue.of_role(MEDIA):
        if kind != "image":
            continue
        played = [key for key, other in catalogue.media_of_stem(stem) if other in PLAYED]
        if catalogue.find(stem, MEDIA):
            played = [stem]
        if len(played) != 1:
            continue
        if others := [each for each in catalogue.sidecars_of(played[0]) if each.role == THUMBNAIL]:
            catalogue.leave(source.key, f"{others[0].source.key} is the thumbnail of {played[0]}; keep one of the two")
        else:
            catalogue.attach(source.key, THUMBNAIL, played[0])


def _attach(catalogue: Catalogue, sidecar: SourceObject, role: str) -> None:
    """Give a sidecar to its title, or say why it has none."""
    base = owner_of_attachment(sidecar.key) if role == ATTACHMENT else _stem(sidecar.key)
    if role == CHAPTERS:
        base = base[: -len(CHAPTERS_MARK)]
    candidates = [base] if role != CAPTION else [_stem(base), base]
    found = next(([name] for name in candidates if catalogue.find(name, MEDIA)), None)
    if found is None:
        found = next((same for name in candidates if (same := _titles_of_stem(catalogue, name))), [])
    if not found:
        catalogue.leave(sidecar.key, "no media file of this name beside it; upload one or remove this file")
    elif len(found) > 1:
        names = ", ".join(key.rsplit("/", 1)[-1] for key in found)
        catalogue.leave(sidecar.key, f"several media files share its name ({names}); put the ending before this one")
    elif role == CAPTION:
        _attach_caption(catalogue, sidecar, found[0])
    elif role == ATTACHMENT:
        _attach_attachment(catalogue, sidecar, found[0])
    elif role == CHAPTERS and (kind := media_kind(found[0])) not in PLAYED:
        catalogue.leave(sidecar.key, f"chapters go with video and audio; {found[0]} is of kind {kind}")
    elif others := [each for each in catalogue.sidecars_of(found[0]) if each.role == role]:
        if role in (METADATA, CHAPTERS):
            says = "describes" if role == METADATA else "has the chapters of"
            catalogue.leave(sidecar.key, f"{others[0].source.key} already {says} {found[0]}; keep one of the two")
        else:
            catalogue.attach(sidecar.key, role, found[0])
    else:
        catalogue.attach(sidecar.key, role, found[0])


def _titles_of_stem(catalogue: Catalogue, stem: str) -> list[str]:
    return [key for key, _ in catalogue.media_of_stem(stem)]


def _attach_caption(catalogue: Catalogue, sidecar: SourceObject, title: str) -> None:
    kind = media_kind(title)
    if kind not in PLAYED:
        catalogue.leave(sidecar.key, f"captions go with video and audio; {title} is of kind {kind}")
        return
    base = sidecar.path.with_suffix("")
    tag = base.suffix.lstrip(".")
    if not tag or base.name == title.rsplit("/", 1)[-1]:
        suggestion = base.with_suffix("").name + ".en" + sidecar.path.suffix
        catalogue.leave(sidecar.key, f"its name has no language; rename it, for example to {suggestion}")
        return
    try:
        language = kaltura_language(tag)
    except ValueError as error:
        catalogue.leave(sidecar.key, str(error))
        return
    for other in catalogue.sidecars_of(title):
        # On Kaltura one would replace the other.
        same_format = other.source.path.suffix.lower() == sidecar.path.suffix.lower()
        if other.role == CAPTION and other.detail == language and same_format:
            catalogue.leave(sidecar.key, f"{other.source.key} is the same language, {language}; keep one of the two")
            return
    catalogue.attach(sidecar.key, CAPTION, title, language)


def _attach_attachment(catalogue: Catalogue, sidecar: SourceObject, title: str) -> None:
    for other in catalogue.sidecars_of(title):
        # Kaltura would keep them apart, but people could not.
        if other.role == ATTACHMENT and other.source.path.name == sidecar.path.name:
            catalogue.leave(sidecar.key, f"{other.source.key} has the same name; rename one of the two")
            return
    catalogue.attach(sidecar.key, ATTACHMENT, title)


def _leave_incomplete(catalogue: Catalogue, title: Title, selection: Selection) -> None:
    missing = [what for rule in selection.complete_when for role, what in [_NEEDED[rule]] if not title.of(role)]
    if missing:
        reason = f"waits for {' and '.join(missing)}"
        for key in (title.media.key, *(sidecar.source.key for sidecar in title.sidecars)):
            catalogue.leave(key, reason)
