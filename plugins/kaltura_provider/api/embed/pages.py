"""Complete, accessible pages: one with an entry, and one that lists entries."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.embed.escape import checked_origin, checked_url, clean, environment, script
from kaltura_provider.api.embed.languages import checked_language, direction, texts_for
from kaltura_provider.api.embed.model import PageItem, Player
from kaltura_provider.api.embed.policy import page_policy
from kaltura_provider.api.embed.snippets import DRIVEN_TYPES, PagePart, render_embed
from kaltura_provider.api.embed.social import social_tags
from kaltura_provider.api.links import thumbnail_url
from kaltura_provider.api.media_kind import MediaKind

if TYPE_CHECKING:
    from kaltura_provider.api.embed.languages import Texts
    from kaltura_provider.api.embed.viewer import ViewerSession

PAGE_TYPES = ("iframe", *DRIVEN_TYPES)
# The player's keys, and the words of what they do.
_KEYS = (
    ("key_space", "do_space"), ("key_arrows", "do_arrows"), ("key_ends", "do_ends"), ("key_volume", "do_volume"),
    ("M", "do_m"), ("C", "do_c"), ("F", "do_f"), ("<, >", "do_speed"),
)  # fmt: skip


@dataclass(frozen=True)
class PageOptions:
    """What all pages of a site have in common.

    :param language: language of the pages, and of titles and descriptions that name no other, such as ``en``.
    :param texts: replace words the pages say themselves, by name; they are there in English, German, French and
        Spanish.
    :param embed_type: ``dynamic``, ``thumbnail`` or ``iframe``.
    :param config: sections of the player's configuration on these pages.
    :param site_name: name of the site, for previews of links.
    :param allowed_origins: sites that may drive the pages when they show them in an iframe, such as
        ``https://www.example.com``.
    :param csp: whether pages tell browsers what they may load.
    :param csp_sources: sources to allow besides, by directive, for plugins of the player that load from elsewhere.
    """

    language: str = "en"
    texts: Mapping[str, str] = field(default_factory=dict)
    embed_type: str = "dynamic"
    config: Mapping[str, Any] = field(default_factory=dict)
    site_name: str = ""
    allowed_origins: Sequence[str] = ()
    csp: bool = True
    csp_sources: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked_language(self.language)
        if self.embed_type not in PAGE_TYPES:
            raise ValueError(f"embed_type {self.embed_type!r} is none of a page: use {', '.join(PAGE_TYPES)}")
        object.__setattr__(self, "allowed_origins", tuple(map(checked_origin, self.allowed_origins)))
        texts_for(self.language, self.texts)

    @property
    def words(self) -> Texts:
        """The words pages say themselves."""
        return texts_for(self.language, self.texts)


def render_page(
    player: Player,
    item: PageItem,
    *,
    options: PageOptions | None = None,
    index_href: str | None = None,
    download_url: str | None = None,
    url: str | None = None,
    oembed_url: str | None = None,
    viewer: ViewerSession | None = None,
) -> str:
    """Render a complete, accessible page with one entry.

    :param player: the player.
    :param item: the entry.
    :param options: what the pages of a site have in common.
    :param index_href: address of a page that lists all entries, to link back to.
    :param download_url: for an entry that no player shows, such as a document: the file's address. The page links to
        it and has no player then.
    :param url: public address of the page, for previews of links and search engines.
    :param oembed_url: public address of what :func:`~kaltura_provider.api.embed.social.render_oembed` says of it.
    :param viewer: the session of a viewer, for an entry that needs one. The page ends with it; never let caches or
        other people have it.
    :return: an HTML document.
    :raises ValueError: see :func:`~kaltura_provider.api.embed.snippets.render_embed`.
    """
    options = options or PageOptions()
    embed = picture = None
    if download_url:
        checked_url(download_url)
    elif item.kind is MediaKind.IMAGE:
        picture = thumbnail_url(player.cdn_url, player.partner_id, item.entry_id, width=1280)
    else:
        embed = render_embed(
            player,
            item,
            embed_type=options.embed_type,
            config=options.config,
            language=options.language,
            texts=options.texts,
            viewer=viewer,
            page=PagePart(options.allowed_origins),
        )
    running = [script("player.js"), script("page.js")] if embed else []
    texts = options.words
    return _render(
        "page.html.j2",
        player,
        options,
        running,
        embed_type=options.embed_type if embed else None,
        item=item,
        index_href=index_href and checked_url(index_href, relative=True),
        download_url=download_url,
        picture=picture,
        embed=embed,
        # A driven snippet brings the first one itself.
        scripts=running[1:] if options.embed_type in DRIVEN_TYPES else running,
        keys=[(texts.words.get(key, key), use) for key, use in _KEYS],
        url=url and checked_url(url),
        oembed_url=oembed_url and checked_url(oembed_url),
        social=social_tags(player, item, url=url, site_name=clean(options.site_name)),
        private=viewer is not None,
    )


def render_index(
    player: Player,
    items: Iterable[PageItem],
    *,
    title: str,
    description: str = "",
    options: PageOptions | None = None,
    url: str | None = None,
) -> str:
    """Render a complete, accessible page that lists entries with thumbnail, title and length, to search and sort.

    :param player: the player that entries without a page of their own open in.
    :param items: the entries, in the order to show them.
    :param title: heading of the page.
    :param description: some sentences below it.
    :param options: what the pages of a site have in common.
    :param url: public address of the page.
    :return: an HTML document.
    """
    options = options or PageOptions()
    cards = [
        {
            "item": item,
            "href": item.href or player.url(item.entry_id),
            "image": thumbnail_url(player.cdn_url, player.partner_id, item.entry_id, width=640, height=360),
        }
        for item in items
    ]
    return _render(
        "index.html.j2",
        player,
        options,
        [script("index.js")] if cards else [],
        embed_type=None,
        cards=cards,
        title=clean(title),
        description=clean(description),
        script=script("index.js"),
        url=url and checked_url(url),
    )


def title_key(item: PageItem) -> tuple[Any, ...]:
    """Return what sorts entries by title as readers expect: by letters whatever their case and accents, 2 before 10.

    Within one script that is the order of most languages; the script of the index page knows the rules of each.

    :param item: the entry.
    """
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", item.title).casefold() if not unicodedata.combining(letter)
    )
    parts: list[tuple[int, int, str]] = []
    number = word = ""
    for letter in [*plain, ""]:
        if letter.isdecimal():
            number += letter
            parts, word = ([*parts, (1, 0, word)], "") if word else (parts, word)
        else:
            parts, number = ([*parts, (0, int(number), "")], "") if number else (parts, number)
            word += letter
    return (*parts, (1, 0, word)), item.title, item.entry_id


def _render(
    template: str,
    player: Player,
    options: PageOptions,
    running: Sequence[str],
    *,
    embed_type: str | None,
    **values: Any,
) -> str:
    from markupsafe import Markup

    texts = options.words
    said = Markup("")
    if texts.language != options.language:
        said = Markup(' lang="{}" dir="{}"').format(texts.language, direction(texts.language))
    policy = None
    if options.csp:
        policy = page_policy(player, scripts=running, embed_type=embed_type, more=options.csp_sources)
    return (
        environment()
        .get_template(template)
        .render(
            language=options.language,
            direction=direction(options.language),
            texts=texts,
            said=said,
            policy=policy,
            **values,
        )
    )
