"""The thumbnail of an entry: one picture from a file, or a frame of its video, recognised again by a tag."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.enrichment.marks import (
    OURS,
    age_of,
    is_mark,
    is_ready,
    mark,
    marked_size,
    size_of,
    tags_of,
)
from kaltura_provider.api.enrichment.part import WHOLE_LIST, Difference, Part
from kaltura_provider.api.multipart import FilePart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kaltura_provider.api import KalturaClient, KalturaError
    from kaltura_provider.api.enrichment.part import Batch

_DEFAULT = "default_thumb"
# What all versions of Kaltura and all browsers show.
_TYPES = ("image/jpeg", "image/png", "image/gif", "image/bmp", "image/webp")
# A frame is taken while the caller waits, from a video that may be long: few of them fit into a request.
_FRAME_COST = 10


@dataclass(frozen=True)
class WantedThumbnail:
    """An image file that an entry is to be shown with.

    :param key: where it is, as ``read`` takes it.
    :param etag: changes with its content.
    """

    key: str
    etag: str


@dataclass(frozen=True)
class WantedFrame:
    """A frame of its video that an entry is to be shown with.

    :param seconds: how far from the start; None if ``percent`` is given.
    :param percent: how far from the start, in percent of the duration.
    :raises ValueError: not exactly one is given, or it is out of range.
    """

    seconds: float | None = None
    percent: float | None = None

    def __post_init__(self) -> None:
        if (self.seconds is None) == (self.percent is None):
            raise ValueError("a frame is named by seconds or by percent; give one of the two")
        if not 0 <= (self.seconds or 0) < float("inf") or not 0 <= (self.percent or 0) <= 100:
            raise ValueError(f"{self.key} is no place in a video; give seconds from 0, or percent from 0 to 100")

    @property
    def key(self) -> str:
        """What it is called in messages."""
        return f"the frame at {self.percent:g}%" if self.seconds is None else f"the frame at {self.seconds:g} s"

    @property
    def etag(self) -> str:
        """What tells it from other frames."""
        return f"frame-{self.percent:g}pct" if self.seconds is None else f"frame-{self.seconds:g}"

    @property
    def tag(self) -> str:
        """The tag by which it is recognised."""
        return f"{OURS}-{self.etag}"

    @property
    def params(self) -> dict[str, Any]:
        """Properties of KalturaThumbParams."""
        if self.seconds is None:
            return {"videoOffsetInPercentage": self.percent}
        return {"videoOffset": self.seconds}


class ThumbnailPart(Part):
    """The thumbnail of the entry. A picture that somebody chose on Kaltura since is kept until the file changes.

    :param entry_id: the entry.
    :param wanted: the image file, or a frame of the entry's video; None leaves the thumbnail as it is.
    :param noted: what :meth:`notes` returned before.
    :param read: returns the bytes of the image file.
    :param verify: whether to look although it is noted.
    """

    outdated_by = frozenset({"THUMB_ASSET_ID_NOT_FOUND", "UPLOAD_TOKEN_NOT_FOUND"})

    def __init__(
        self,
        entry_id: str,
        wanted: WantedThumbnail | WantedFrame | None,
        noted: Mapping[str, Any] | None,
        read: Callable[[str], bytes],
        *,
        verify: bool = False,
    ) -> None:
        super().__init__(entry_id)
        self._wanted = wanted
        self._noted = noted or {}
        self._read = read
        self._image = b""
        self._present: list[Mapping[str, Any]] = []
        self._token = ""
        self._made = ""
        #: What was done; a lost answer leads to another round.
        self._done: dict[str, set[str]] = {"added": set(), "made_default": set(), "deleted": set()}
        self.done = wanted is None or (self._noted.get("etag") == wanted.etag and not verify)

    def look(self, batch: Batch) -> None:
        """List the thumbnails of the entry."""
        self._list(batch)

    def differences(self) -> list[Difference]:
        """Return whether the picture is missing, broken or not shown, and whether earlier ones are left."""
        if self._wanted is None:
            return []
        found = []
        ours = self._ours()
        others = len(self._made_by_us()) - 1
        if not ours:
            present = "another version" if others >= 0 else None
            return [Difference("thumbnail", "picture", self._wanted.key, present)]
        if not self._is_good(ours[0]):
            size = marked_size(ours[0], self._wanted.etag)
            there = f"status {ours[0].get('status')}, {size_of(ours[0])} bytes, {ours[0].get('width')} pixels wide"
            found.append(Difference("thumbnail", "picture", f"{size} bytes" if size else self._wanted.key, there))
        if not self._is_default(ours[0]):
            found.append(Difference("thumbnail", "default", True, False))
        if others:
            found.append(Difference("thumbnail", "earlier pictures", 0, others))
        return found

    def intention(self) -> dict[str, Any]:
        """Take the note back, as what was made before may be gone any moment."""
        return {"thumbnail": {"etag": ""}} if self._noted else {}

    def write(self, batch: Batch) -> None:
        """Make a thumbnail, and a token for its picture, unless it is there.

        :raises ValueError: the file is no image.
        """
        self._token = self._made = ""
        if self._has_picture():
            return
        if isinstance(self._wanted, WantedFrame):
            self._take_frame(batch, self._wanted)
            return
        self._load()
        if self._has_picture():
            return
        self._done["added"].add("")
        if not self._ours():
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
        """Fill the thumbnail, make it the default one, remove those of ours before it, and read it back."""
        ours = self._ours()
        chosen = str(ours[0]["id"]) if ours else self._made
        if self._token:
            content = {"objectType": "KalturaUploadedFileTokenResource", "token": self._token}
            batch.add(self, "thumbAsset", "setContent", {"id": chosen, "contentResource": content})
        if not ours or not self._is_default(ours[0]):
            self._done["made_default"].add("")
            batch.add(self, "thumbAsset", "setAsDefault", {"thumbAssetId": chosen})
        for asset in self._made_by_us():
            if asset["id"] != chosen:
                self._done["deleted"].add(asset["id"])
                # The default one cannot be deleted: then somebody else has just chosen it.
                gone = {"THUMB_ASSET_ID_NOT_FOUND": None, "THUMB_ASSET_IS_DEFAULT": None}
                batch.add(self, "thumbAsset", "delete", {"thumbAssetId": asset["id"]}, fine=gone)
        if self._token or self._made:
            batch.add(self, "thumbAsset", "get", {"thumbAssetId": chosen}, self._check)

    def explain(self, error: KalturaError) -> Exception:
        """Say why no frame can be taken."""
        key = self._wanted.key if self._wanted else ""
        fixes = {
            "ENTRY_MEDIA_TYPE_NOT_SUPPORTED": "is no video; give an image file instead",
            "INVALID_ENTRY_STATUS": "is not ready for it; wait with KalturaEntryReadySensor first",
            "THUMB_ASSET_IS_NOT_READY": "has no file to take it from, or none with a picture; wait with "
            "KalturaEntryReadySensor first, or give an image file instead",
        }
        if not isinstance(self._wanted, WantedFrame) or error.code not in fixes:
            return error
        return ValueError(f"{key}: entry {self.entry_id} {fixes[error.code]}")

    def changes(self) -> dict[str, Any]:
        """Return how many pictures were made, made the default one, and deleted."""
        if self._wanted is None:
            return {}
        return {"thumbnail": {name: len(done) for name, done in self._done.items()}}

    def notes(self) -> dict[str, Any]:
        """Return the version of the file."""
        return {} if self._wanted is None else {"thumbnail": {"etag": self._wanted.etag}}

    def _take_frame(self, batch: Batch, wanted: WantedFrame) -> None:
        self._done["added"].add("")
        # The tags twice: not every server copies them to the picture.
        params = {"objectType": "KalturaThumbParams", **wanted.params, "tags": wanted.tag}
        call = {"entryId": self.entry_id, "thumbParams": params}
        made = batch.add(self, "thumbAsset", "generate", call, self._added, cost=_FRAME_COST)
        tagged = {"objectType": "KalturaThumbAsset", "tags": wanted.tag}
        batch.add(self, "thumbAsset", "update", {"id": made.ref("id"), "thumbAsset": tagged})
        # It may have been the default one, which was a tag as well.
        batch.add(self, "thumbAsset", "setAsDefault", {"thumbAssetId": made.ref("id")})
        self._list(batch)

    def _load(self) -> None:
        if self._wanted is None or self._image:
            return
        from filetype import guess_mime

        image = self._read(self._wanted.key)
        if (found := guess_mime(image)) not in _TYPES:
            what = f"a file of type {found}" if found else "no image"
            raise ValueError(f"{self._wanted.key}: {what}; use a JPEG or PNG file as thumbnail")
        self._image = image

    @property
    def _tag(self) -> str:
        return mark(self._wanted.etag, len(self._image)) if self._wanted else ""

    def _file_name(self) -> str:
        return PurePosixPath(self._wanted.key).name if self._wanted else ""

    def _ours(self) -> list[Mapping[str, Any]]:
        """Return the thumbnails with this picture, the one that everybody takes first."""
        return sorted((asset for asset in self._present if self._is_ours(asset)), key=age_of)

    def _is_ours(self, asset: Mapping[str, Any]) -> bool:
        if self._wanted is None:
            return False
        if isinstance(self._wanted, WantedFrame):
            # A frame that failed is taken anew, not filled.
            return self._wanted.tag in tags_of(asset) and self._is_good(asset)
        return self._tag in tags_of(asset) if self._image else marked_size(asset, self._wanted.etag) is not None

    def _made_by_us(self) -> list[Mapping[str, Any]]:
        return [asset for asset in self._present if any(map(is_mark, tags_of(asset)))]

    def _has_picture(self) -> bool:
        ours = self._ours()
        return bool(ours) and self._is_good(ours[0])

    def _is_good(self, asset: Mapping[str, Any]) -> bool:
        """Tell whether a thumbnail has its picture, and Kaltura could read it."""
        if self._wanted is None or not is_ready(asset) or not int(asset.get("width", 1)):
            return False
        return isinstance(self._wanted, WantedFrame) or size_of(asset) == marked_size(asset, self._wanted.etag)

    def _is_default(self, asset: Mapping[str, Any]) -> bool:
        return _DEFAULT in tags_of(asset)

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
        # Kaltura takes any bytes, and shows a broken picture then.
        if not self._is_good(answer):
            key = self._wanted.key if self._wanted else ""
            of = f" of {len(self._image)}" if self._image else ""
            raise ValueError(
                f"{key}: Kaltura cannot show it as thumbnail (status {answer.get('status')}, "
                f"{size_of(answer)}{of} bytes, {answer.get('width')} pixels wide); check "
                "that it opens as a picture, or save it as JPEG or PNG"
            )
