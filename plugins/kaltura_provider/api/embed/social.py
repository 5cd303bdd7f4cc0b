"""What other programs read of a page: previews of links, search engines, and editors that embed it (oEmbed)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from kaltura_provider.api.embed.escape import environment, script_json
from kaltura_provider.api.embed.model import PageItem, Player, iso_duration
from kaltura_provider.api.links import thumbnail_url
from kaltura_provider.api.media_kind import MediaKind

#: Pixels of the picture that previews show.
PREVIEW_SIZE = (1280, 720)
_OEMBED_SIZE = (960, 540)


@dataclass(frozen=True)
class SocialTags:
    """What the head of a page says to others.

    :param properties: Open Graph and Twitter tags: names with their values, in order.
    :param json_ld: the film as schema.org describes it, ready to stand in a script element; empty if it is none.
    """

    properties: list[tuple[str, str]] = field(default_factory=list)
    json_ld: str = ""


def preview_url(player: Player, item: PageItem) -> str:
    """Return the picture of an entry that previews show, of exactly :data:`PREVIEW_SIZE`.

    :param player: says where pictures come from.
    :param item: the entry.
    """
    width, height = PREVIEW_SIZE
    return thumbnail_url(player.cdn_url, player.partner_id, item.entry_id, width=width, height=height)


def social_tags(player: Player, item: PageItem, *, url: str | None, site_name: str) -> SocialTags:
    """Return what a page says of an entry.

    :param player: the player.
    :param item: the entry.
    :param url: public address of the page, if it is known.
    :param site_name: name of the site; may be empty.
    """
    picture = preview_url(player, item)
    played = item.is_played
    properties = [
        ("og:type", "video.other" if item.kind is MediaKind.VIDEO else "website"),
        ("og:title", item.title),
        ("og:description", item.summary),
        ("og:url", url or ""),
        ("og:site_name", site_name),
        ("og:image", picture),
        ("og:image:width", str(PREVIEW_SIZE[0])),
        ("og:image:height", str(PREVIEW_SIZE[1])),
        ("og:image:alt", item.title),
    ]
    if item.kind is MediaKind.VIDEO:
        width, height = _OEMBED_SIZE
        properties += [
            ("og:video", player.url(item.entry_id)),
            ("og:video:type", "text/html"),
            ("og:video:width", str(width)),
            ("og:video:height", str(height)),
        ]
        if item.duration:
            properties.append(("video:duration", str(item.duration)))
    properties.append(("twitter:card", "summary_large_image"))
    return SocialTags(
        [(name, value) for name, value in properties if value],
        script_json(_described(player, item, url, picture)) if played else "",
    )


def _described(player: Player, item: PageItem, url: str | None, picture: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "VideoObject" if item.kind is MediaKind.VIDEO else "AudioObject",
        "name": item.title,
        "description": item.summary or item.title,
        "thumbnailUrl": [picture],
        "uploadDate": item.date or None,
        "duration": iso_duration(item.duration) if item.duration else None,
        "inLanguage": item.language or None,
        "embedUrl": player.url(item.entry_id),
        "url": url,
    }
    if item.chapters and url:
        join = "&" if "?" in url else "?"
        ends = [*(chapter.seconds for chapter in item.chapters[1:]), item.duration]
        described["hasPart"] = [
            {
                "@type": "Clip",
                "name": chapter.title,
                "startOffset": chapter.seconds,
                **({"endOffset": end} if end is not None else {}),
                "url": f"{url}{join}t={chapter.seconds:g}",
            }
            for chapter, end in zip(item.chapters, ends, strict=True)
        ]
    return {name: value for name, value in described.items() if value is not None}


def render_oembed(
    player: Player, item: PageItem, *, site_name: str = "", site_url: str | None = None, cache_age: int | None = None
) -> str:
    """Render what oEmbed asks a site for: a description of one page, which editors embed when its link is pasted.

    It never holds a session.

    :param player: the player.
    :param item: the entry.
    :param site_name: name of the site; may be empty.
    :param site_url: address of the site.
    :param cache_age: seconds for which readers may keep it.
    :return: JSON: of the type ``video``, for sound alone ``rich``, for images ``photo``, else ``link``.
    """
    width, height = _OEMBED_SIZE
    if item.kind is MediaKind.AUDIO:
        height = width // 3
    kinds = {MediaKind.VIDEO: "video", MediaKind.AUDIO: "rich", MediaKind.IMAGE: "photo"}
    document: dict[str, Any] = {
        "version": "1.0",
        "type": kinds.get(item.kind, "link"),
        "title": item.title,
        "provider_name": site_name or None,
        "provider_url": site_url,
        "cache_age": cache_age,
        "thumbnail_url": preview_url(player, item),
        "thumbnail_width": PREVIEW_SIZE[0],
        "thumbnail_height": PREVIEW_SIZE[1],
    }
    if item.kind is MediaKind.IMAGE:
        document |= {"url": preview_url(player, item), "width": PREVIEW_SIZE[0], "height": PREVIEW_SIZE[1]}
    elif item.is_played:
        src = player.url(item.entry_id)
        html = environment().get_template("oembed.html.j2").render(item=item, src=src, width=width, height=height)
        document |= {"html": html, "width": width, "height": height}
    filled = {name: value for name, value in document.items() if value is not None}
    return json.dumps(filled, ensure_ascii=False, indent=1) + "\n"
