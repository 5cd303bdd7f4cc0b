"""From bytes to text: the encoding is found out, and said if it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaltura_pipeline.manifests.model import ManifestError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# What spreadsheets and editors write, apart from Unicode.
_CANDIDATES = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp932", "gb18030"]
_SAMPLE = 4096
# So many bytes that are not ASCII tell an alphabet; fewer are as well letters of another one.
_TELLING = 200
_NAMING = 40
_SIGNS = "–—‘’“”„…•€£§©®°´«»·"
# The accents of the languages that cp1252 is for: "czêœæ", which is Polish in cp1250, is no text of most of them.
_WESTERN = (
    "äöüß",
    "àâæçéèêëîïôœùûüÿ",
    "áéíñóúü¿¡ºª",
    "áâãàçéêíóôõúüºª",
    "àèéìíîòóùú",
    "æøåéèòóôä",
    "åäöéà",
    "ëïéèöüáíóú",
)


def limited(file: str, data: bytes, maximum: int, what: str) -> None:
    """Refuse a file that is too large to look into.

    :param maximum: most bytes.
    :param what: what to do instead.
    :raises ManifestError: it is larger.
    """
    if len(data) > maximum:
        raise ManifestError(Problem(file, "", "", f"is larger than {maximum // 1024} KB", what))


def decoded(file: str, data: bytes, encodings: Sequence[str] = ()) -> tuple[str, str]:
    """Return the text of a file and its encoding.

    UTF-8 with or without a byte order mark and UTF-16 are known for sure, and Windows's Western encoding by the letters
    that result. Other encodings are named but not read: a wrong guess would publish titles in wrong letters.

    :param encodings: what the file itself says it is in, if it does.
    :raises ManifestError: it is in no known encoding, or has a NUL in it.
    """
    text, encoding = _decoded(file, data, encodings)
    position = text.find("\0")
    if position >= 0:
        raise ManifestError(
            Problem(
                file,
                f"line {text.count(chr(10), 0, position) + 1}",
                "",
                "has a NUL character, so it is no text or is damaged",
                "write the file again as UTF-8",
            )
        )
    return text, encoding


def _decoded(file: str, data: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(file, data, encoding), encoding
    if encodings:
        return _strictly(file, data, encodings[0]), encodings[0]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _guessed(file, data, error)
    if "\0" in text and (wide := _wide(data)):
        return _strictly(file, data, wide), wide
    return text, "utf-8"


def _strictly(file: str, data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError(
            Problem(file, f"line {line}", "", f"is not {encoding} at byte {error.start}", "save the file as UTF-8")
        ) from None
    return text.removeprefix("\ufeff")


def _wide(data: bytes) -> str:
    """UTF-16 without a mark has a NUL in every other byte of Latin text."""
    sample = data[:_SAMPLE]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = sample[offset::2]
        if half.count(0) * 10 > len(half) * 7:
            return encoding
    return ""


def _guessed(file: str, data: bytes, error: UnicodeDecodeError) -> tuple[str, str]:
    if wide := _wide(data):
        return _strictly(file, data, wide), wide
    line = data.count(b"\n", 0, error.start) + 1
    # Control characters are of no encoding's text.
    control = any(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in data[:_SAMPLE])
    may_be = ""
    if not control:
        # The words with accents tell; the rest would only take time.
        sample = b" ".join(word for word in data[: 64 * _SAMPLE].split() if not word.isascii())[:_SAMPLE]
        if _is_western(sample):
            try:
                return data.decode("cp1252"), "cp1252"
            except UnicodeDecodeError:
                pass
        may_be = _likely(sample)
    what = f"is not UTF-8 at byte {error.start}" + (f", perhaps {may_be}" if may_be else "")
    raise ManifestError(Problem(file, f"line {line}", "", what, "save the file as UTF-8"))


def _is_western(sample: bytes) -> bool:
    """Tell whether words are Western European ones in Windows's encoding."""
    accents = sum(byte > 127 for byte in sample)
    found = {char for char in sample.decode("cp1252", "replace").lower() if not char.isascii()} - set(_SIGNS)
    # A word of Western text has some accents, one of another alphabet has nothing else. A short file is in one
    # language, a longer one may be in several.
    letters = _WESTERN if accents < _TELLING else ("".join(_WESTERN),)
    return accents * 2 <= len(sample) and any(found <= set(each) for each in letters)


def _likely(sample: bytes) -> str:
    """Name an encoding for a message; nothing is read by it: letters of one alphabet are those of another as well."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_CANDIDATES, threshold=0.3).best()
    return best.encoding if best and len(sample) >= _NAMING else ""
