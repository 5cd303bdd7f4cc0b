"""Captions of an entry: each language, format and label once, with the content of its file."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.enrichment.marks import OURS, age_of, is_mark, is_ready, mark, marked_size, size_of, tags_of
from kaltura_provider.api.enrichment.part import WHOLE_LIST, Difference, Part, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kaltura_provider.api import KalturaError
    from kaltura_provider.api.enrichment.part import Batch

SERVICE = "caption_captionAsset"
#: KalturaCaptionType by file ending.
FORMATS = {".srt": "1", ".dfxp": "2", ".ttml": "2", ".vtt": "3", ".scc": "5"}
#: The same by form of a caption text.
FORMAT_OF_FORM = {"srt": "1", "ttml": "2", "vtt": "3", "scc": "5"}
_FORMAT_NAMES = {"1": "SRT", "2": "DFXP", "3": "WebVTT", "4": "CAP", "5": "SCC"}
# Kaltura makes SRT of it, in its own time.
_CONVERTED = FORMATS[".scc"]
_REFERENCE = re.compile(r"\{[0-9]+:result[^{}]*\}")


@dataclass(frozen=True)
class WantedCaption:
    """A caption file that an entry is to have.

    :param key: where it is, as ``read`` takes it.
    :param etag: changes with its content.
    :param language: Kaltura's name of its language, such as ``English (British)``.
    :param label: what viewers see; the language if empty.
    :param default: whether it is shown unless the viewer chooses another.
    :param form: ``srt``, ``vtt``, ``ttml`` or ``scc``, what ``read`` returns; as the ending of the key says if empty.
    """

    key: str
    etag: str
    language: str
    label: str = ""
    default: bool = False
    form: str = ""

    @property
    def format(self) -> str:
        """Number of its KalturaCaptionType.

        :raises ValueError: no caption format has this ending.
        """
        if self.form:
            return FORMAT_OF_FORM[self.form]
        ending = PurePosixPath(self.key).suffix.lower()
        if ending not in FORMATS:
            raise ValueError(f"{self.key}: {ending or 'no ending'} is no caption format; use {', '.join(FORMATS)}")
        return FORMATS[ending]

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells it from the other captions of an entry."""
        return self.language, self.format, self.label or self.language


@dataclass(frozen=True)
class CaptionRules:
    """What is done about captions that are there.

    :param keep: whether content that is there stays, also if the file has other content.
    :param prune: whether captions that this package made are deleted when they are wanted no more.
    """

    keep: bool = False
    prune: bool = False


#: The file counts, and nothing is deleted.
REPLACE = CaptionRules()


class CaptionsPart(Part):
    """The captions of the entry. Kaltura does not prevent two of one language, so what is there is used again.

    A caption of the same language, format and label is taken, or the only one of its language and format. A tag on it
    tells which version of the file it holds, so that only others are filled. Captions of files that are gone are left
    alone unless the rules say otherwise.

    :param entry_id: the entry.
    :param wanted: the caption files.
    :param noted: what :meth:`notes` returned before.
    :param read: returns the bytes of a caption file.
    :param verify: whether to look although they are noted.
    :param rules: what is done about captions that are there.
    :raises ValueError: two files are the same caption, or more than one is to be the default.
    """

    outdated_by = frozenset({"CAPTION_ASSET_ID_NOT_FOUND"})

    def __init__(
        self,
        entry_id: str,
        wanted: Sequence[WantedCaption],
        noted: Mapping[str, str] | None,
        read: Callable[[str], bytes],
        *,
        verify: bool = False,
        rules: CaptionRules = REPLACE,
    ) -> None:
        super().__init__(entry_id)
        _check(wanted)
        self._rules = rules
        self._wanted = wanted
        self._noted = noted or {}
        self._read = read
        self._changed = [each for each in wanted if verify or self._noted.get(each.key) != digest_of(asdict(each))]
        self._texts: dict[str, str] = {}
        self._present: list[Mapping[str, Any]] = []
        self._written: list[Mapping[str, Any]] = []
        #: What was done, by identity of the caption, as a lost answer leads to another round.
        self._done: dict[str, set[Any]] = {"added": set(), "replaced": set(), "changed": set(), "deleted": set()}
        is_known = noted is not None and set(noted) == {each.key for each in wanted} and not verify
        self.done = not self._changed and (is_known or not rules.prune)

    def look(self, batch: Batch) -> None:
        """List the captions of the entry."""
        self._list(batch, self._seen)

    def differences(self) -> list[Difference]:
        """Return captions that are missing, hold something else, are named otherwise, or are there twice."""
        found = []
        for wish in self._wanted:
            name = _in_words(wish.identity)
            asset = self._asset(wish)
            if asset is None:
                found.append(Difference("captions", name, wish.key, None))
                continue
            if not self._is_fine(asset, wish):
                found.append(Difference("captions", f"{name} content", *_contents(asset, wish)))
            if wish.label and asset.get("label") != wish.label:
                found.append(Difference("captions", f"{name} label", wish.label, asset.get("label")))
            if wish.default and not asset.get("isDefault"):
                found.append(Difference("captions", f"{name} default", True, False))
        for first, others in _doubles(self._present):
            name = f"{_in_words(_identity(first))} copies"
            found.append(Difference("captions", name, 1, 1 + len(others)))
        found += [Difference("captions", _in_words(_identity(asset)), None, "there") for asset in self._superfluous()]
        return found

    def intention(self) -> dict[str, Any]:
        """Take back the notes of changed files."""
        changed = {each.key for each in self._changed}
        kept = {key: digest for key, digest in self._noted.items() if key not in changed}
        return {"captions": kept} if kept != dict(self._noted) else {}

    def write(self, batch: Batch) -> None:
        """Make or fill the captions that do not hold the version of their file."""
        chosen = [(wish, self._asset(wish)) for wish in self._changed]
        for wish, asset in chosen:
            if asset is None or not self._is_fine(asset, wish):
                # Before the first call is added, so that a bad file leaves no empty caption behind.
                self._text(wish.key)
        adds = False
        for wish, asset in chosen:
            if asset is None:
                adds = True
                self._add(batch, wish)
            else:
                self._bring_up_to_date(batch, wish, asset)
        self._written = []
        if adds or _doubles(self._present):
            # Of two that add at once, the later one sees both.
            self._list(batch, self._seen_after)

    def finish(self, batch: Batch) -> None:
        """Delete what two that ran at once made twice, and what is wanted no more."""
        wishes = {wish.identity: wish for wish in self._changed}
        for first, others in _doubles(self._written):
            # Everybody keeps the first, so it is never deleted; its maker may not have come to fill it.
            if (wish := wishes.get(_identity(first))) is not None:
                self._bring_up_to_date(batch, wish, first)
            for other in others:
                self._delete(batch, other)
        for asset in self._superfluous():
            self._done["deleted"].add(asset["id"])
            self._delete(batch, asset)

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

    def changes(self) -> dict[str, Any]:
        """Return how many captions were added, replaced in content, changed in label or default flag, and deleted."""
        counts = {name: len(captions) for name, captions in self._done.items()}
        touched = set().union(*(self._done[name] for name in ("added", "replaced", "changed")))
        unchanged = sum(each.identity not in touched for each in self._wanted)
        return {"captions": {**counts, "unchanged": unchanged}} if self._wanted or any(counts.values()) else {}

    def _delete(self, batch: Batch, asset: Mapping[str, Any]) -> None:
        gone = {"CAPTION_ASSET_ID_NOT_FOUND": None}
        batch.add(self, SERVICE, "delete", {"captionAssetId": asset["id"]}, fine=gone)

    def _superfluous(self) -> list[Mapping[str, Any]]:
        """Return captions that this package made and that are wanted no more."""
        if not self._rules.prune:
            return []
        wanted = {each.identity for each in self._wanted}
        used = {asset["id"] for wish in self._wanted if (asset := self._asset(wish)) is not None}
        return [
            asset
            for asset in self._present
            if OURS in tags_of(asset) and _identity(asset) not in wanted and asset["id"] not in used
        ]

    def _is_fine(self, asset: Mapping[str, Any], wish: WantedCaption) -> bool:
        return _holds(asset, wish) or (self._rules.keep and is_ready(asset))

    def _add(self, batch: Batch, wish: WantedCaption) -> None:
        description = {
            "objectType": "KalturaCaptionAsset",
            "language": wish.language,
            "label": wish.label or wish.language,
            "format": wish.format,
            # Before the content; a caption whose size is another one is filled again.
            "tags": f"{OURS},{mark(wish.etag, self._size(wish))}",
        }
        self._done["added"].add(wish.identity)
        made = batch.add(self, SERVICE, "add", {"entryId": self.entry_id, "captionAsset": description})
        self._fill(batch, wish, made.ref("id"))
        if wish.default:
            batch.add(self, SERVICE, "setAsDefault", {"captionAssetId": made.ref("id")})

    def _bring_up_to_date(self, batch: Batch, wish: WantedCaption, asset: Mapping[str, Any]) -> None:
        change = {}
        if not self._is_fine(asset, wish):
            self._done["replaced"].add(wish.identity)
            self._fill(batch, wish, asset["id"])
            # After the content: a tag never promises what is not there yet.
            kept = [tag for tag in tags_of(asset) if not is_mark(tag)]
            tags = ",".join([*kept, mark(wish.etag, self._size(wish))])
            if tags != asset.get("tags"):
                change["tags"] = tags
        if wish.label and asset.get("label") != wish.label:
            change["label"] = wish.label
        if change:
            changed = {"objectType": "KalturaCaptionAsset", **change}
            batch.add(self, SERVICE, "update", {"id": asset["id"], "captionAsset": changed})
        is_new_default = wish.default and not asset.get("isDefault")
        if "label" in change or is_new_default:
            self._done["changed"].add(wish.identity)
        if is_new_default:
            batch.add(self, SERVICE, "setAsDefault", {"captionAssetId": asset["id"]})

    def _fill(self, batch: Batch, wish: WantedCaption, asset_id: str) -> None:
        content = {"objectType": "KalturaStringResource", "content": self._text(wish.key)}

        def check(answer: Any) -> None:
            if wish.format != _CONVERTED and size_of(answer) != self._size(wish):
                raise ValueError(
                    f"{wish.key}: Kaltura holds {size_of(answer)} of its {self._size(wish)} bytes (caption {asset_id}, "
                    f"status {answer.get('status')}); repeat the task, and report it to Kaltura if it stays"
                )

        batch.add(self, SERVICE, "setContent", {"id": asset_id, "contentResource": content}, check)

    def _text(self, key: str) -> str:
        if key not in self._texts:
            self._texts[key] = caption_text(key, self._read(key))
        return self._texts[key]

    def _size(self, wish: WantedCaption) -> int:
        return len(self._text(wish.key).encode())

    def _asset(self, wish: WantedCaption) -> Mapping[str, Any] | None:
        same = [each for each in self._present if _identity(each) == wish.identity]
        if same:
            return min(same, key=age_of)
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


def _in_words(identity: tuple[str, str, str]) -> str:
    language, format, label = identity
    name = f"{language} {_FORMAT_NAMES.get(format, format)}"
    return name if label == language else f"{name} {label!r}"


def _holds(asset: Mapping[str, Any], wish: WantedCaption) -> bool:
    """Tell whether a caption has the content of the file, as far as its size tells."""
    size = marked_size(asset, wish.etag)
    return size is not None and is_ready(asset) and (wish.format == _CONVERTED or size_of(asset) == size)


def _contents(asset: Mapping[str, Any], wish: WantedCaption) -> tuple[str, str]:
    """Return in words what a caption should hold and what it holds."""
    size = marked_size(asset, wish.etag)
    if not is_ready(asset):
        return wish.key, f"empty (status {asset.get('status')})"
    if size is not None:
        return f"{size} bytes", f"{size_of(asset)} bytes"
    return wish.key, "another version" if any(map(is_mark, tags_of(asset))) else "something else"


def _doubles(assets: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Return captions that this package made more than once: each the oldest, and the others."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for asset in sorted(assets, key=age_of):
        if OURS in tags_of(asset):
            groups.setdefault(_identity(asset), []).append(asset)
    return [(first, others) for first, *others in groups.values() if others]
