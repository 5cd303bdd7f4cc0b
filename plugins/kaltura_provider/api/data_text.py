"""The text of a data entry, which travels in the call itself."""

from __future__ import annotations

from contextlib import closing

from kaltura_provider.api.calls import clean
from kaltura_provider.api.media_kind import MAX_TEXT
from kaltura_provider.api.sources import UploadSource


def read_text(source: UploadSource) -> str:
    """Read the content of a data entry.

    :param source: the file.
    :return: its text.
    :raises ValueError: if it is longer than a data entry can be, or no text in UTF-8.
    """
    if not 0 < source.size <= MAX_TEXT:
        raise ValueError(
            f"{source.name} has {source.size} bytes: a data entry takes 1 to {MAX_TEXT}. Use a document instead"
        )
    with closing(source.open(0, source.size)) as stream:
        content = b"".join(iter(lambda: stream.read(1 << 20), b""))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or clean(text) != text:
        raise ValueError(
            f"{source.name} is no plain text in UTF-8, and a data entry takes nothing else: use a document"
        )
    return text
