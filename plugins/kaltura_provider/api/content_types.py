"""What a file is by its first bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kaltura_provider.api import media_streams
from kaltura_provider.api.media_kind import KIND_OF, MediaKind

#: Bytes from the beginning of a file that tell what it is.
HEAD_BYTES = 8192

VIDEO, AUDIO, IMAGE, DOCUMENT = MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.IMAGE, MediaKind.DOCUMENT


@dataclass(frozen=True)
class Content:
    """A form of file.

    :param what: what a person calls it, with its article.
    :param mime_type: media type, such as ``video/mp4``.
    :param kinds: what Kaltura makes of it, the likeliest first; empty if nothing.
    :param extensions: those that are right for it, the usual one of each kind first.
    :param is_text: whether a person can read it; what a text is only its name can tell.
    """

    what: str
    mime_type: str
    kinds: tuple[MediaKind, ...] = ()
    extensions: tuple[str, ...] = ()
    is_text: bool = False

    def extension_for(self, kind: MediaKind) -> str:
        """Return the usual extension of this form as one of its kinds; "" if there is none.

        :param kind: the kind of entry.
        """
        return next((extension for extension in self.extensions if KIND_OF.get(extension) is kind), "")


def _form(what: str, mime_type: str, kinds: tuple[MediaKind, ...] | MediaKind, extensions: str) -> Content:
    return Content(what, mime_type, kinds if isinstance(kinds, tuple) else (kinds,), tuple(extensions.split()))


_MP4 = _form("an MP4 file", "video/mp4", (VIDEO, AUDIO), "mp4 m4a m4v m4b mov qt 3gp 3g2 f4v mj2")
_MP4_AUDIO = _form("an MP4 audio file", "audio/mp4", (AUDIO, VIDEO), "m4a mp4 m4b m4v mov 3gp")
_QUICKTIME = _form("a QuickTime file", "video/quicktime", (VIDEO, AUDIO), "mov m4a qt mp4 m4v")
_OGG_AUDIO = _form("an Ogg audio file", "audio/ogg", AUDIO, "ogg oga opus")
_OGG_VIDEO = _form("an Ogg video", "video/ogg", VIDEO, "ogv")
_MATROSKA = _form("a Matroska file", "video/x-matroska", (VIDEO, AUDIO), "mkv mka")
_WEBM = _form("a WebM file", "video/webm", (VIDEO, AUDIO), "webm mka mkv")
_REAL = _form("a RealMedia file", "application/vnd.rn-realmedia", (VIDEO, AUDIO), "rm ra rmvb")
_REAL_AUDIO = _form("a RealAudio file", "audio/x-pn-realaudio", AUDIO, "ra rm")
_TRANSPORT = _form("an MPEG transport stream", "video/mp2t", VIDEO, "ts m2ts mts m2t mpg mpeg vob")
_MPEG = _form("an MPEG video", "video/mpeg", VIDEO, "mpg mpeg mpe vob m1v m2v mod ts")
_MXF = _form("an MXF video", "application/mxf", VIDEO, "mxf")
_DV = _form("a DV video", "video/x-dv", VIDEO, "dv")
# An ID3 tag can stand before any kind of sound.
_TAGGED = _form("a sound file with ID3 tag", "audio/mpeg", AUDIO, "mp3 mp2 aac ac3 eac3 flac aif aiff wav")
_MPEG_AUDIO = _form("an MPEG sound file", "audio/mpeg", AUDIO, "mp3 mp2")
_AAC = _form("an AAC sound file", "audio/aac", AUDIO, "aac m4a")
_AC3 = _form("an AC-3 sound file", "audio/ac3", AUDIO, "ac3 eac3")
_DTS = _form("a DTS sound file", "audio/vnd.dts", AUDIO, "dts wav")
_WAV = _form("a WAV file", "audio/x-wav", AUDIO, "wav wave w64")
_HEIF = _form("a HEIF image", "image/heif", IMAGE, "heic heif")
_AVIF = _form("an AVIF image", "image/avif", IMAGE, "avif heif")
_SWF = _form("a Flash file", "application/x-shockwave-flash", DOCUMENT, "swf")
_PDF = _form("a PDF document", "application/pdf", DOCUMENT, "pdf")
_RTF = _form("an RTF document", "application/rtf", DOCUMENT, "rtf doc")
_POSTSCRIPT = Content("a PostScript document", "application/postscript", (DOCUMENT,), ("ps", "eps", "ai"))
_OLE = _form("an Office document", "application/msword", DOCUMENT, "doc xls ppt")
_ZIP = _form(
    "a ZIP file", "application/zip", DOCUMENT,
    "zip docx xlsx pptx docm xlsm pptm ppsx odt ods odp odg epub pages numbers key",
)  # fmt: skip

# By the extension the library names.
_FORMS: dict[str, Content] = {
    "avi": _form("an AVI video", "video/x-msvideo", VIDEO, "avi divx"),
    "wmv": _form("a Windows Media file", "video/x-ms-asf", (VIDEO, AUDIO), "wmv wma asf"),
    "flv": _form("a Flash video", "video/x-flv", VIDEO, "flv f4v"),
    "flac": _form("a FLAC sound file", "audio/flac", AUDIO, "flac"),
    "wav": _WAV,
    "amr": _form("an AMR sound file", "audio/amr", AUDIO, "amr"),
    "aiff": _form("an AIFF sound file", "audio/x-aiff", AUDIO, "aiff aif aifc"),
    "jpg": _form("a JPEG image", "image/jpeg", IMAGE, "jpg jpeg jpe jfif"),
    "jpx": _form("a JPEG 2000 image", "image/jp2", IMAGE, "jp2"),
    "png": _form("a PNG image", "image/png", IMAGE, "png"),
    "apng": _form("a PNG image", "image/png", IMAGE, "png"),
    "gif": _form("a GIF image", "image/gif", IMAGE, "gif"),
    "webp": _form("a WebP image", "image/webp", IMAGE, "webp"),
    "tif": _form("a TIFF image", "image/tiff", IMAGE, "tif tiff"),
    "bmp": _form("a BMP image", "image/bmp", IMAGE, "bmp"),
    "pdf": _PDF,
    "swf": _SWF,
    "rtf": _RTF,
    "zip": _ZIP,
    "epub": _form("an EPUB book", "application/epub+zip", DOCUMENT, "epub zip"),
    "odt": _form("an OpenDocument text", "application/vnd.oasis.opendocument.text", DOCUMENT, "odt"),
    "ods": _form("an OpenDocument spreadsheet", "application/vnd.oasis.opendocument.spreadsheet", DOCUMENT, "ods"),
    "odp": _form("an OpenDocument presentation", "application/vnd.oasis.opendocument.presentation", DOCUMENT, "odp"),
    "docx": _form(
        "a Word document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", DOCUMENT,
        "docx docm",
    ),
    "xlsx": _form(
        "an Excel workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", DOCUMENT,
        "xlsx xlsm",
    ),
    "pptx": _form(
        "a PowerPoint presentation", "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        DOCUMENT, "pptx pptm ppsx",
    ),
}  # fmt: skip
_NOT_TAKEN = {
    "a program": "exe elf wasm crx nes",
    "a font": "woff woff2 ttf otf eot",
    "a database": "sqlite",
    "an archive other than ZIP": "rpm tar rar gz bz2 7z cab xz deb ar lzo lz lz4 br zst",
    "an image in a form only its program shows": "dcm psd xcf dwg cr2 jxr",
    "notes for a synthesizer (MIDI)": "midi",
}
_FORMS.update((name, Content(what, "")) for what, names in _NOT_TAKEN.items() for name in names.split())

# What the library does not know by its first bytes.
_STARTS: tuple[tuple[bytes, Content], ...] = (
    (b".RMF", _REAL),
    (b".ra\xfd", _REAL_AUDIO),
    (b"RF64", _WAV),
    (b"riff\x2e\x91\xcf\x11", _WAV),
    (b"caff", _form("a Core Audio file", "audio/x-caf", AUDIO, "caf")),
    (b".snd", _form("a Sun sound file", "audio/basic", AUDIO, "au")),
    (b"#!AMR-WB\n", _form("an AMR sound file", "audio/amr", AUDIO, "amr")),
    (b"\x7f\xfe\x80\x01", _DTS),
    (b"\xfe\x7f\x01\x80", _DTS),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (b"\xca\xfe\xba\xbe", Content("a program", "")),
    (b"\xcf\xfa\xed\xfe", Content("a program", "")),
    (b"\xce\xfa\xed\xfe", Content("a program", "")),
    (b"dex\n", Content("a program", "")),
    (b"L\x00\x00\x00\x01\x14\x02\x00", Content("a Windows shortcut", "")),
    (b"QFI\xfb", Content("a disk image", "")),
    (b"KDMV", Content("a disk image", "")),
    (b"\x00\x01\x00\x00Standard ", Content("a database", "")),
)
_STREAMS = (
    (media_streams.is_transport_stream, _TRANSPORT),
    (media_streams.is_mxf, _MXF),
    (media_streams.is_dv, _DV),
    (media_streams.is_mpeg_video, _MPEG),
    (media_streams.is_ac3, _AC3),
    (media_streams.is_aac, _AAC),
    (media_streams.is_mpeg_audio, _MPEG_AUDIO),
)
# The library is content with the first two bytes.
_BMP = re.compile(rb"BM.{4}\0{4}.{4}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL)

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "})
_OGG_VIDEO_HEADS = (b"\x80theora", b"BBCD\x00", b"OVP80\x01", b"\x01video")

_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\x0b\x0c\r\x1b")
_HTML = re.compile(rb"(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE | re.DOTALL)
_S3_ERROR = re.compile(rb"(?:<\?xml[^>]*>\s*)?<Error>\s*<Code>([A-Za-z]{1,60})</Code>")
_SCRIPT = re.compile(rb"#!\s*/|@echo off|<\?php|<script[\s>]", re.IGNORECASE)
_LATE_PDF = re.compile(rb"(?:^|[\r\n])%PDF-\d")


def recognize(head: bytes) -> Content | None:
    """Find out what a file is.

    :param head: its first bytes; :data:`HEAD_BYTES` of them are looked at.
    :return: the form, which may be one that Kaltura does not take; None if the bytes tell nothing.
    """
    head = head[:HEAD_BYTES]
    if not head.strip(b"\0"):
        return Content("nothing but zero bytes", "") if head else None
    return _printable(head) or _iso_media(head) or _signature(head) or _stream(head)


def is_utf8(head: bytes) -> bool:
    """Tell whether these are the first bytes of a text in UTF-8.

    :param head: the bytes; a character may be cut at their end.
    """
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start >= len(head) - 3
    return True


def _printable(head: bytes) -> Content | None:
    """Texts, and what begins as one. First of all: a text that begins with "BM" is no picture."""
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"{\\rtf"):
        return _RTF
    if bare.startswith(b"%!PS"):
        return _POSTSCRIPT
    # Other programs may have left something before the beginning of a PDF, which its readers pass over.
    if _LATE_PDF.search(head[:1024]):
        return _PDF
    if not _is_text(head):
        return None
    if _SCRIPT.match(bare):
        return Content("a program or script", "")
    if error := _S3_ERROR.match(bare):
        return Content(f"an error message in XML ({error.group(1).decode()})", "application/xml", is_text=True)
    if _HTML.match(bare):
        return Content("an HTML page", "text/html", is_text=True)
    if bare.startswith(b"WEBVTT"):
        return Content("a caption file", "text/vtt", is_text=True)
    if bare.startswith((b"<?xml", b"<svg")):
        return Content("an XML document", "application/xml", is_text=True)
    return Content("a text", "text/plain", is_text=True)


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and len(head) > 3:
        text = head[: len(head) // 2 * 2].decode("utf-16", "replace")
        # The last letter may be cut.
        return sum(letter == "\ufffd" or ord(letter) in _CONTROL for letter in text) <= 1
    if not _CONTROL.isdisjoint(head):
        return False
    # In older encodings any byte may be a letter, but many bytes without a control character are no accident.
    return is_utf8(head) or len(head) >= 64 or sum(byte > 127 for byte in head) * 3 < len(head)


def _iso_media(head: bytes) -> Content | None:
    if not media_streams.is_quicktime(head):
        return None
    if head[4:8] != b"ftyp":
        return _MP4 if head[4:8] in (b"styp", b"moof", b"sidx") else _QUICKTIME
    brand = head[8:12]
    if brand in _AVIF_BRANDS or (brand in _HEIF_BRANDS and b"avif" in head[12:64]):
        return _AVIF
    if brand in _HEIF_BRANDS:
        return _HEIF
    if brand in _AUDIO_BRANDS:
        return _MP4_AUDIO
    if brand == b"crx ":
        return _FORMS["cr2"]
    return _QUICKTIME if brand == b"qt  " else _MP4


def _signature(head: bytes) -> Content | None:
    from filetype import guess

    if head.startswith(b"OggS"):
        return _OGG_VIDEO if any(mark in head for mark in _OGG_VIDEO_HEADS) else _OGG_AUDIO
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _WEBM if b"\x42\x82\x84webm" in head[:64] else _MATROSKA
    if head.startswith(b"ID3"):
        return _TAGGED
    found = guess(head)
    content = _FORMS.get(found.extension) if found is not None else None
    if content is not None and (found.extension != "bmp" or _BMP.match(head)):
        return content
    return next((content for start, content in _STARTS if head.startswith(start)), None)


def _stream(head: bytes) -> Content | None:
    return next((content for is_one, content in _STREAMS if is_one(head)), None)
