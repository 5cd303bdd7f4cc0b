"""Caption files: read whatever form and encoding people saved, and written in another form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kaltura_provider.api.decoding import UndecodableError, decode_text

MAXIMUM_BYTES = 4 * 1024 * 1024
#: Form by file extension.
FORMS = {"srt": "srt", "vtt": "vtt", "dfxp": "ttml", "ttml": "ttml", "xml": "ttml", "scc": "scc"}
#: Extension by form, for messages.
EXTENSIONS = {"srt": "srt", "vtt": "vtt", "ttml": "dfxp", "scc": "scc"}
_OLD_TTML = re.compile(r"http://www\.w3\.org/2006/(?:10|04)/ttaf1")
_TTML_NAMESPACE = "http://www.w3.org/ns/ttml"
_DECLARED_ENCODING = re.compile(r"""^(\s*<\?xml[^>]{0,100}?)\s+encoding\s*=\s*["'][^"'>]{0,40}["']""")


@dataclass(frozen=True)
class DecodedCaption:
    """A caption file as text.

    :param text: without byte order mark, lines ending with a newline, to be sent as UTF-8.
    :param form: ``srt``, ``vtt``, ``ttml`` or ``scc``, by its content; empty if it is none of them.
    :param encoding: the encoding it was saved in, such as ``cp1252``.
    """

    text: str
    form: str
    encoding: str


def decode_caption(data: bytes, language: str = "") -> DecodedCaption:
    """Read the bytes of a caption file.

    :param data: in any usual encoding.
    :param language: its language (BCP-47), if known: short texts fit several old encodings.
    :raises UndecodableError: no encoding fits.
    """
    text, encoding = decode_text(data, language)
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    form = form_of(text)
    if form == "ttml":
        text = _DECLARED_ENCODING.sub(r"\1", text)  # it is no longer true
    return DecodedCaption(text, form, encoding)


def form_of(text: str) -> str:
    """Return the form of a caption text by its content: ``srt``, ``vtt``, ``ttml`` or ``scc``; empty if it is none."""
    start = text[:4096].lstrip()
    if start.startswith("WEBVTT"):
        return "vtt"
    if start.startswith("Scenarist_SCC"):
        return "scc"
    if start.startswith("<") and ("<tt" in start or ":tt" in start):
        return "ttml"
    return "srt" if "-->" in text else ""


def modern_ttml(text: str) -> str:
    """Return TTML with the namespace that readers know, where it has one of the drafts."""
    return _OLD_TTML.sub(_TTML_NAMESPACE, text.lstrip())


def caption_as(name: str, data: bytes, form: str, language: str = "") -> str:
    """Return the text of a caption file in a form, converted if it has another one.

    :param name: its name, for messages.
    :param data: its bytes, in any usual encoding.
    :param form: ``srt``, ``vtt``, ``ttml`` or ``scc``.
    :param language: its language (BCP-47), if known.
    :raises ValueError: it cannot be decoded, is none of the forms, or cannot be converted, also because the extra
        ``quality`` is not installed; the message names the file and the fix.
    """
    if len(data) > MAXIMUM_BYTES:
        raise ValueError(f"{name}: {len(data)} bytes are more than {MAXIMUM_BYTES}; check that it is a caption file")
    if not data.strip():
        raise ValueError(f"{name}: the caption file is empty; upload it again, or remove it")
    try:
        read = decode_caption(data, language)
    except UndecodableError as error:
        raise ValueError(f"{name}: it cannot be decoded: {error}; save it as UTF-8") from None
    if not read.form:
        raise ValueError(f"{name}: no captions in it; check that it is a caption file (SRT, WebVTT, DFXP or SCC)")
    return read.text if read.form == form else _converted(name, read, form)


def _converted(name: str, read: DecodedCaption, form: str) -> str:
    if "scc" in (read.form, form):
        raise ValueError(
            f"{name}: its content is {read.form.upper()}, and SCC is converted neither from nor to; give it to Kaltura "
            "as it is, with the extension of its content"
        )
    try:
        import pysubs2
    except ImportError as error:
        raise ValueError(
            f"{name}: to make {form.upper()} of {read.form.upper()}, install airflow-provider-kaltura[quality]"
        ) from error
    text = read.text
    if read.form == "ttml":
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            # Nothing in captions needs them, and they are how XML is made to grow without end.
            raise ValueError(f"{name}: it has a DOCTYPE or ENTITY declaration; remove the declaration")
        text = modern_ttml(text)
    try:
        captions = pysubs2.SSAFile.from_string(text, format_=read.form)
        written = captions.to_string(form) if len(captions) else ""
    except Exception as error:  # whatever a library makes of what somebody wrote by hand
        raise ValueError(f"{name}: it cannot be read as {read.form.upper()}: {error}; mend the file") from error
    if not written:
        raise ValueError(f"{name}: no captions could be read in it; check its times, or send it without converting it")
    return written
