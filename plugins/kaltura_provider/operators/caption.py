"""Captions of entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.assets import KalturaEntryAssetsOperator

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context

    from kaltura_provider.api.enrichment.enrich import Enrichment


class KalturaCaptionOperator(KalturaEntryAssetsOperator):
    """Give audio and video entries their captions, each language, format and label once.

    (Kaltura ``caption_captionAsset.list``, ``add``, ``setContent``, ``update``, ``setAsDefault``, ``delete``; about
    twenty entries travel in one request.)

    Repeating it changes nothing and reads no file from S3: a tag on each caption tells which version of which file it
    holds. A caption that is there with the same language, format and label is used again. A caption whose content on
    Kaltura has another size than it was given, or that is empty, is filled again. An entry with a problem (a file that
    is missing, of an unknown language, not a caption) stops no other one; what is wrong names the file.

    Returns ``{"entries": {entry_id: {"added": int, "replaced": int, "changed": int, "deleted": int, "unchanged": int,
    "problem": str | None}}, "problems": int}`` and the same counts over all entries.

    :param entry_id: the entry, if it is one. Templated.
    :param captions: its captions. Each is a file, or a mapping with

        * ``source``: ``s3://bucket/key``, a key (with ``s3_bucket``), or any path of Airflow's object storage, such as
          ``/data/talk.en.vtt`` or ``gs://bucket/talk.en.vtt``; or ``text``: the caption itself;
        * ``language``: a tag or code (``en-GB``, ``es``, ``deu``) or Kaltura's own name of it (``English (British)``);
          by default what the file's name ends with (``talk.es.srt``);
        * ``label``: what viewers see; the language by default;
        * ``default``: whether it is shown unless the viewer chooses another one.

        Templated.
    :param entries: several entries: a mapping of entry id to captions, or a list of mappings with ``entry_id`` and
        ``captions``. Templated.
    :param default: language that is the default caption of each entry which has it. Templated.
    :param convert_to: ``srt``, ``vtt`` or ``dfxp``: convert files of other formats (needs the extra ``quality``).
        SRT, WebVTT, DFXP/TTML and SCC are sent as they are otherwise, always as UTF-8.
    :param if_exists: ``replace`` content that is not that of the file, or ``keep`` what is there.
    :param prune: delete captions that this operator made and that are not among ``captions`` any more; those of others
        stay.
    :param s3_bucket: the bucket of files that are named by their key alone. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param conn_id: ID of the connection to another object store, for paths that name none. Templated.
    :param on_problem: ``fail`` the task when all entries had their turn; ``warn`` in its log; or ``return`` the
        problems quietly.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaEntryAssetsOperator.template_fields, "captions", "default")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaEntryAssetsOperator.template_fields_renderers,
        "captions": "json",
    }

    def __init__(
        self,
        *,
        captions: Sequence[Any] | Mapping[str, Any] | str | None = None,
        default: str | None = None,
        convert_to: str | None = None,
        if_exists: Literal["replace", "keep"] = "replace",
        prune: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if if_exists not in ("replace", "keep"):
            raise ValueError(f"if_exists must be 'replace' or 'keep', not {if_exists!r}.")
        self.captions = captions
        self.default = default
        self.convert_to = convert_to
        self.if_exists = if_exists
        self.prune = prune

    def execute(self, context: Context) -> dict[str, Any]:
        """Bring the captions up to date.

        :param context: the task's context.
        :return: counts and problems by entry; see the class.
        :raises kaltura_provider.hooks.errors.EntriesFailedError: an entry has a problem; names each.
        :raises ValueError: ``entries``, ``convert_to`` or ``default`` cannot be used.
        """
        from kaltura_provider.api.caption_files import MAXIMUM_BYTES
        from kaltura_provider.api.enrichment.caption_items import CaptionItem, check_items, parse_form
        from kaltura_provider.api.enrichment.captions import CaptionRules
        from kaltura_provider.api.enrichment.enrich import Enrichment
        from kaltura_provider.api.languages import named_language
        from kaltura_provider.transfers.asset_files import AssetFile

        convert_to = parse_form(self.convert_to)
        default = named_language(self.default) if self.default else ""
        rules = CaptionRules(keep=self.if_exists == "keep", prune=self.prune)
        files = self.files(MAXIMUM_BYTES)

        def wish(entry_id: str, captions: Any) -> Enrichment:
            readers: dict[str, Callable[[], bytes]] = {}
            wanted = []
            for each in check_items(captions):
                item = CaptionItem.of(each, convert_to=convert_to, default=default)
                file = files.find(item.source) if item.source else AssetFile.of_bytes(item.name, item.text.encode())
                caption = item.wanted(file.name, file.etag)
                if caption.key in readers:
                    raise ValueError(f"{caption.key} is named twice; name each caption once")
                readers[caption.key] = item.reader(file.read, caption.key)
                wanted.append(caption)
            return Enrichment(entry_id, captions=wanted, read=lambda key: readers[key](), caption_rules=rules)

        return self.apply(self.wanted_by_entry("captions"), wish, "captions")
