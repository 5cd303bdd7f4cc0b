"""Titles in Kaltura's bulk upload XML (root ``mrss``)."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING

from kaltura_pipeline.manifests.build import MAXIMUM_TITLE_PROBLEMS, Found, Said
from kaltura_pipeline.manifests.columns import read_action
from kaltura_pipeline.manifests.kaltura_names import ITEM
from kaltura_pipeline.manifests.model import ManifestError, Problem
from kaltura_pipeline.manifests.source import Source
from kaltura_pipeline.manifests.values import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaltura_pipeline.manifests.xml_tree import Element

_LISTS = {"tags": "tag", "categories": "category", "entitledUsersEdit": "user", "entitledUsersPublish": "user"}
_LISTS["entitledUsersView"] = "user"
# Where a resource says what it is of; the others name entries, assets and storages of Kaltura's.
_RESOURCES = {
    "urlContentResource": "url",
    "dropFolderFileContentResource": "filePath",
    "serverFileContentResource": "filePath",
}
_OTHER_RESOURCES = (
    "sshUrlContentResource",
    "remoteStorageContentResource",
    "remoteStorageContentResources",
    "entryContentResource",
    "assetContentResource",
)
_KINDS_OF_MEDIA = {"1", "2", "5", "VIDEO", "IMAGE", "AUDIO"}


def kaltura_titles(file: str, root: Element) -> Source:
    """Return the titles of Kaltura's bulk upload XML.

    A session (``ks``) the file may hold is not looked at.

    :param file: name for messages.
    :param root: the element ``mrss``.
    :raises ManifestError: it has no items.
    """
    items = [item for channel in root.all("channel") for item in channel.all("item")]
    if not items:
        fix = "write <mrss><channel><item>...</item></channel></mrss>"
        raise ManifestError(Problem(file, root.place, "", "has no items", fix))
    titles = (_Item(file, f"row {number}", item).found() for number, item in enumerate(items, 1))
    # The server reads times without a zone as UTC.
    return Source("kaltura-xml", titles, zone=timezone.utc)


class _Item:
    """One item, read element by element."""

    def __init__(self, file: str, row: str, item: Element) -> None:
        self.file = file
        self.row = row
        self.item = item
        self.said: dict[str, Said] = {}
        self.problems: list[Problem] = []
        self.action = ""
        self.readers: dict[str, Callable[[Element], object]] = {
            "contentAssets": self._content,
            "thumbnails": self._thumbnail,
            "subTitles": self._captions,
            "customDataItems": self._metadata,
        }

    def found(self) -> Found:
        seen: set[str] = set()
        for element in self.item.children:
            tag = element.tag
            if len(self.problems) >= MAXIMUM_TITLE_PROBLEMS:
                break
            if tag not in ITEM:
                self._wrong(element, "", f"unknown element {shown(tag)}", nearest_element(tag))
                continue
            meaning = ITEM[tag]
            if meaning.fix:
                self._wrong(element, "", "is not supported", meaning.fix)
            elif tag == "action":
                self.action, problems = read_action(self.file, self._place(element), element.text)
                self.problems += problems
            elif tag == "media":
                self._media_type(element)
            elif meaning.field in seen:
                self._wrong(element, meaning.field, "says what another element says already", "keep one of the two")
            elif meaning.field:
                seen.add(meaning.field)
                self._field(element, meaning.field)
        if not self.action and "entry_id" in self.said:
            # As the server has it: an item that names an entry is about that entry.
            self.action = "update"
        return Found(f"{self.row}, line {self.item.line}", self.said, tuple(self.problems), self.action)

    def _field(self, element: Element, field: str) -> None:
        if element.tag in self.readers:
            value = self.readers[element.tag](element)
        elif element.tag in _LISTS:
            value = self._list(element, _LISTS[element.tag])
        else:
            value = element.text or None
        if value is not None:
            self.said[field] = Said(value, self._place(element))

    def _list(self, element: Element, tag: str) -> list[str]:
        for child in element.children:
            if child.tag == "categoryId":
                self._wrong(
                    child, "categories", "categories by ID are not supported", "write <category> with the full path"
                )
            elif child.tag != tag:
                self._wrong(child, "", f"unknown element {shown(child.tag)}", f"write <{tag}>")
        return [child.text for child in element.all(tag) if child.text]

    def _media_type(self, element: Element) -> None:
        kind = element.first("mediaType")
        if kind is not None and kind.text and kind.text.upper() not in _KINDS_OF_MEDIA:
            self._wrong(
                kind, "", f"mediaType {shown(kind.text)} is no file", "write 1 for video, 2 for an image, 5 for audio"
            )

    def _content(self, element: Element) -> object:
        contents = list(element.all("content"))
        if len(contents) > 1:
            self._wrong(
                contents[1], "media", "is a second file of one title", "keep the source; Kaltura makes the renditions"
            )
        if not contents:
            return None
        for name in ("flavorParamsId", "flavorParams", "assetId"):
            value = contents[0].attributes.get(name, "")
            # Flavor 0 is the source.
            if value not in {"", "0"}:
                self._wrong(
                    contents[0], "media", f"the attribute {name} is not supported", "give the source, without it"
                )
        if streams := contents[0].first("streams"):
            self._wrong(streams, "media", "is not supported", "remove it: the tracks are those of the file")
        return self._resource(contents[0], "media")

    def _thumbnail(self, element: Element) -> object:
        thumbnails = list(element.all("thumbnail"))
        chosen = [each for each in thumbnails if _is_true(each.attributes.get("isDefault", ""))] or thumbnails
        if len(chosen) > 1:
            self._wrong(chosen[1], "thumbnail", "is a second thumbnail", 'keep one, or mark one with isDefault="true"')
        return self._resource(chosen[0], "thumbnail") if chosen else None

    def _captions(self, element: Element) -> object:
        captions = []
        for each in element.all("subTitle"):
            for name in ("captionParamsId", "captionParams", "captionAssetId"):
                if each.attributes.get(name):
                    fix = "give lang, and remove it: captions are matched by language"
                    self._wrong(each, "captions", f"the attribute {name} is not supported", fix)
            captions.append(
                {
                    "file": self._resource(each, "captions"),
                    "language": each.attributes.get("lang"),
                    "label": each.attributes.get("label"),
                    "default": each.attributes.get("isDefault") or None,
                }
            )
        return captions

    def _metadata(self, element: Element) -> object:
        result: dict[str, dict[str, object]] = {}
        for each in element.all("customData"):
            profile = each.attributes.get("metadataProfile") or each.attributes.get("metadataProfileId")
            data = each.first("xmlData")
            if not profile:
                self._wrong(each, "metadata", "names no profile", "add the attribute metadataProfile")
            elif (action := each.first("action")) is not None and action.text != "replace":
                self._wrong(action, "metadata", f"{shown(action.text)} is not supported", "give the whole of xmlData")
            elif data is not None:
                result[profile] = self._metadata_fields(data)
        return result

    def _metadata_fields(self, data: Element) -> dict[str, object]:
        root = data.first("metadata")
        if root is None:
            self._wrong(
                data, "metadata", "has no element metadata", "write <xmlData><metadata>...</metadata></xmlData>"
            )
            return {}
        fields: dict[str, list[object]] = {}
        for element in root.children:
            if element.children:
                self._wrong(
                    element, "metadata", "has elements in it, which is not supported", "give fields with a text"
                )
            elif element.text:
                fields.setdefault(element.tag, []).append(element.text)
        return {name: found[0] if len(found) == 1 else found for name, found in fields.items()}

    def _resource(self, element: Element, field: str) -> str | None:
        for name, attribute in _RESOURCES.items():
            resource = element.first(name)
            if resource is not None:
                text = resource.attributes.get(attribute, "")
                if not text:
                    self._wrong(resource, field, f"has no attribute {attribute}", "name the file in it")
                return text or None
        other = element.first(*_OTHER_RESOURCES)
        if other is not None:
            fix = "copy the file to the bucket, and write <urlContentResource> with s3://bucket/key"
            self._wrong(other, field, "is not supported", fix)
        else:
            self._wrong(element, field, "names no file", "write <urlContentResource> with s3://bucket/key in url")
        return None

    def _place(self, element: Element) -> str:
        return f"{self.row}, {element.place}"

    def _wrong(self, element: Element, field: str, message: str, fix: str) -> None:
        self.problems.append(Problem(self.file, self._place(element), field, message, fix))


def _is_true(text: str) -> bool:
    return text.strip().lower() in {"true", "1"}


def nearest_element(tag: str) -> str:
    """Return advice for an element that is not known."""
    by_lower = {name.lower(): name for name in ITEM}
    advice = nearest(tag, by_lower)
    return next(
        (f"did you mean {name!r}?" for lower, name in by_lower.items() if advice == f"did you mean {lower!r}?"), advice
    )
