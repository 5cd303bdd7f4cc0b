"""The files of a site: a page for each entry, what oEmbed says of it, and an index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kaltura_provider.api.embed.escape import checked_url
from kaltura_provider.api.embed.pages import PageOptions, render_index, render_page
from kaltura_provider.api.embed.social import render_oembed

if TYPE_CHECKING:
    from kaltura_provider.api.embed.model import PageItem, Player
    from kaltura_provider.api.embed.viewer import ViewerSession

INDEX = "index.html"
HTML_TYPE = "text/html; charset=utf-8"
OEMBED_TYPE = "application/json+oembed"
#: Of files that viewers of one session alone may see.
PRIVATE_CACHE = "private, no-store"


@dataclass(frozen=True)
class SiteFile:
    """A file of a site, ready to be written.

    :param name: below the place of the site.
    :param body: what is in it; it may hold a session, so it is never shown.
    :param content_type: what it is.
    :param entry_id: whose page it is; empty for other files.
    :param is_private: it holds a session, and ends with it.
    """

    name: str
    body: bytes = field(repr=False)
    content_type: str
    entry_id: str = ""
    is_private: bool = False


@dataclass(frozen=True)
class Site:
    """Where pages go and what they have in common.

    :param player: the player.
    :param options: of all pages.
    :param title: heading of the index.
    :param description: some sentences below it.
    :param public_url: address below which the files can be opened, if it is known.
    """

    player: Player
    options: PageOptions = field(default_factory=PageOptions)
    title: str = "Videos"
    description: str = ""
    public_url: str | None = None

    def __post_init__(self) -> None:
        if self.public_url is not None:
            object.__setattr__(self, "public_url", checked_url(self.public_url).rstrip("/"))

    def url(self, name: str) -> str | None:
        """Return the public address of a file; None if it is not known.

        :param name: of the file.
        """
        return self.public_url and f"{self.public_url}/{name}"

    def entry_files(
        self,
        items: Iterable[PageItem],
        *,
        downloads: Mapping[str, str] | None = None,
        start_session: Callable[[str], ViewerSession] | None = None,
    ) -> Iterator[SiteFile]:
        """Render the page of each entry and, where its address is known and anybody may open it, its oEmbed document.

        :param items: the entries.
        :param downloads: by entry: the address of the file, where no player shows it.
        :param start_session: starts the session of a viewer for an entry; None for pages that need none.
        """
        for item in items:
            viewer = start_session(item.entry_id) if start_session and item.is_played else None
            page, oembed = page_name(item.entry_id), oembed_name(item.entry_id)
            described = self.public_url is not None and viewer is None
            html = render_page(
                self.player,
                item,
                options=self.options,
                index_href=INDEX,
                download_url=(downloads or {}).get(item.entry_id),
                url=self.url(page),
                oembed_url=self.url(oembed) if described else None,
                viewer=viewer,
            )
            yield SiteFile(page, html.encode(), HTML_TYPE, item.entry_id, viewer is not None)
            if described:
                text = render_oembed(self.player, item, site_name=self.options.site_name, site_url=self.public_url)
                yield SiteFile(oembed, text.encode(), OEMBED_TYPE)

    def index_file(self, items: Iterable[PageItem]) -> SiteFile:
        """Render the page that lists entries, each with its page.

        :param items: the entries, in the order to show them.
        """
        listed = [replace(item, href=page_name(item.entry_id)) for item in items]
        html = render_index(
            self.player,
            listed,
            title=self.title,
            description=self.description,
            options=self.options,
            url=self.url(INDEX),
        )
        return SiteFile(INDEX, html.encode(), HTML_TYPE)


def page_name(entry_id: str) -> str:
    """Return the name of an entry's page.

    :param entry_id: the entry.
    """
    return f"{entry_id}.html"


def oembed_name(entry_id: str) -> str:
    """Return the name of what oEmbed says of an entry.

    :param entry_id: the entry.
    """
    return f"{entry_id}.oembed.json"
