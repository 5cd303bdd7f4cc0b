"""The thumbnail of an entry: one picture from a file, recognised again by a tag with the digest of its content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.enrichment.part import WHOLE_LIST, Part
from kaltura_provider.api.multipart import FilePart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kaltura_provider.api import KalturaClient
    from kaltura_provider.api.enrichment.part import Batch

_PREFIX = "from-source-"
_DEFAULT = "default_thumb"
_READY = 2
_DIGITS = 40


@dataclass(frozen=True)
class WantedThumbnail:
    """An image file that an entry is to be shown with.

    :param key: where it is, as ``read`` takes it.
    :param etag: changes with its content.
    """

    key: str
    etag: str


class ThumbnailPart(Part):
    """The thumbnail of the entry. A picture that somebody chose on Kaltura since is kept until the file changes.

    :param entry_id: the entry.
    :param wanted: the image file; None leaves the thumbnail as it is.
    :param noted: what :meth:`notes` returned before.
    :param read: returns the bytes of the image file.
    """

    outdated_by = frozenset({"THUMB_ASSET_ID_NOT_FOUND", "UPLOAD_TOKEN_NOT_FOUND"})

    def __init__(
        self,
        entry_id: str,
        wanted: WantedThumbnail | None,
        noted: Mapping[str, Any] | None,
        read: Callable[[str], bytes],
    ) -> None:
        super().__init__(entry_id)
        self._wanted = wanted
        self._noted = noted or {}
        self._read = read
        self._image = b""
        self._tag = ""
        self._present: list[Mapping[str, Any]] = []
        self._token = ""
        self._made = ""
        self.done = wanted is None or self._noted.get("etag") == wanted.etag

    def look(self, batch: Batch) -> None:
        """List the thumbnails of the entry."""
        self._list(batch)

    def intention(self) -> dict[str, Any]:
        """Return the tag of the picture beside those before, so that all others are removed when one is right.

        :raises ValueError: the file is no image.
        """
        self._load()
        before = self._noted.get("tags", ())
        return {"thumbnail": {"etag": "", "tags": list(dict.fromkeys([*before, self._tag]))}}

    def write(self, batch: Batch) -> None:
        """Make a thumbnail, and a token for its picture."""
        self._token = self._made = ""
        ours = self._ours()
        if ours and self._is_filled(ours[0]):
            return
        if not ours:
            asset = {"objectType": "KalturaThumbAsset", "tags": self._tag}
            batch.add(self, "thumbAsset", "add", {"entryId": self.entry_id, "thumbAsset": asset}, self._added)
            # Of two that add at once, the later one sees both.
            self._list(batch)
        token = {"objectType": "KalturaUploadToken", "fileName": self._file_name()}
        batch.add(self, "uploadToken", "add", {"uploadToken": token}, self._token_added)

    def send(self, client: KalturaClient) -> None:
        """Send the picture."""
        if self._token:
            client.call(
                "uploadToken",
                "upload",
                {"uploadTokenId": self._token, "resume": False, "finalChunk": True},
                files={"fileData": FilePart.of_bytes(self._file_name(), self._image)},
            )

    def finish(self, batch: Batch) -> None:
        """Fill the thumbnail, make it the default one, and read it back."""
        ours = self._ours()
        chosen = str(ours[0]["id"]) if ours else self._made
        if self._token:
            content = {"objectType": "KalturaUploadedFileTokenResource", "token": self._token}
            batch.add(self, "thumbAsset", "setContent", {"id": chosen, "contentResource": content})
        if not ours or not self._is_default(ours[0]):
            batch.add(self, "thumbAsset", "setAsDefault", {"thumbAssetId": chosen})
        for asset in [*ours[1:], *self._earlier()]:
            # The default one cannot be deleted: then somebody else has just chosen it.
            gone = {"THUMB_ASSET_ID_NOT_FOUND": None, "THUMB_ASSET_IS_DEFAULT": None}
            batch.add(self, "thumbAsset", "delete", {"thumbAssetId": asset["id"]}, fine=gone)
        batch.add(self, "thumbAsset", "get", {"thumbAssetId": chosen}, self._check)

    def notes(self) -> dict[str, Any]:
        """Return file version and tag of the thumbnail."""
        if self._wanted is None:
            return {}
        tags = [self._tag] if self._tag else self._noted.get("tags", [])
        return {"thumbnail": {"etag": self._wanted.etag, "tags": tags}}

    def _load(self) -> None:
        if self._wanted is None:
            return
        from filetype import guess_mime

        self._image = self._read(self._wanted.key)
        if not str(guess_mime(self._image) or "").startswith("image/"):
            raise ValueError(f"{self._wanted.key}: no image; use a JPEG or PNG file as thumbnail")
        self._tag = _PREFIX + hashlib.sha256(self._image).hexdigest()[:_DIGITS]

    def _file_name(self) -> str:
        return PurePosixPath(self._wanted.key).name if self._wanted else ""

    def _ours(self) -> list[Mapping[str, Any]]:
        """Return the thumbnails with this picture, the one that everybody takes first."""
        found = [asset for asset in self._present if self._tag in _tags(asset)]
        return sorted(found, key=lambda asset: (int(asset["createdAt"]), str(asset["id"])))

    def _earlier(self) -> list[Mapping[str, Any]]:
        """Return those with the pictures that the file held before."""
        before = set(self._noted.get("tags", ())) - {self._tag}
        return [asset for asset in self._present if before & _tags(asset)]

    def _is_filled(self, asset: Mapping[str, Any]) -> bool:
        return int(asset.get("status", 0)) == _READY and int(asset.get("sizeInBytes") or 0) == len(self._image)

    def _is_default(self, asset: Mapping[str, Any]) -> bool:
        return _DEFAULT in _tags(asset)

    def _list(self, batch: Batch) -> None:
        batch.add(
            self, "thumbAsset", "list", {"filter": {"entryIdEqual": self.entry_id}, "pager": WHOLE_LIST}, self._seen
        )

    def _seen(self, answer: Any) -> None:
        self._present = answer.get("objects") or []

    def _added(self, answer: Any) -> None:
        self._made = str(answer["id"])

    def _token_added(self, answer: Any) -> None:
        self._token = str(answer["id"])

    def _check(self, answer: Any) -> None:
        key = self._wanted.key if self._wanted else ""
        # Kaltura takes any bytes, and shows a broken picture then.
        if not self._is_filled(answer) or not int(answer.get("width", 1)):
            raise ValueError(
                f"{key}: Kaltura cannot show it as thumbnail (status {answer.get('status')}, "
                f"{answer.get('sizeInBytes')} of {len(self._image)} bytes, {answer.get('width')} pixels wide); check "
                "that it opens as a picture, or save it as JPEG or PNG"
            )


def _tags(asset: Mapping[str, Any]) -> set[str]:
    return {tag.strip() for tag in str(asset.get("tags") or "").split(",")}
