"""Attachments of an entry: each file name once, with the content of its file."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.enrichment.marks import OURS, age_of, is_mark, is_ready, size_of, tags_of
from kaltura_provider.api.enrichment.part import WHOLE_LIST, Difference, Part, digest_of
from kaltura_provider.api.multipart import FilePart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kaltura_provider.api import KalturaClient
    from kaltura_provider.api.enrichment.part import Batch

SERVICE = "attachment_attachmentAsset"
#: Larger files do not fit into a worker's memory together with others.
MAX_BYTES = 200_000_000
#: KalturaAttachmentType by file ending; other endings go by their media type.
FORMATS = {".json": "4", ".md": "5", ".markdown": "5", ".srt": "1", ".vtt": "1", ".dfxp": "1"}
_TEXT, _MEDIA, _DOCUMENT = "1", "2", "3"
_DIGITS = 40


@dataclass(frozen=True)
class WantedAttachment:
    """A file that an entry is to have attached.

    :param key: where it is, as ``read`` takes it.
    :param etag: changes with its content.
    :param filename: its name on Kaltura; the last part of the key if empty.
    :param title: what people see; left alone if empty.
    :param format: number of a KalturaAttachmentType; told by the file ending if empty.
    """

    key: str
    etag: str
    filename: str = ""
    title: str = ""
    format: str = ""

    @property
    def name(self) -> str:
        """Its name on Kaltura, which tells it from the other attachments of an entry."""
        return self.filename or PurePosixPath(self.key).name

    @property
    def kind(self) -> str:
        """Number of its KalturaAttachmentType."""
        return self.format or format_of(self.name)


def format_of(name: str) -> str:
    """Return the number of the KalturaAttachmentType of a file: text, media, document, JSON or Markdown.

    :param name: its name.
    """
    ending = PurePosixPath(name).suffix.lower()
    if ending in FORMATS:
        return FORMATS[ending]
    guessed = (mimetypes.guess_type(f"x{ending}")[0] or "").partition("/")[0]
    return {"text": _TEXT, "audio": _MEDIA, "video": _MEDIA, "image": _MEDIA}.get(guessed, _DOCUMENT)


class AttachmentsPart(Part):
    """The attachments of the entry. Kaltura does not prevent two of one name, so what is there is used again.

    A tag says which version of the file an attachment has, and since which version of the attachment: it is set after
    the content, and somebody else's content makes another version. Attachments of files that are gone are left alone.

    :param entry_id: the entry.
    :param wanted: the files.
    :param noted: what :meth:`notes` returned before.
    :param read: returns the bytes of a file.
    :param verify: whether to look although it is noted.
    :raises ValueError: two files have one name.
    """

    outdated_by = frozenset({"ATTACHMENT_ASSET_ID_NOT_FOUND", "UPLOAD_TOKEN_NOT_FOUND"})

    def __init__(
        self,
        entry_id: str,
        wanted: Sequence[WantedAttachment],
        noted: Mapping[str, str] | None,
        read: Callable[[str], bytes],
        *,
        verify: bool = False,
    ) -> None:
        super().__init__(entry_id)
        _check(wanted)
        self._wanted = wanted
        self._noted = noted or {}
        self._files = [
            _File(each, read) for each in wanted if verify or self._noted.get(each.key) != digest_of(asdict(each))
        ]
        self._present: list[Mapping[str, Any]] = []
        self._added: set[str] = set()
        self._updated: set[str] = set()
        self.done = not self._files

    def look(self, batch: Batch) -> None:
        """List the attachments of the entry."""
        self._list(batch)

    def differences(self) -> list[Difference]:
        """Return files that are missing, there twice, hold something else, or are called otherwise."""
        found = []
        for file in self._files:
            name, there = file.wish.name, file.choose(self._present)
            if not there:
                found.append(Difference("attachments", name, file.wish.key, None))
                continue
            if not file.is_filled(there[0]):
                found.append(Difference("attachments", name, file.wish.key, f"{size_of(there[0])} other bytes"))
            for key, value in file.description(there[0]).items():
                found.append(Difference("attachments", f"{key} of {name}", value, there[0].get(key)))
            if doubles := _ours(there[1:]):
                found.append(Difference("attachments", f"copies of {name}", 1, 1 + len(doubles)))
        return found

    def intention(self) -> dict[str, Any]:
        """Take back the notes of changed files."""
        changed = {file.wish.key for file in self._files}
        kept = {key: digest for key, digest in self._noted.items() if key not in changed}
        return {"attachments": kept} if kept != dict(self._noted) else {}

    def write(self, batch: Batch) -> None:
        """Make attachments, and tokens for contents.

        :raises ValueError: a file cannot be used.
        """
        for file in self._files:
            # Before the first call is added, so that a bad file leaves no empty attachment behind.
            found = file.choose(self._present)
            if not found or not file.is_filled(found[0]):
                file.load()
        adds = False
        for file in self._files:
            file.token = file.made = ""
            found = file.choose(self._present)
            if not found:
                adds = True
                self._added.add(file.wish.name)
                asset = {
                    "objectType": "KalturaAttachmentAsset",
                    "filename": file.wish.name,
                    "format": file.wish.kind,
                    "tags": OURS,
                    **({"title": file.wish.title} if file.wish.title else {}),
                }
                batch.add(self, SERVICE, "add", {"entryId": self.entry_id, "attachmentAsset": asset}, file.added)
            if not found or not file.is_filled(found[0]):
                token = {"objectType": "KalturaUploadToken", "fileName": file.wish.name}
                batch.add(self, "uploadToken", "add", {"uploadToken": token}, file.token_added)
        if adds:
            # Of two that add at once, the later one sees both.
            self._list(batch)

    def send(self, client: KalturaClient) -> None:
        """Send the contents."""
        for file in self._files:
            if file.token:
                client.call(
                    "uploadToken",
                    "upload",
                    {"uploadTokenId": file.token, "resume": False, "finalChunk": True},
                    files={"fileData": FilePart.of_bytes(file.wish.name, file.content)},
                )

    def finish(self, batch: Batch) -> None:
        """Fill the attachments, say what is in them, and read them back."""
        for file in self._files:
            found = file.choose(self._present)
            chosen = str(found[0]["id"]) if found else file.made
            present = found[0] if found else {}
            changes = file.description(present)
            if file.token:
                content = {"objectType": "KalturaUploadedFileTokenResource", "token": file.token}
                filled = batch.add(self, SERVICE, "setContent", {"id": chosen, "contentResource": content})
                kept = [tag for tag in tags_of(present) if not is_mark(tag)] if present else [OURS]
                changes["tags"] = ",".join([*kept, f"{file.mark}{filled.ref('version')}"])
            if changes:
                asset = {"objectType": "KalturaAttachmentAsset", **changes}
                batch.add(self, SERVICE, "update", {"id": chosen, "attachmentAsset": asset})
                if file.wish.name not in self._added:
                    self._updated.add(file.wish.name)
            for double in _ours(found[1:]):
                gone = {"ATTACHMENT_ASSET_ID_NOT_FOUND": None}
                batch.add(self, SERVICE, "delete", {"attachmentAssetId": double["id"]}, fine=gone)
            if changes:
                batch.add(self, SERVICE, "get", {"attachmentAssetId": chosen}, file.check)

    def notes(self) -> dict[str, Any]:
        """Return a digest of each file and what is said of it."""
        noted = {each.key: digest_of(asdict(each)) for each in self._wanted}
        return {"attachments": noted} if self._wanted else {}

    def changes(self) -> dict[str, Any]:
        """Return how many attachments were added and changed."""
        counts = {"added": len(self._added), "updated": len(self._updated)}
        return {"attachments": counts} if self._wanted else {}

    def _list(self, batch: Batch) -> None:
        params = {"filter": {"entryIdEqual": self.entry_id}, "pager": WHOLE_LIST}
        batch.add(self, SERVICE, "list", params, self._seen)

    def _seen(self, answer: Any) -> None:
        self._present = answer.get("objects") or []


class _File:
    """A file on its way."""

    def __init__(self, wish: WantedAttachment, read: Callable[[str], bytes]) -> None:
        self.wish = wish
        self.content = b""
        self.token = ""
        self.made = ""
        self._read = read

    @property
    def mark(self) -> str:
        """The tag of an attachment with this content, up to the version of the attachment."""
        return f"{OURS}-{hashlib.sha256(self.wish.etag.encode()).hexdigest()[:_DIGITS]}-v"

    def load(self) -> None:
        if self.content:
            return
        self.content = self._read(self.wish.key)
        if not self.content:
            raise ValueError(
                f"{self.wish.key}: the file is empty, and Kaltura takes no empty attachments; write it again"
            )
        if len(self.content) > MAX_BYTES:
            raise ValueError(
                f"{self.wish.key}: {len(self.content)} bytes, and an attachment can have {MAX_BYTES}; make it an "
                "entry of its own"
            )

    def choose(self, present: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the attachments of this name, the one that everybody takes first."""
        return sorted((asset for asset in present if asset.get("filename") == self.wish.name), key=age_of)

    def description(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is to be said of the attachment otherwise than it is."""
        wanted = {"title": self.wish.title, "format": self.wish.kind}
        return {key: value for key, value in wanted.items() if value and str(present.get(key) or "") != value}

    def is_filled(self, asset: Mapping[str, Any]) -> bool:
        if not is_ready(asset) or (self.content and size_of(asset) != len(self.content)):
            return False
        return f"{self.mark}{asset.get('version')}" in tags_of(asset)

    def added(self, answer: Any) -> None:
        self.made = str(answer["id"])

    def token_added(self, answer: Any) -> None:
        self.token = str(answer["id"])

    def check(self, answer: Any) -> None:
        size = size_of(answer)
        if not is_ready(answer) or (self.content and size != len(self.content)):
            raise ValueError(
                f"{self.wish.key}: Kaltura has {size} of {len(self.content)} bytes of the attachment (status "
                f"{answer.get('status')}); run the task again, and if it stays so, check that the account takes such "
                "files"
            )


def _ours(assets: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [asset for asset in assets if OURS in tags_of(asset)]


def _check(wanted: Sequence[WantedAttachment]) -> None:
    seen: dict[str, str] = {}
    for each in wanted:
        if not each.name:
            raise ValueError(f"{each.key!r}: no file name; give the attachment one")
        if (other := seen.setdefault(each.name, each.key)) != each.key:
            raise ValueError(
                f"{other} and {each.key} would both be the attachment {each.name}; give one another filename"
            )
