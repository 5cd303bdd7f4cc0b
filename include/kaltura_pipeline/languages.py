"""Caption languages: from the tag in a file name to the English name that Kaltura wants."""

from __future__ import annotations

from difflib import get_close_matches

# BCP-47 tag in lower case -> Kaltura's KalturaLanguage value. Kaltura refuses codes such as "en".
KALTURA_LANGUAGES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "en-gb": "English (British)",
    "en-us": "English (American)",
    "es": "Spanish",
    "es-419": "Spanish (Latin America)",
    "es-mx": "Spanish (Latin America)",
    "fi": "Finnish",
    "fr": "French",
    "fr-ca": "French (Canada)",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "pt-br": "Portuguese (Brazil)",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}


def kaltura_language(tag: str) -> str:
    """Return Kaltura's name of a language.

    :param tag: BCP-47 tag, for example ``en`` or ``pt-BR``; upper and lower case are the same.
    :raises ValueError: the tag is not known; the message names the nearest ones.
    """
    wanted = tag.lower().replace("_", "-")
    if wanted in KALTURA_LANGUAGES:
        return KALTURA_LANGUAGES[wanted]
    near = get_close_matches(wanted, KALTURA_LANGUAGES, n=3, cutoff=0.4)
    known = ", ".join(near or sorted(KALTURA_LANGUAGES))
    raise ValueError(f"caption language {tag!r} is not known; use one of: {known}")
