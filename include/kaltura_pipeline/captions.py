"""Captions of an entry: each language once, with the content of its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaltura_pipeline.enrichment.captions import FORMATS, SERVICE, caption_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kaltura_pipeline.plan import PlannedCaption
    from kaltura_provider.api import KalturaClient


def sync_captions(
    client: KalturaClient,
    entry_id: str,
    captions: Sequence[PlannedCaption],
    sent: dict[str, str],
    read: Callable[[str], bytes],
) -> dict[str, str]:
    """Bring the captions of an entry up to date; a second call with the same files sends nothing.

    Kaltura does not prevent two captions of one language, so what is there is listed first and used again.

    :param captions: the wanted caption files.
    :param sent: ETag by key of the caption files whose content Kaltura has already.
    :param read: returns the bytes of a caption file by its key.
    :returns: the new ``sent``.
    :raises ValueError: a caption file is not UTF-8.
    :raises KalturaError: from captionAsset.list, captionAsset.add, captionAsset.setContent.
    """
    wanted = [caption for caption in captions if sent.get(caption["key"]) != caption["etag"]]
    if not wanted:
        return sent
    present = {
        (asset["language"], str(asset["format"])): asset
        for asset in client.iterate(SERVICE, filter={"entryIdEqual": entry_id})
    }
    for caption in wanted:
        file_format = FORMATS["." + caption["key"].rsplit(".", 1)[1].lower()]
        asset: dict[str, Any] | None = present.get((caption["language"], file_format))
        if asset is None:
            asset = client.call(
                SERVICE,
                "add",
                {
                    "entryId": entry_id,
                    "captionAsset": {
                        "objectType": "KalturaCaptionAsset",
                        "language": caption["language"],
                        "label": caption["language"],
                        "format": file_format,
                    },
                },
            )
        content = {"objectType": "KalturaStringResource", "content": caption_text(caption["key"], read(caption["key"]))}
        # setContent replaces: sending the same text again is harmless, so it may be repeated.
        client.call(SERVICE, "setContent", {"id": asset["id"], "contentResource": content}, idempotent=True)
        sent = {**sent, caption["key"]: caption["etag"]}
    return sent
