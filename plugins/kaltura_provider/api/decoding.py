"""Texts that people saved in whatever encoding their program chose."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What programs on Windows save without saying so, and the languages (BCP-47) it is saved for.
_LANGUAGES = {
    "cp1252": "af br ca da de en es eu fi fo fr ga gd gl id is it lb ms nb nl nn no oc pt sq sv sw",
    "cp1250": "bs cs hr hu pl ro sk sl",
    "cp1251": "be bg kk ky mk mn ru tt uk",
    "cp1253": "el",
    "cp1254": "az tr",
    "cp1255": "he iw yi",
    "cp1256": "ar fa ur",
    "cp1257": "et lt lv",
    "cp1258": "vi",
    "cp874": "th",
    "shift_jis": "ja",
    "cp949": "ko",
    "gb18030": "zh",
}
_ENCODING_OF = {language: encoding for encoding, languages in _LANGUAGES.items() for language in languages.split()}
# Without a language, those that can be told apart; most others would fit by accident.
_GUESSED = [encoding for encoding in _LANGUAGES if encoding not in ("cp1258", "cp874")] + ["euc_jp", "big5"]
_SAMPLE = 64 * 1024


class UndecodableError(ValueError):
    """A text is in no known encoding; the message says where it stops being one."""


def decode_text(data: bytes, language: str = "") -> tuple[str, str]:
    """Decode a text: by its byte order mark, as UTF-8, as UTF-16 without mark, or in the encoding that fits best.

    :param data: the file's bytes.
    :param language: its language (BCP-47), if known: Windows has one encoding for each, and short texts fit several.
    :return: the text without byte order mark, and the encoding's name.
    :raises UndecodableError: no encoding fits.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise UndecodableError(f"not {encoding} at byte {error.start}, as its first bytes say") from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return _guess(data, error.start, language)
    if "\0" in text[:_SAMPLE]:
        wide = _wide(data)
        if wide is None:
            raise UndecodableError(f"no text: zero byte at byte {data.index(0)}")
        return wide
    return text, "utf-8"


def _wide(data: bytes) -> tuple[str, str] | None:
    """UTF-16 without mark: every other byte of most letters is zero."""
    sample = data[:_SAMPLE]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if zeros.count(0) * 2 > len(zeros):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                return None
    return None


def _guess(data: bytes, at: int, language: str) -> tuple[str, str]:
    if 0 in data[:_SAMPLE]:
        wide = _wide(data)
        if wide is None:
            raise UndecodableError(f"no text: zero byte at byte {data.index(0)}")
        return wide
    usual = _ENCODING_OF.get(language.replace("_", "-").split("-")[0].lower())
    for encoding in filter(None, (usual, _best_fit(data))):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError as error:
            at = error.start
    raise UndecodableError(f"neither UTF-8 nor another encoding fits at byte {at}")


def _best_fit(data: bytes) -> str | None:
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        return None

    # The lines of numbers and times would only water the evidence down.
    lines = [line for line in data[: 16 * _SAMPLE].splitlines() if not line.isascii()]
    matches = from_bytes(b"\n".join(lines)[:_SAMPLE], cp_isolation=_GUESSED, preemptive_behaviour=False)
    best = matches.best()
    if best is None:
        return None
    # Short western texts fit several encodings equally well; the most usual of them is right most often.
    for match in matches:
        if "cp1252" in match.could_be_from_charset and (match.chaos, -match.coherence) <= (best.chaos, -best.coherence):
            return "cp1252"
    return str(best.encoding)
