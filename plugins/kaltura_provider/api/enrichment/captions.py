"""Captions of an entry: each language, format and label once, with the content of its file."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.enrichment.part import WHOLE_LIST, Part, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kaltura_provider.api import KalturaError
    from kaltura_provider.api.enrichment.part import Batch

SERVICE = "caption_captionAsset"
#: KalturaCaptionType by file ending.
FORMATS = {".srt": "1", ".dfxp": "2", ".ttml": "2", ".vtt": "3", ".scc": "5"}
# Tells captions that this package made, so that only these are ever deleted.
_TAG = "from-source"
_REFERENCE = re.compile(r"\{[0-9]+:result[^{}]*\}")


@dataclass(frozen=True)
class WantedCaption:
    """A caption file that an entry is to have.

    :param key: where it is, as ``read`` takes it; its ending tells the format.
    :param etag: changes with its content.
    :param language: Kaltura's name of its language, such as ``English (British)``.
    :param label: what viewers see; the language if empty.
    :param default: whether it is shown unless the viewer chooses another.
    """

    key: str
    etag: str
    language: str
    label: str = ""
    default: bool = False

    @property
    def format(self) -> str:
        """Number of its KalturaCaptionType.

        :raises ValueError: no caption format has this ending.
        """
        ending = PurePosixPath(self.key).suffix.lower()
        if ending not in FORMATS:
            raise ValueError(f"{self.key}: {ending or 'no ending'} is no caption format; use {', '.join(FORMATS)}")
        return FORMATS[ending]

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells it from the other captions of an entry."""
        return self.language, self.format, self.label or self.language


class CaptionsPart(Part):
    """The captions of the entry. Kaltura does not prevent two of one language, so what is there is used again.

    A caption of the same language, format and label is taken, or the only one of its language and format. Captions of
    files that are gone are left alone.

    :param entry_id: the entry.
    :param wanted: the caption files.
    :param noted: what :meth:`notes` returned before.
    :param read: returns the bytes of a caption file.
    :raises ValueError: two files are the same caption, or more than one is to be the default.
    """

    outdated_by = frozenset({"CAPTION_ASSET_ID_NOT_FOUND"})

    def __init__(
        self,
        entry_id: str,
        wanted: Sequence[WantedCaption],
        noted: Mapping[str, str] | None,
        read: Callable[[str], bytes],
    ) -> None:
        super().__init__(entry_id)
        _check(wanted)
        self._wanted = wanted
        self._noted = noted or {}
        self._read = read
        self._changed = [each for each in wanted if self._noted.get(each.key) != digest_of(asdict(each))]
        self._texts: dict[str, str] = {}
        self._present: list[Mapping[str, Any]] = []
        self._written: list[Mapping[str, Any]] = []
        self.done = not self._changed

    def look(self, batch: Batch) -> None:
        """List the captions of the entry."""
        self._list(batch, self._seen)

    def intention(self) -> dict[str, Any]:
        """Take back the notes of changed files."""
        changed = {each.key for each in self._changed}
        kept = {key: digest for key, digest in self._noted.items() if key not in changed}
        return {"captions": kept} if kept != dict(self._noted) else {}

    def write(self, batch: Batch) -> None:
        """Make or fill the captions of changed files."""
        for wish in self._changed:
            # Before the first call is added, so that a bad file leaves no empty caption behind.
            self._text(wish.key)
        adds = False
        for wish in self._changed:
            asset = self._asset(wish)
            if asset is None:
                adds = True
                description = {
                    "objectType": "KalturaCaptionAsset",
                    "language": wish.language,
                    "label": wish.label or wish.language,
                    "format": wish.format,
                    "tags": _TAG,
                }
                made = batch.add(self, SERVICE, "add", {"entryId": self.entry_id, "captionAsset": description})
                self._fill(batch, wish, made.ref("id"))
            else:
                if wish.label and asset.get("label") != wish.label:
                    change = {"objectType": "KalturaCaptionAsset", "label": wish.label}
                    batch.add(self, SERVICE, "update", {"id": asset["id"], "captionAsset": change})
                self._fill(batch, wish, asset["id"])
        self._written = []
        if adds or _doubles(self._present):
            # Of two that add at once, the later one sees both.
            self._list(batch, self._seen_after)

    def finish(self, batch: Batch) -> None:
        """Delete what two that ran at once made twice."""
        wishes = {wish.identity: wish for wish in self._changed}
        for first, others in _doubles(self._written):
            # Everybody keeps the first, so it is never deleted; its maker may not have come to fill it.
            if (wish := wishes.get(_identity(first))) is not None:
                self._fill(batch, wish, first["id"])
            for other in others:
                gone = {"CAPTION_ASSET_ID_NOT_FOUND": None}
                batch.add(self, SERVICE, "delete", {"captionAssetId": other["id"]}, fine=gone)

    def explain(self, error: KalturaError) -> Exception:
        """Say what Kaltura means when it does not find an entry that exists."""
        if error.code != "ENTRY_ID_NOT_FOUND":
            return error
        return ValueError(
            f"{self._changed[0].key}: entry {self.entry_id} takes no captions; only video and audio do, so remove the "
            "caption files, or check that the entry was not deleted"
        )

    def notes(self) -> dict[str, Any]:
        """Return a digest of each file and what is said of it."""
        return {"captions": {each.key: digest_of(asdict(each)) for each in self._wanted}}

    def _fill(self, batch: Batch, wish: WantedCaption, asset_id: str) -> None:
        content = {"objectType": "KalturaStringResource", "content": self._text(wish.key)}
        batch.add(self, SERVICE, "setContent", {"id": asset_id, "contentResource": content})
        if wish.default:
            batch.add(self, SERVICE, "setAsDefault", {"captionAssetId": asset_id})

    def _text(self, key: str) -> str:
        if key not in self._texts:
            self._texts[key] = caption_text(key, self._read(key))
        return self._texts[key]

    def _asset(self, wish: WantedCaption) -> Mapping[str, Any] | None:
        same = [each for each in self._present if _identity(each) == wish.identity]
        if same:
            return min(same, key=_age)
        taken = {each.identity for each in self._wanted}
        alike = [
            each for each in self._present if _identity(each)[:2] == wish.identity[:2] and _identity(each) not in taken
        ]
        rivals = [each for each in self._wanted if each.identity[:2] == wish.identity[:2]]
        return alike[0] if len(alike) == len(rivals) == 1 else None

    def _list(self, batch: Batch, then: Callable[[Any], None]) -> None:
        batch.add(self, SERVICE, "list", {"filter": {"entryIdEqual": self.entry_id}, "pager": WHOLE_LIST}, then)

    def _seen(self, answer: Any) -> None:
        self._present = answer.get("objects") or []

    def _seen_after(self, answer: Any) -> None:
        self._written = answer.get("objects") or []


def caption_text(key: str, data: bytes) -> str:
    """Return the text of a caption file.

    :param key: its name, for the message.
    :param data: its bytes, UTF-8 with or without a byte order mark.
    :raises ValueError: it is not UTF-8, or empty, or holds what Kaltura takes for a reference to another call.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{key}: not UTF-8 at byte {error.start}; save the caption file as UTF-8") from None
    if not text.strip():
        raise ValueError(f"{key}: the caption file is empty; upload it again, or remove it")
    if found := _REFERENCE.search(text):
        raise ValueError(f"{key}: the text {found.group()!r} has a meaning of its own for Kaltura; change it")
    return text


def _check(wanted: Sequence[WantedCaption]) -> None:
    seen: dict[tuple[str, str, str], str] = {}
    for each in wanted:
        if (other := seen.setdefault(each.identity, each.key)) != each.key:
            raise ValueError(f"{each.key} and {other} are both captions in {each.language}; give one another label")
    if len(defaults := [each.key for each in wanted if each.default]) > 1:
        raise ValueError(f"{' and '.join(defaults)} are both to be the default caption; choose one")


def _identity(asset: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(asset.get("language")), str(asset.get("format")), str(asset.get("label") or asset.get("language"))


def _age(asset: Mapping[str, Any]) -> tuple[int, str]:
    return int(asset["createdAt"]), str(asset["id"])


def _doubles(assets: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Return captions that this package made more than once: each the oldest, and the others."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for asset in sorted(assets, key=_age):
        if _TAG in str(asset.get("tags") or "").split(","):
            groups.setdefault(_identity(asset), []).append(asset)
    return [(first, others) for first, *others in groups.values() if others]
