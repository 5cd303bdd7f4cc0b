"""Which kind of entry a file becomes, by its content and its name together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kaltura_provider.api.content_types import HEAD_BYTES, Content, is_utf8, recognize
from kaltura_provider.api.errors import MediaRefusedError
from kaltura_provider.api.file_names import extension_of, shown_name, stored_name
from kaltura_provider.api.media_kind import KIND_OF, MAX_TEXT, REFUSED_EXTENSIONS, MediaKind, unknown_kind
from kaltura_provider.api.sources import UploadSource

# Forms that are texts; programs also write HTML and XML under the names of old Office files.
_TEXT_EXTENSIONS = frozenset({"csv", "htm", "html", "json", "txt", "xml", "yaml", "yml", "doc", "xls"})
# What a download may get instead of the file; under these names it cannot be the file itself.
_MARKUP = ("text/html", "application/xml")
_NO_MARKUP = frozenset({"csv", "json", "yaml", "yml"})
_TEXT_MIME_TYPES = {
    "csv": "text/csv", "htm": "text/html", "html": "text/html", "json": "application/json", "txt": "text/plain",
    "xml": "application/xml", "yaml": "application/yaml", "yml": "application/yaml",
}  # fmt: skip
_AS_NAMED = {
    MediaKind.VIDEO: "a video", MediaKind.AUDIO: "an audio file", MediaKind.IMAGE: "an image",
    MediaKind.DOCUMENT: "a document", MediaKind.DATA: "a data file",
}  # fmt: skip
_UNKNOWN_MIME_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class MediaType:
    """What a file is for Kaltura.

    :param kind: the kind of entry it becomes.
    :param mime_type: media type, such as ``video/mp4``.
    :param extension: extension to store it under, without dot; "" if it has none and needs none.
    :param file_name: name to send it under, with this extension; see
        :func:`~kaltura_provider.api.file_names.stored_name`.
    :param mismatch: whether its name and its content disagree.
    :param note: one sentence for the log.
    """

    kind: MediaKind
    mime_type: str
    extension: str
    file_name: str
    mismatch: bool
    note: str


def inspect_source(source: UploadSource, media_kind: MediaKind | None = None) -> MediaType:
    """Find out what a file becomes in Kaltura; reads the first 8 KB of it.

    :param source: the file.
    :param media_kind: what the user wants it to become; found out if None.
    :return: what it is.
    :raises MediaRefusedError: if the file is empty or, unless ``media_kind`` is given, nothing Kaltura makes an entry
        of.
    :raises SourceChangedError: if the file has changed since it was found.
    """
    length = min(source.size, HEAD_BYTES)
    head = b""
    if length:
        stream = source.open(0, length)
        try:
            while len(head) < length and (data := stream.read(length - len(head))):
                head += data
        finally:
            stream.close()
    found = inspect_media(source.name, head, media_kind)
    if found.kind is MediaKind.DATA and media_kind is None and source.size > MAX_TEXT:
        note = f"{found.note} It is longer than the {MAX_TEXT} bytes of a data entry, so it becomes a document."
        return replace(found, kind=MediaKind.DOCUMENT, note=note)
    return found


def inspect_media(file_name: str, head: bytes, media_kind: MediaKind | None = None) -> MediaType:
    """Find out what a file becomes in Kaltura.

    Where name and content disagree the content decides, and the file gets an extension that fits. Where the first bytes
    allow both sound and picture, as those of MP4, Matroska and Windows Media do, the extension decides.

    :param file_name: name or path of the file.
    :param head: its first bytes: 8 KB, or all there are.
    :param media_kind: what the user wants it to become; nothing but an empty file is refused then.
    :return: what it is.
    :raises MediaRefusedError: if the file is empty, is nothing Kaltura makes an entry of, or is named as one form and
        turns out to be damaged or something unknown. The message names the file, what it is, and the next step.
    """
    if not head:
        raise MediaRefusedError(
            f"{shown_name(file_name)} is empty, and Kaltura makes no entry of an empty file: check it"
        )
    content = recognize(head)
    if media_kind is not None:
        return _as_wanted(file_name, content, media_kind)
    extension = extension_of(file_name)
    if content is None:
        raise _refusal(file_name, extension, None)
    if content.is_text:
        return _text(file_name, extension, content, head)
    named = KIND_OF.get(extension)
    if not content.kinds or (extension in REFUSED_EXTENSIONS and MediaKind.DOCUMENT in content.kinds):
        raise _refusal(file_name, extension, content)
    kind = named if named in content.kinds else content.kinds[0]
    if named is kind and extension in content.extensions:
        return _found(file_name, content, kind, extension, f"{shown_name(file_name)} is {content.what}.")
    fitting = content.extension_for(kind) or content.extensions[0]
    if not extension or (named is None and extension not in REFUSED_EXTENSIONS):
        what = f"extension .{extension}" if extension else "a name without extension"
        note = f"{shown_name(file_name)} ({what}) is {content.what} by its content; it is stored as .{fitting}."
        return _found(file_name, content, kind, fitting, note)
    note = (
        f"{shown_name(file_name)} is {content.what}, not what its extension says: it becomes an entry of the kind "
        f"{kind.value}, stored as .{fitting}."
    )
    return _found(file_name, content, kind, fitting, note, mismatch=True)


def _found(
    file_name: str, content: Content, kind: MediaKind, extension: str, note: str, *, mismatch: bool = False
) -> MediaType:
    mime_type = content.mime_type
    if kind is MediaKind.AUDIO and mime_type.startswith("video/"):
        mime_type = "audio/" + mime_type.removeprefix("video/")
    return MediaType(kind, mime_type, extension, stored_name(file_name, extension), mismatch, note)


def _text(file_name: str, extension: str, content: Content, head: bytes) -> MediaType:
    """What a text is only its name tells; only data entries insist on UTF-8."""
    if extension not in _TEXT_EXTENSIONS:
        if extension in KIND_OF or extension in REFUSED_EXTENSIONS or content.mime_type == "text/vtt":
            raise _refusal(file_name, extension, content)
        raise unknown_kind(file_name, extension)
    if extension in _NO_MARKUP and content.mime_type in _MARKUP:
        raise _refusal(file_name, extension, content)
    kind = KIND_OF[extension]
    note = f"{shown_name(file_name)} is {content.what}."
    if kind is MediaKind.DATA and not is_utf8(head):
        kind = MediaKind.DOCUMENT
        note = (
            f"{shown_name(file_name)} is {content.what}, but not in UTF-8 as data entries are: it becomes a document."
        )
    mime_type = _TEXT_MIME_TYPES.get(extension, content.mime_type)
    return MediaType(kind, mime_type, extension, stored_name(file_name, extension), False, note)


def _as_wanted(file_name: str, content: Content | None, kind: MediaKind) -> MediaType:
    """Take the user's word, and the name's own extension if it has one."""
    extension = extension_of(file_name)
    fits = content is not None and kind in content.kinds
    mime_type = content.mime_type if content is not None and fits else _TEXT_MIME_TYPES.get(extension)
    if not extension and content is not None and fits:
        extension = content.extension_for(kind)
    what = content.what if content is not None else "of a form that is not known"
    note = f"{shown_name(file_name)} is {what}; as media_kind says, it becomes an entry of the kind {kind.value}."
    mismatch = content is not None and not fits and not (content.is_text and extension in _TEXT_EXTENSIONS)
    return MediaType(
        kind, mime_type or _UNKNOWN_MIME_TYPE, extension, stored_name(file_name, extension), mismatch, note
    )


def _refusal(file_name: str, extension: str, content: Content | None) -> MediaRefusedError:
    named = KIND_OF.get(extension)
    if content is None and named is None:
        return unknown_kind(file_name, extension)
    if content is None:
        what = "its first bytes are those of no form that is known"
        step = "Check that it opens, and copy it to its place again"
    elif extension in REFUSED_EXTENSIONS:
        what = f"it is {REFUSED_EXTENSIONS[extension]}, which Kaltura makes no entry of"
        step = "Leave it out"
    elif content.mime_type == "text/vtt" and named is None:
        what, step = "it is a caption file", "Add it to its entry with caption_captionAsset"
    elif named is None:
        what, step = f"it is {content.what}, which Kaltura makes no entry of", "Leave it out"
    else:
        what = f"its content is {content.what}"
        step = "Check that it opens, or put the right file in its place"
        if content.mime_type in _MARKUP:
            step = "A download may have got a message instead of the file: read it, and download the file again"
    as_named = f" as {_AS_NAMED[named]}" if named is not None else ""
    return MediaRefusedError(
        f"{shown_name(file_name)} is not taken{as_named}: {what}. {step}; to send it as it is, "
        "set media_kind to video, audio, image, document or data."
    )
