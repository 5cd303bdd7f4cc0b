"""Kaltura's names of languages, and the codes it derives from them."""

from __future__ import annotations

_NAMES = """
ab Abkhazian|aa Afar|af Afrikaans|sq Albanian|am Amharic|ar Arabic|hy Armenian|as Assamese|ay Aymara|az Azerbaijani
ba Bashkir|eu Basque|bn Bengali (Bangla)|dz Bhutani|bh Bihari|bi Bislama|br Breton|bg Bulgarian|my Burmese
be Byelorussian (Belarusian)|km Cambodian|ca Catalan|zh Chinese|co Corsican|hr Croatian|cs Czech|da Danish|nl Dutch
en English|en_US English (American)|en_GB English (British)|eo Esperanto|et Estonian|fo Faeroese|fa Farsi|fj Fiji
fi Finnish|fr French|fr_CA French (Canada)|fy Frisian|gv Gaelic (Manx)|gd Gaelic (Scottish)|gl Galician|ka Georgian
de German|el Greek|kl Greenlandic|gn Guarani|gu Gujarati|ha Hausa|he Hebrew|hi Hindi|hu Hungarian|is Icelandic
id Indonesian|ia Interlingua|ie Interlingue|iu Inuktitut|ik Inupiak|ga Irish|it Italian|ja Japanese|jv Javanese
kn Kannada|ks Kashmiri|kk Kazakh|rw Kinyarwanda (Ruanda)|ky Kirghiz|rn Kirundi (Rundi)|ko Korean|ku Kurdish
lo Laothian|la Latin|lv Latvian (Lettish)|li Limburgish ( Limburger)|ln Lingala|lt Lithuanian|mk Macedonian
mg Malagasy|ms Malay|ml Malayalam|mt Maltese|mi Maori|mr Marathi|mo Moldavian|mn Mongolian|mul Multilingual|na Nauru
ne Nepali|no Norwegian|oc Occitan|or Oriya|om Oromo (Afan, Galla)|ps Pashto (Pushto)|pl Polish|pt Portuguese
pt_BR Portuguese (Brazil)|pa Punjabi|qu Quechua|rm Rhaeto-Romance|ro Romanian|ru Russian|sm Samoan|sg Sangro
sa Sanskrit|sr Serbian|sh Serbo-Croatian|st Sesotho|tn Setswana|sn Shona|sd Sindhi|si Sinhalese|ss Siswati|sk Slovak
sl Slovenian|so Somali|es Spanish|es_XL Spanish (Latin America)|su Sundanese|sw Swahili (Kiswahili)|sv Swedish
tl Tagalog|tg Tajik|ta Tamil|tt Tatar|te Telugu|th Thai|bo Tibetan|ti Tigrinya|to Tonga|ts Tsonga|tr Turkish
tk Turkmen|tw Twi|ug Uighur|uk Ukrainian|un Undefined|ur Urdu|uz Uzbek|vi Vietnamese|vo Volapuk|cy Welsh|wo Wolof
xh Xhosa|yi Yiddish|yo Yoruba|zu Zulu
ar_lb Arabic (Lebanon)|ar_qa Arabic (Qatar)|ar_sa Arabic (Saudi Arabia)|bs Bosnian|ceb Cebuano|cr Cree
en_au English (Australian)|fa_ir Persian (Iran)|fil Filipino|gsw Swiss German Alemannic Alsatian
haw Hawaiian|hmn Hmong|hsb Sorbian Upper|nds Low German Low Saxon|yue Cantonese|zh_cn Simplified Chinese
zh_hk Traditional Chinese|zh_tw Taiwanese Mandarin|zxx No linguistic content
"""

# Code by name. Kaltura knows some hundred dialects more.
LANGUAGES: dict[str, str] = {
    name: code
    for code, _, name in (part.partition(" ") for line in _NAMES.strip().splitlines() for part in line.split("|"))
}
