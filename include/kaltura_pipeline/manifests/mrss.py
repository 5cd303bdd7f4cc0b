"""Titles in a media RSS feed (root ``rss``): the elements of Yahoo's namespace, and Kaltura's syndication feed."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING

from kaltura_pipeline.manifests.build import Found, Said
from kaltura_pipeline.manifests.model import ManifestError, Problem
from kaltura_pipeline.manifests.source import Source
from kaltura_pipeline.manifests.values import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_pipeline.manifests.xml_tree import Element

MEDIA_SPACE = "http://search.yahoo.com/mrss"
# Field by element of the namespace of media RSS, and by element without one. The first that says something counts.
FROM_MEDIA = {"title": "name", "description": "description", "keywords": "tags", "category": "categories"}
FROM_ITEM = {
    "title": "name",
    "name": "name",
    "description": "description",
    "guid": "reference_id",
    "referenceID": "reference_id",
    "userId": "owner",
    "category": "categories",
    "accessControlId": "access_control",
    "conversionProfileId": "conversion_profile",
}
# What a feed says for those who play or count it.
UNUSED_MEDIA = frozenset(
    {
        *("player", "hash", "credit", "copyright", "text", "rating", "community", "comments", "embed", "responses"),
        *("backLinks", "status", "price", "license", "peerLink", "location", "rights", "scenes", "adult"),
    }
)
# What would be lost without a word.
REFUSED_MEDIA = {"restriction": "remove it, and name an access control profile in a manifest of another form"}


def mrss_titles(file: str, root: Element) -> Source:
    """Return the titles of a media RSS feed.

    Elements of other namespaces, and what only says where the feed shows an item, are left out.

    :param file: name for messages.
    :param root: the element ``rss``.
    :raises ManifestError: it has no items.
    """
    items = [
        item
        for channel in root.all("channel")
        for place in (channel, *channel.all("items"))
        for item in place.all("item")
    ]
    if not items:
        raise ManifestError(
            Problem(file, root.place, "", "has no items", "write <rss><channel><item>...</item></channel></rss>")
        )
    titles = (_found(file, f"row {number}", item) for number, item in enumerate(items, 1))
    return Source("mrss", titles, zone=timezone.utc)


def _found(file: str, row: str, item: Element) -> Found:
    said: dict[str, Said] = {}
    problems: list[Problem] = []
    categories: list[str] = []

    def say(field: str, value: object, element: Element) -> None:
        if value and field not in said:
            said[field] = Said(value, f"{row}, {element.place}")

    files, captions = [], []
    # Media RSS's own elements say more of the media than those of the feed.
    for element in sorted(_elements(item), key=lambda element: not _is_media(element)):
        place = f"{row}, {element.place}"
        if not _is_media(element):
            if element.tag == "content" and element.attributes.get("url") and not element.space:
                files.append(element)
            elif element.tag in FROM_ITEM and not element.space:
                field = FROM_ITEM[element.tag]
                text = element.text or element.attributes.get("name", "")
                if field == "categories":
                    categories.append(text)
                    said[field] = Said(categories, place)
                else:
                    say(field, text, element)
        elif element.tag == "content":
            files.append(element)
        elif element.tag == "thumbnail":
            say("thumbnail", element.attributes.get("url"), element)
        elif element.tag == "subTitle":
            captions.append({"file": element.attributes.get("href"), "language": element.attributes.get("lang")})
            said["captions"] = Said(captions, place)
        elif element.tag == "category":
            categories.append(element.text)
            said["categories"] = Said(categories, place)
        elif element.tag in FROM_MEDIA:
            say(FROM_MEDIA[element.tag], element.text, element)
        elif element.tag in REFUSED_MEDIA:
            problems.append(Problem(file, place, "", "is not supported", REFUSED_MEDIA[element.tag]))
        elif element.tag not in UNUSED_MEDIA:
            known = ("content", "thumbnail", "subTitle", *FROM_MEDIA)
            problems.append(
                Problem(file, place, "", f"unknown element {shown(element.tag)}", nearest(element.tag, known))
            )
    if chosen := _source(files):
        say("media", chosen.attributes.get("url"), chosen)
    elif (enclosure := item.first("enclosure")) is not None:
        say("media", enclosure.attributes.get("url"), enclosure)
    if len(files) > 1 and chosen is None:
        what = "is a second file of one title, and none is marked as the source"
        fix = 'mark one with isDefault="true", or keep one'
        problems.append(Problem(file, f"{row}, {files[1].place}", "media", what, fix))
    return Found(f"{row}, line {item.line}", said, tuple(problems))


def _elements(item: Element) -> Iterator[Element]:
    """Yield an item's elements, and those that only group media or are inside a single media:content."""
    for element in item.children:
        if _is_media(element) and element.tag == "group":
            yield from _elements(element)
            continue
        yield element
        if _is_media(element) and element.tag == "content":
            yield from (child for child in element.children if _is_media(child))


def _is_media(element: Element) -> bool:
    return element.space.rstrip("/") == MEDIA_SPACE


def _source(files: list[Element]) -> Element | None:
    marked = [
        each
        for each in files
        if any(each.attributes.get(name, "").lower() == "true" for name in ("isDefault", "isSource"))
    ]
    if marked:
        return marked[0]
    return files[0] if len(files) == 1 else None
