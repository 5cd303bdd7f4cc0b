"""Which kind of entry a file becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from kaltura_provider.api.errors import MediaRefusedError
from kaltura_provider.api.file_names import extension_of, shown_name

#: Bytes of a data entry at most: its text travels in the call itself.
MAX_TEXT = 10_000_000


class MediaKind(Enum):
    """The kinds of entries made from a file."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"
    DATA = "data"


_EXTENSIONS: dict[MediaKind, str] = {
    MediaKind.VIDEO: (
        "3g2 3gp asf avi divx dv f4v flv m1v m2t m2ts m2v m4v mj2 mkv mod mov mp4 mpe mpeg mpg mts mxf ogv qt rm rmvb "
        "ts vob webm wmv"
    ),
    MediaKind.AUDIO: (
        "aac ac3 aif aifc aiff amr au caf dts eac3 flac m4a m4b mka mp2 mp3 oga ogg opus ra w64 wav wave wma"
    ),
    MediaKind.IMAGE: "avif bmp gif heic heif jfif jp2 jpe jpeg jpg png tif tiff webp",
    MediaKind.DOCUMENT: (
        "csv doc docm docx epub htm html key numbers odg odp ods odt pages pdf ppsx ppt pptm pptx rtf swf txt xls xlsm "
        "xlsx zip"
    ),
    MediaKind.DATA: "json xml yaml yml",
}
#: The kind of a file by its extension.
KIND_OF = {extension: kind for kind, extensions in _EXTENSIONS.items() for extension in extensions.split()}

_REFUSED = {
    "a program or script": (
        "apk app bat cgi class cmd com cpl dll elf exe gadget hta jar js jse lnk msi php pif pl ps1 py rb reg scr "
        "sh so sys vb vbe vbs wasm wsf"
    ),
    "a disk image": "cue dmg img iso nrg qcow2 vdi vhd vhdx vmdk",
    "a font": "eot otf ttc ttf woff woff2",
    "a database": "accdb db mdb parquet sqlite sqlite3",
    "an archive": "7z br bz2 cab deb gz lz lz4 rar rpm tar tgz xz z zst",
}
#: What the extensions stand for that Kaltura has no kind of entry for.
REFUSED_EXTENSIONS = {extension: what for what, extensions in _REFUSED.items() for extension in extensions.split()}

# Documents have a type of their own within Kaltura; 11 stands for any.
_DOCUMENT_TYPES = {"swf": 12, "pdf": 13}


def detect_media_kind(file_name: str, head: bytes | None = None) -> MediaKind:
    """Find out which kind of entry a file becomes: by its first bytes if they are given, else by its extension.

    :param file_name: name or path; upper and lower case are the same.
    :param head: the first bytes of the file, 8 KB if it has as many; see
        :func:`~kaltura_provider.api.media_types.inspect_media`, which tells more.
    :return: the kind.
    :raises MediaRefusedError: a ``ValueError``, if neither tells, or Kaltura would not take such a file.
    """
    from kaltura_provider.api.media_types import inspect_media

    if head:
        return inspect_media(file_name, head).kind
    extension = extension_of(file_name)
    if extension not in KIND_OF:
        raise unknown_kind(file_name, extension)
    return KIND_OF[extension]


def unknown_kind(file_name: str, extension: str) -> MediaRefusedError:
    """Build the error for a file of which nobody knows what it is.

    :param file_name: name or path.
    :param extension: its extension.
    """
    what = f"extension .{extension}" if extension else "a name without extension"
    if extension in REFUSED_EXTENSIONS:
        what += f", {REFUSED_EXTENSIONS[extension]}"
    return MediaRefusedError(
        f"The kind of {shown_name(file_name)} ({what}) is unknown: "
        "set media_kind to video, audio, image, document or data"
    )


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
        fields = {
            "objectType": "KalturaDocumentEntry",
            "documentType": _DOCUMENT_TYPES.get(extension_of(file_name), 11),
        }
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
