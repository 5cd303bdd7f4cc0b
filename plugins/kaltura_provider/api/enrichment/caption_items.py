"""Captions as people name them, and what they mean to Kaltura."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.caption_files import EXTENSIONS, FORMS, caption_as, form_of
from kaltura_provider.api.enrichment.captions import WantedCaption
from kaltura_provider.api.languages import language_of_file, language_tag, named_language
from kaltura_provider.api.suggestions import advice

if TYPE_CHECKING:
    from collections.abc import Callable

FIELDS = ("source", "text", "language", "label", "default")


@dataclass(frozen=True)
class CaptionItem:
    """One caption that an entry is to have.

    :param source: where its file is; None if there is a text.
    :param text: the text itself.
    :param language: Kaltura's name of its language.
    :param form: ``srt``, ``vtt``, ``ttml`` or ``scc``: what Kaltura is given.
    :param label: what viewers see; the language if empty.
    :param default: whether it is shown unless the viewer chooses another.
    """

    source: Any
    text: str = field(repr=False)
    language: str
    form: str
    label: str
    default: bool

    @classmethod
    def of(cls, item: Any, *, convert_to: str = "", default: str = "") -> CaptionItem:
        """Take an item of an operator's list apart.

        :param item: a file, or a mapping of :data:`FIELDS`. Without ``language`` its name has to end with one, such as
            ``talk.es.srt``.
        :param convert_to: the form that Kaltura is given, whatever the file is; as its name says if empty.
        :param default: Kaltura's name of the language that is shown unless the viewer chooses another.
        :raises ValueError: it cannot be understood; the message names the item, the field and the fix.
        """
        values: Mapping[str, Any] = item if isinstance(item, Mapping) else {"source": item}
        for name in values:
            if name not in FIELDS:
                raise ValueError(f"a caption has no field {name!r}: {advice(str(name), FIELDS, ', '.join(FIELDS))}")
        source, text = values.get("source"), values.get("text")
        if bool(source) == bool(text):
            raise ValueError(f"a caption has a source or a text, one of the two; correct {_shown(item)}")
        named = str(source or "text of a caption")
        language = _language(named, values.get("language"), is_text=bool(text))
        form = convert_to or (form_of(text) if text else FORMS.get(PurePosixPath(named).suffix.lstrip(".").lower(), ""))
        if not form:
            hint = "a text that is SRT, WebVTT, DFXP or SCC" if text else "a file named .srt, .vtt, .dfxp or .scc"
            raise ValueError(f"{named}: of no known form; give {hint}, or set convert_to")
        label = str(values.get("label") or "")
        is_default = bool(values.get("default", bool(default) and language == default))
        return cls(source or None, str(text or ""), language, form, label, is_default)

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return str(self.source) if self.source else f"the text in {self.label or self.language}"

    def wanted(self, name: str, etag: str) -> WantedCaption:
        """Return what the entry shall have.

        :param name: where the file is, by which it is read.
        :param etag: changes with its content.
        """
        return WantedCaption(name, etag, self.language, self.label, self.default, self.form)

    def reader(self, read: Callable[[], bytes], name: str) -> Callable[[], bytes]:
        """Return a function that reads the file in the form that Kaltura is given, as UTF-8.

        :param read: returns the file's bytes.
        :param name: the file, for messages.
        """
        return lambda: caption_as(name, read(), self.form, language_tag(self.language)).encode()


def parse_form(convert_to: str | None) -> str:
    """Return a form by its name or file extension; empty for None.

    :raises ValueError: captions are not converted to it.
    """
    if not convert_to:
        return ""
    form = FORMS.get(convert_to.strip().lstrip(".").lower(), "")
    if form in ("", "scc"):
        known = ", ".join(extension for extension in EXTENSIONS.values() if extension != "scc")
        raise ValueError(f"captions are not converted to {convert_to!r}; convert_to takes {known}")
    return form


def check_items(items: Any) -> Sequence[Any]:
    """Return the captions of an entry as a sequence.

    :raises ValueError: they are none.
    """
    if isinstance(items, str | Mapping):
        return [items]
    if not isinstance(items, Sequence):
        raise ValueError(f"captions must be a list of files or mappings, not {_shown(items)}")
    return items


def _language(named: str, language: Any, *, is_text: bool) -> str:
    try:
        found = named_language(str(language)) if language else "" if is_text else language_of_file(named)
    except ValueError as error:
        hint = "" if language else "; or name the language in the item: {'source': ..., 'language': 'en'}"
        raise ValueError(f"{named}: {error}{hint}") from None
    if not found:
        raise ValueError(f"{named}: of no known language; add 'language', such as 'en', or name the file talk.en.vtt")
    return found


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}…"
