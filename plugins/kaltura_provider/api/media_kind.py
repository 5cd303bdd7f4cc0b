"""Which kind of entry a file becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class MediaKind(Enum):
    """The kinds of entries made from a file."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"
    DATA = "data"


_EXTENSIONS: dict[MediaKind, str] = {
    MediaKind.VIDEO: (
        "3g2 3gp asf avi divx dv f4v flv m1v m2t m2ts m2v m4v mkv mov mp4 mpe mpeg mpg mts mxf ogv qt rm rmvb ts vob "
        "webm wmv"
    ),
    MediaKind.AUDIO: "aac ac3 aif aifc aiff amr flac m4a m4b mka mp2 mp3 oga ogg opus ra wav wma",
    MediaKind.IMAGE: "bmp gif heic jfif jpeg jpg png tif tiff webp",
    MediaKind.DOCUMENT: "csv doc docx epub htm html key odp ods odt pages pdf ppt pptx rtf swf txt xls xlsx zip",
    MediaKind.DATA: "json xml yaml yml",
}
_KIND_OF = {extension: kind for kind, extensions in _EXTENSIONS.items() for extension in extensions.split()}

# Documents have a type of their own within Kaltura; 11 stands for any.
_DOCUMENT_TYPES = {"swf": 12, "pdf": 13}

_MP4_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_MP4_IMAGE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")


def detect_media_kind(file_name: str, head: bytes | None = None) -> MediaKind:
    """Find out which kind of entry a file becomes, by its extension, or by its first bytes if that tells nothing.

    :param file_name: name or path; upper and lower case are the same.
    :param head: the first bytes of the file, 64 are enough; looked at only when the extension is unknown.
    :return: the kind.
    :raises ValueError: if neither tells.
    """
    extension = _extension(file_name)
    kind = _KIND_OF.get(extension) or (_kind_of_content(head) if head else None)
    if kind is None:
        what = f"extension .{extension}" if extension else "a name without extension"
        raise ValueError(
            f"The kind of {file_name!r} ({what}) is unknown: set media_kind to video, audio, image, document or data"
        )
    return kind


@dataclass(frozen=True)
class EntryTemplate:
    """How entries of one kind are added.

    :param service: the service with the action ``add``.
    :param parameter: name of its parameter for the entry.
    :param fields: fields of the entry that make it one of this kind.
    :param params: further parameters of ``add``.
    :param content_service: the service with the action ``addContent``.
    """

    service: str
    parameter: str
    fields: Mapping[str, Any]
    params: Mapping[str, Any]
    content_service: str


def entry_template(kind: MediaKind, file_name: str) -> EntryTemplate:
    """Say how an entry of a kind is added.

    :param kind: the kind.
    :param file_name: name of the file, which decides the type of a document.
    """
    if kind is MediaKind.DOCUMENT:
        fields = {"objectType": "KalturaDocumentEntry", "documentType": _DOCUMENT_TYPES.get(_extension(file_name), 11)}
        return EntryTemplate("baseEntry", "entry", fields, {"type": 10}, "baseEntry")
    if kind is MediaKind.DATA:
        return EntryTemplate("data", "dataEntry", {"objectType": "KalturaDataEntry"}, {}, "baseEntry")
    media_type = {MediaKind.VIDEO: 1, MediaKind.IMAGE: 2, MediaKind.AUDIO: 5}[kind]
    fields = {"objectType": "KalturaMediaEntry", "mediaType": media_type}
    return EntryTemplate("media", "entry", fields, {}, "media")


def kind_of_entry(entry_type: int | str | None, media_type: int | None) -> MediaKind | None:
    """Find the kind of an existing entry.

    :param entry_type: its ``type``.
    :param media_type: its ``mediaType``.
    :return: the kind; None for entries that are made otherwise, such as live streams and playlists.
    """
    if entry_type == 1:
        return {1: MediaKind.VIDEO, 2: MediaKind.IMAGE, 5: MediaKind.AUDIO}.get(media_type or 0)
    return {10: MediaKind.DOCUMENT, 6: MediaKind.DATA}.get(entry_type) if isinstance(entry_type, int) else None


def _extension(file_name: str) -> str:
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    # A name that begins with a dot, such as .mp4, has no extension.
    return name.rsplit(".", 1)[1].lower() if "." in name.lstrip(".") else ""


def _kind_of_content(head: bytes) -> MediaKind | None:
    if head[4:8] == b"ftyp":
        if head[8:12] in _MP4_AUDIO_BRANDS:
            return MediaKind.AUDIO
        return MediaKind.IMAGE if head[8:12] in _MP4_IMAGE_BRANDS else MediaKind.VIDEO
    if head.startswith(b"RIFF"):
        return {b"WAVE": MediaKind.AUDIO, b"AVI ": MediaKind.VIDEO, b"WEBP": MediaKind.IMAGE}.get(head[8:12])
    for kind, starts in _STARTS.items():
        if head.startswith(starts):
            return kind
    return None


_STARTS: dict[MediaKind, tuple[bytes, ...]] = {
    MediaKind.VIDEO: (b"\x1a\x45\xdf\xa3", b"FLV\x01", b"\x00\x00\x01\xba", b"\x06\x0e\x2b\x34", b"\x30\x26\xb2\x75"),
    MediaKind.AUDIO: (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1", b"\xff\xf9", b"fLaC", b"OggS"),
    MediaKind.IMAGE: (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*"),
    MediaKind.DOCUMENT: (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"{\\rtf"),
}
