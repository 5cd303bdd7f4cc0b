"""Web pages with a Kaltura player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.showing import PlayerOperator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.sdk import Context

    from kaltura_provider.api import Entry, PageItem, Player, Site, ViewerSession
    from kaltura_provider.hooks.s3_site import S3Site

#: Entries whose pages a task returns at most; more belong in S3.
MAX_RETURNED = 20
# Of a caption asset.
_READY = 2
_ORDERS = ("listed", "title", "newest")


class KalturaPageOperator(PlayerOperator):
    """Write an accessible web page for each entry, and an index of them (``baseEntry.list``, ``captionAsset.list``).

    With ``s3_bucket`` the pages go to S3, ``<entry id>.html`` and ``index.html``; what is there already is left alone,
    so repeating it changes nothing. Otherwise the task returns them.

    Entries that viewers may only play with a session (KS) need ``viewer_session``: each page then holds one that may
    do nothing but play its entry, for an hour unless said otherwise. Whoever can open the page can use it. Such pages
    are only ever written to S3, never returned, and are written anew each time: keep them where only the viewers they
    are for can read them, and repeat the task before they end.

    Returns with S3 ``{"entry_ids": list, "pages": {entry_id: address}, "index": address, "s3_uri": str,
    "written": int, "unchanged": int}``: addresses below ``public_url`` if that is given, else ``s3://`` ones; and
    otherwise ``{"entry_ids": list, "pages": {entry_id: html}, "index": html}``.

    :param entry_ids: one entry id, a list of them, or what upload tasks returned, in the order of the index. Templated.
    :param ui_conf_id: the player: its number, or what
        :class:`~kaltura_provider.operators.player.KalturaPlayerOperator` returned. Templated.
    :param title: heading of the index. Templated.
    :param description: some sentences below it. Templated.
    :param sort: order of the index: ``listed``, ``title`` or ``newest``. Templated.
    :param embed_type: ``dynamic`` (host pages can drive it), ``thumbnail`` (loads the player after a click), or
        ``iframe``. Templated.
    :param config: sections of the player's configuration, such as ``{"playback": {"muted": True}}``. Templated.
    :param language: language of titles and descriptions, such as ``ar``. Templated.
    :param site_name: name of the site, for previews of links. Templated.
    :param public_url: address below which the pages can be opened; with it they have previews for messengers, data for
        search engines, and oEmbed documents. Templated.
    :param chapters: places to jump to, by entry: ``{"1_abcd1234": [[0, "Welcome"], [90, "Questions"]]}``. Templated.
    :param captions: whether pages tell which captions there are.
    :param allowed_origins: sites that may drive the pages when they show them in an iframe. Templated.
    :param csp: whether pages tell browsers what they may load (Content-Security-Policy).
    :param csp_sources: sources to allow besides, by directive, for plugins that load from elsewhere. Templated.
    :param viewer_session: for entries that need one: a mapping with any of ``user_id``, ``lifetime`` (seconds, at most
        86400), ``ip_addresses`` and ``uris``; ``{}`` for what is usual. Templated.
    :param s3_bucket: where to write the pages. Templated.
    :param s3_prefix: folder in it. Templated.
    :param cache_control: how long browsers and caches may keep the pages.
    :param extra_args: further arguments of ``PutObject``, such as ``{"ServerSideEncryption": "aws:kms"}``. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session that reads the entries. Templated.
    """

    template_fields: Sequence[str] = (
        *PlayerOperator.template_fields,
        "title",
        "description",
        "sort",
        "site_name",
        "public_url",
        "chapters",
        "allowed_origins",
        "csp_sources",
        "viewer_session",
        "s3_bucket",
        "s3_prefix",
        "extra_args",
        "aws_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **PlayerOperator.template_fields_renderers,
        "chapters": "json",
        "allowed_origins": "json",
        "csp_sources": "json",
        "viewer_session": "json",
        "extra_args": "json",
    }

    def __init__(
        self,
        *,
        entry_ids: str | Sequence[Any] | Mapping[str, Any],
        ui_conf_id: int | str | Mapping[str, Any],
        title: str = "Videos",
        description: str = "",
        sort: Literal["listed", "title", "newest"] | str = "listed",
        embed_type: Literal["dynamic", "thumbnail", "iframe"] | str = "dynamic",
        config: Mapping[str, Any] | None = None,
        language: str = "en",
        site_name: str = "",
        public_url: str | None = None,
        chapters: Mapping[str, Sequence[Sequence[Any]]] | None = None,
        captions: bool = True,
        allowed_origins: Sequence[str] = (),
        csp: bool = True,
        csp_sources: Mapping[str, Sequence[str]] | None = None,
        viewer_session: Mapping[str, Any] | None = None,
        s3_bucket: str | None = None,
        s3_prefix: str = "",
        cache_control: str = "public, max-age=300",
        extra_args: Mapping[str, Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            entry_ids=entry_ids,
            ui_conf_id=ui_conf_id,
            embed_type=embed_type,
            config=config,
            language=language,
            **kwargs,
        )
        self.title = title
        self.description = description
        self.sort = sort
        self.site_name = site_name
        self.public_url = public_url
        self.chapters = chapters
        self.captions = captions
        self.allowed_origins = allowed_origins
        self.csp = csp
        self.csp_sources = csp_sources
        self.viewer_session = viewer_session
        self.s3_bucket = s3_bucket
        self.s3_prefix = s3_prefix
        self.cache_control = cache_control
        self.extra_args = extra_args
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Render the pages, and write them if asked to.

        :param context: the task's context.
        :return: entry ids, and addresses with counts, or the pages.
        :raises kaltura_provider.api.KalturaError: the entries could not be read, or no session could be started.
        :raises ValueError: an argument has no meaning, an entry does not exist, or S3 refused; names the fix.
        """
        player, entries = self.prepare(context)
        site = self._site(player)
        items = self._items(entries)
        downloads = _downloads(entries)
        if self.viewer_session is not None and not self.s3_bucket:
            raise ValueError(
                "Pages with viewer_session are only written to S3, never returned: XCom would keep the sessions. Set "
                "s3_bucket."
            )
        if not self.s3_bucket:
            return self._returned(site, items, downloads)
        return self._written(site, items, downloads)

    def _returned(self, site: Site, items: list[PageItem], downloads: Mapping[str, str]) -> dict[str, Any]:
        if len(items) > MAX_RETURNED:
            raise ValueError(f"A task returns at most {MAX_RETURNED} pages, not {len(items)}: set s3_bucket.")
        files = site.entry_files(items, downloads=downloads)
        pages = {file.entry_id: file.body.decode() for file in files if file.entry_id}
        return {"entry_ids": list(pages), "pages": pages, "index": site.index_file(self._sorted(items)).body.decode()}

    def _written(self, site: Site, items: list[PageItem], downloads: Mapping[str, str]) -> dict[str, Any]:
        from kaltura_provider.api.embed.site import INDEX, page_name
        from kaltura_provider.hooks.s3_site import S3Site

        place = S3Site(
            self.aws_conn_id,
            self.s3_bucket or "",
            self.s3_prefix,
            cache_control=self.cache_control,
            extra_args=self.extra_args,
        )
        start = None if self.viewer_session is None else self._start_session
        files = site.entry_files(items, downloads=downloads, start_session=start)
        # The index last: all it leads to is there then.
        done = place.write(files)
        last = place.write([site.index_file(self._sorted(items))])
        written, unchanged = len(done.written) + len(last.written), done.unchanged + last.unchanged
        self.log.info("Wrote %d files to %s; %d were there already.", written, place.uri(), unchanged)
        return {
            "entry_ids": [item.entry_id for item in items],
            "pages": {item.entry_id: _address(site, place, page_name(item.entry_id)) for item in items},
            "index": _address(site, place, INDEX),
            "s3_uri": place.uri(),
            "written": written,
            "unchanged": unchanged,
        }

    def _site(self, player: Player) -> Site:
        from kaltura_provider.api import PageOptions, Site

        if self.sort not in _ORDERS:
            raise ValueError(f"sort {self.sort!r} is unknown: use {', '.join(_ORDERS)}")
        options = PageOptions(
            language=self.language,
            embed_type=self.embed_type,
            config=self.config or {},
            site_name=self.site_name,
            allowed_origins=self.allowed_origins,
            csp=self.csp,
            csp_sources=self.csp_sources or {},
        )
        return Site(player, options, self.title, self.description, self.public_url or None)

    def _items(self, entries: Sequence[Entry]) -> list[PageItem]:
        from kaltura_provider.api import PageItem

        chapters = dict(self.chapters or {})
        if strange := sorted(set(chapters) - {entry.id for entry in entries}):
            raise ValueError(f"chapters names entries that get no page: {', '.join(strange)}. Check the ids.")
        captions = self._captions([entry.id for entry in entries])
        return [
            PageItem.from_entry(entry, chapters=chapters.get(entry.id, ()), captions=captions.get(entry.id, ()))
            for entry in entries
        ]

    def _captions(self, entry_ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the names of the captions viewers see, by entry."""
        from kaltura_provider.api import ErrorClass, KalturaError
        from kaltura_provider.api.playback.captions import caption_assets

        if not self.captions:
            return {}
        try:
            found = caption_assets(self.hook.get_conn(), entry_ids)
        except KalturaError as error:
            if error.error_class is not ErrorClass.PERMISSION:
                raise
            self.log.warning("Pages do not tell which captions there are, as this session may not list them: %s", error)
            return {}
        return {
            entry_id: list(dict.fromkeys(_caption_name(asset) for asset in assets if _is_shown(asset)))
            for entry_id, assets in found.items()
        }

    def _sorted(self, items: list[PageItem]) -> list[PageItem]:
        from kaltura_provider.api import title_key

        if self.sort == "title":
            return sorted(items, key=title_key)
        if self.sort == "newest":
            return sorted(items, key=lambda item: -(item.created_at or 0))
        return items

    def _start_session(self, entry_id: str) -> ViewerSession:
        from kaltura_provider.api import start_viewer_session

        given = dict(self.viewer_session or {})
        known = ("user_id", "lifetime", "ip_addresses", "uris")
        if unknown := sorted(set(given) - set(known)):
            raise ValueError(f"viewer_session has {', '.join(unknown)}: use {', '.join(known)}")
        return start_viewer_session(self.hook.get_conn(), entry_id, **given)


def _address(site: Site, place: S3Site, name: str) -> str:
    return site.url(name) or place.uri(name)


def _downloads(entries: Iterable[Entry]) -> dict[str, str]:
    from kaltura_provider.api.embed.model import download_url_of

    return {entry.id: url for entry in entries if (url := download_url_of(entry))}


def _is_shown(asset: Mapping[str, Any]) -> bool:
    return int(asset.get("status") or 0) == _READY and asset.get("displayOnPlayer") is not False


def _caption_name(asset: Mapping[str, Any]) -> str:
    return str(asset.get("label") or asset.get("language") or asset.get("id"))
