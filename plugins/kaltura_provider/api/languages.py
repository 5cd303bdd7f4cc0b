"""Languages: from a tag, a code or the name of a file to the English name that Kaltura wants."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import PurePosixPath

# BCP-47 tag in lower case -> Kaltura's KalturaLanguage value. Kaltura refuses codes such as "en".
KALTURA_LANGUAGES = {
    "aa": "Afar",
    "ab": "Abkhazian",
    "af": "Afrikaans",
    "am": "Amharic",
    "ar": "Arabic",
    "ar-lb": "Arabic (Lebanon)",
    "ar-qa": "Arabic (Qatar)",
    "ar-sa": "Arabic (Saudi Arabia)",
    "as": "Assamese",
    "ay": "Aymara",
    "az": "Azerbaijani",
    "ba": "Bashkir",
    "be": "Byelorussian (Belarusian)",
    "bg": "Bulgarian",
    "bh": "Bihari",
    "bi": "Bislama",
    "bn": "Bengali (Bangla)",
    "bo": "Tibetan",
    "br": "Breton",
    "bs": "Bosnian",
    "ca": "Catalan",
    "ceb": "Cebuano",
    "co": "Corsican",
    "cr": "Cree",
    "cs": "Czech",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "dz": "Bhutani",
    "el": "Greek",
    "en": "English",
    "en-au": "English (Australian)",
    "en-gb": "English (British)",
    "en-us": "English (American)",
    "eo": "Esperanto",
    "es": "Spanish",
    "es-419": "Spanish (Latin America)",
    "es-ar": "Spanish (Latin America)",
    "es-bo": "Spanish (Latin America)",
    "es-cl": "Spanish (Latin America)",
    "es-co": "Spanish (Latin America)",
    "es-cr": "Spanish (Latin America)",
    "es-cu": "Spanish (Latin America)",
    "es-do": "Spanish (Latin America)",
    "es-ec": "Spanish (Latin America)",
    "es-gt": "Spanish (Latin America)",
    "es-hn": "Spanish (Latin America)",
    "es-mx": "Spanish (Latin America)",
    "es-ni": "Spanish (Latin America)",
    "es-pa": "Spanish (Latin America)",
    "es-pe": "Spanish (Latin America)",
    "es-pr": "Spanish (Latin America)",
    "es-py": "Spanish (Latin America)",
    "es-sv": "Spanish (Latin America)",
    "es-uy": "Spanish (Latin America)",
    "es-ve": "Spanish (Latin America)",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Farsi",
    "fa-ir": "Persian (Iran)",
    "fi": "Finnish",
    "fil": "Filipino",
    "fj": "Fiji",
    "fo": "Faeroese",
    "fr": "French",
    "fr-ca": "French (Canada)",
    "fy": "Frisian",
    "ga": "Irish",
    "gd": "Gaelic (Scottish)",
    "gl": "Galician",
    "gn": "Guarani",
    "gsw": "Swiss German Alemannic Alsatian",
    "gu": "Gujarati",
    "gv": "Gaelic (Manx)",
    "ha": "Hausa",
    "haw": "Hawaiian",
    "he": "Hebrew",
    "hi": "Hindi",
    "hmn": "Hmong",
    "hr": "Croatian",
    "hsb": "Sorbian Upper",
    "hu": "Hungarian",
    "hy": "Armenian",
    "ia": "Interlingua",
    "id": "Indonesian",
    "ie": "Interlingue",
    "ik": "Inupiak",
    "is": "Icelandic",
    "it": "Italian",
    "iu": "Inuktitut",
    "ja": "Japanese",
    "jv": "Javanese",
    "ka": "Georgian",
    "kk": "Kazakh",
    "kl": "Greenlandic",
    "km": "Cambodian",
    "kn": "Kannada",
    "ko": "Korean",
    "ks": "Kashmiri",
    "ku": "Kurdish",
    "ky": "Kirghiz",
    "la": "Latin",
    "li": "Limburgish ( Limburger)",
    "ln": "Lingala",
    "lo": "Laothian",
    "lt": "Lithuanian",
    "lv": "Latvian (Lettish)",
    "mg": "Malagasy",
    "mi": "Maori",
    "mk": "Macedonian",
    "ml": "Malayalam",
    "mn": "Mongolian",
    "mr": "Marathi",
    "ms": "Malay",
    "mt": "Maltese",
    "mul": "Multilingual",
    "my": "Burmese",
    "na": "Nauru",
    "nb": "Norwegian",
    "nds": "Low German Low Saxon",
    "ne": "Nepali",
    "nl": "Dutch",
    "nn": "Norwegian",
    "no": "Norwegian",
    "oc": "Occitan",
    "om": "Oromo (Afan, Galla)",
    "or": "Oriya",
    "pa": "Punjabi",
    "pl": "Polish",
    "ps": "Pashto (Pushto)",
    "pt": "Portuguese",
    "pt-br": "Portuguese (Brazil)",
    "qu": "Quechua",
    "rm": "Rhaeto-Romance",
    "rn": "Kirundi (Rundi)",
    "ro": "Romanian",
    "ru": "Russian",
    "rw": "Kinyarwanda (Ruanda)",
    "sa": "Sanskrit",
    "sd": "Sindhi",
    "sg": "Sangro",
    "sh": "Serbo-Croatian",
    "si": "Sinhalese",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sm": "Samoan",
    "sn": "Shona",
    "so": "Somali",
    "sq": "Albanian",
    "sr": "Serbian",
    "ss": "Siswati",
    "st": "Sesotho",
    "su": "Sundanese",
    "sv": "Swedish",
    "sw": "Swahili (Kiswahili)",
    "ta": "Tamil",
    "te": "Telugu",
    "tg": "Tajik",
    "th": "Thai",
    "ti": "Tigrinya",
    "tk": "Turkmen",
    "tl": "Tagalog",
    "tn": "Setswana",
    "to": "Tonga",
    "tr": "Turkish",
    "ts": "Tsonga",
    "tt": "Tatar",
    "tw": "Twi",
    "ug": "Uighur",
    "uk": "Ukrainian",
    "und": "Undefined",
    "ur": "Urdu",
    "uz": "Uzbek",
    "vi": "Vietnamese",
    "vo": "Volapuk",
    "wo": "Wolof",
    "xh": "Xhosa",
    "yi": "Yiddish",
    "yo": "Yoruba",
    "yue": "Cantonese",
    "zh": "Chinese",
    "zh-cn": "Simplified Chinese",
    "zh-hans": "Simplified Chinese",
    "zh-hant": "Traditional Chinese",
    "zh-hk": "Traditional Chinese",
    "zh-sg": "Simplified Chinese",
    "zh-tw": "Taiwanese Mandarin",
    "zu": "Zulu",
    "zxx": "No linguistic content",
}

_NAMES = {name.lower(): name for name in KALTURA_LANGUAGES.values()}


def kaltura_language(tag: str) -> str:
    """Return Kaltura's name of a language.

    A tag that Kaltura has no name for is looked up without its last part, as RFC 4647 says: ``de-AT`` is ``German``.

    :param tag: BCP-47 tag, for example ``en`` or ``pt-BR``, or an ISO 639-1, -2 or -3 code such as ``deu``; upper and
        lower case are the same.
    :raises ValueError: the tag is not known; the message names the nearest ones.
    """
    if name := _find(tag):
        return name
    wanted = tag.lower()[:32]
    named = get_close_matches(wanted, _NAMES, n=1, cutoff=0.8)
    near = [tag for tag, name in KALTURA_LANGUAGES.items() if named and name.lower() == named[0]]
    near += [tag for tag in get_close_matches(wanted, KALTURA_LANGUAGES, n=3, cutoff=0.4) if tag not in near]
    fix = f"use one of: {', '.join(near)}" if near else "use a BCP-47 tag such as en, es-MX or pt-BR"
    raise ValueError(f"caption language {tag[:32]!r} is not known; {fix}")


def _find(tag: str) -> str:
    parts = tag.lower().replace("_", "-").split("-")
    # The first part must be a language, the others have at most 8 characters: anything else is no tag at all.
    if not all(0 < len(part) <= 8 and part.isascii() and part.isalnum() for part in parts):
        return ""
    if "-".join(parts) not in KALTURA_LANGUAGES and (parts[0] not in KALTURA_LANGUAGES or len(parts) > 1):
        parts = _standard("-".join(parts)).lower().split("-")
    for length in range(len(parts), 0, -1):
        if name := KALTURA_LANGUAGES.get("-".join(parts[:length])):
            return name
    return ""


def _standard(tag: str) -> str:
    """Return a tag in its shortest form: without withdrawn codes, ISO 639-2 and -3, and parts of macrolanguages."""
    import langcodes

    try:
        plain = langcodes.standardize_tag(tag)
        return plain if plain.split("-")[0] in KALTURA_LANGUAGES else langcodes.standardize_tag(tag, macro=True)
    except ValueError:
        return tag


def named_language(text: str) -> str:
    """Return Kaltura's name of a language that is given by that name or by a tag.

    :param text: ``Hebrew`` or ``he``, in upper or lower case.
    :raises ValueError: neither is known; the message names the nearest ones.
    """
    return _NAMES.get(text.strip().lower()) or kaltura_language(text.strip())


def language_of_file(name: str) -> str:
    """Return Kaltura's name of the language that a file name ends with, before its extension; empty if it names none.

    :param name: such as ``talk.en-GB.vtt``, ``talk.es.srt`` or ``en.vtt``; may be a path or an S3 key.
    :raises ValueError: what stands there is no known language; the message names the nearest ones.
    """
    stem = PurePosixPath(name).stem
    suffix = PurePosixPath(stem).suffix.lstrip(".")
    if suffix:
        return kaltura_language(suffix)
    return _find(stem)


def language_tag(name: str) -> str:
    """Return the first known tag of a language, without its region; empty if there is none.

    :param name: Kaltura's name, such as ``Portuguese (Brazil)``.
    """
    return next((tag.split("-")[0] for tag, known in KALTURA_LANGUAGES.items() if known == name), "")
