"""Check one value as a person wrote it, and turn it into what a description holds."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from kaltura_pipeline.manifests.fields import MAXIMUM_CATEGORIES, MAXIMUM_CATEGORY_NAME, TAG, USER, Field
from kaltura_pipeline.manifests.model import CaptionWish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What XML, and so Kaltura, cannot hold; and halves of characters, which JSON can write but no file can store.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ITEMS = re.compile(r"[,\r\n]+")
_S3_HOST = re.compile(r"^(?:(?P<bucket>.+)\.)?s3(?:[.-](?:dualstack[.-])?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$")
_SECRET = re.compile(r"-----BEGIN|X-Amz-|[?&](?:Signature|token|ks|sig)=|://[^/\s]*@|PRIVATE KEY", re.IGNORECASE)
_MAXIMUM_TEXT = 100_000
_MAXIMUM_ITEMS = 1_000
_TRUE = {"true", "yes", "1"}
_FALSE = {"false", "no", "0", ""}
CAPTION_FIELDS = ("file", "language", "label", "default")


class WrongValueError(Exception):
    """A value cannot be used.

    :param message: what is wrong with it.
    :param fix: what to write instead.
    :param path: where inside the field: list positions from 0 and keys.
    """

    def __init__(self, message: str, fix: str, *path: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.path = path

    def inside(self, *path: str | int) -> WrongValueError:
        """Return the same error for a value that is part of another."""
        return WrongValueError(self.message, self.fix, *path, *self.path)


def shown(value: object) -> str:
    """Return a value as messages show it: quoted, printable and short."""
    # A huge value is cut before it is quoted: quoting all of it would take seconds.
    text = value[:4096] if isinstance(value, str) else str(value)[:4096]
    # In a row whose cells have moved, a key or a signed address may stand in any column.
    if _SECRET.search(text):
        return "a text that looks like a secret"
    text = text[:61]
    return repr(text[:57] + "..." if len(text) > 60 else text)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return advice for a name that is not known."""
    return _nearest(name[:64], tuple(known))


# A wrong name is often in every row of a file.
@lru_cache(maxsize=256)
def _nearest(name: str, names: tuple[str, ...]) -> str:
    near = get_close_matches(name.lower().replace("-", "_").replace(" ", "_"), names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known fields: {', '.join(names)}"


def line(field: Field, value: object) -> str:
    """Return a text of one line that keeps the field's limits."""
    text = plain(value).strip()
    if "\n" in text or "\r" in text:
        raise WrongValueError(f"{shown(text)} has a line break", "write it in one line")
    if not text:
        raise WrongValueError("is empty", "fill it or leave the field out")
    if len(text) < field.shortest:
        raise WrongValueError(f"{shown(text)} is too short", f"Kaltura wants at least {field.shortest} characters")
    if field.longest and len(text) > field.longest:
        raise WrongValueError(f"has {len(text)} characters", f"shorten it to {field.longest}")
    size = len(text.encode())
    if field.longest_bytes and size > field.longest_bytes:
        cut = text.encode()[: field.longest_bytes].decode(errors="ignore")
        raise WrongValueError(
            f"has {size} bytes in UTF-8, and Kaltura would cut it after {cut[-20:]!r}",
            f"shorten it to {field.longest_bytes} bytes, which are as many letters a to z",
        )
    if field.pattern and not re.fullmatch(field.pattern, text):
        bad = next((char for char in text if not re.fullmatch(field.pattern, char)), "")
        raise WrongValueError(f"{shown(text)} has {bad!r} in it", f"use {field.allowed}")
    return text


def plain(value: object) -> str:
    """Return a text of any number of lines, as it was written."""
    if isinstance(value, bool):
        raise WrongValueError(f"must be a text, and is read as {str(value).lower()}", "put it in quotes")
    if not isinstance(value, str):
        kind = "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else type(value).__name__
        raise WrongValueError(f"must be a text, and is {kind}", "write one text; put it in quotes if it has ':' or '#'")
    if len(value) > _MAXIMUM_TEXT:
        raise WrongValueError(f"has {len(value)} characters", f"shorten it to {_MAXIMUM_TEXT}")
    if found := _FORBIDDEN.search(value):
        raise WrongValueError(
            f"has the character U+{ord(found[0]):04X} at position {found.start() + 1}, which Kaltura cannot store",
            "remove it",
        )
    return value


def texts(value: object) -> Iterator[tuple[int | None, str]]:
    """Yield the items of a list, or of one text with commas between them, with their position in a list."""
    if isinstance(value, list):
        if len(value) > _MAXIMUM_ITEMS:
            raise WrongValueError(f"has {len(value)} items", f"shorten it to {_MAXIMUM_ITEMS}")
        for index, item in enumerate(value):
            try:
                text = plain(item).strip()
            except WrongValueError as error:
                raise error.inside(index) from None
            if "," in text:
                raise WrongValueError(
                    f"{shown(text)} has a comma, which separates items on Kaltura", "write two items", index
                )
            yield index, text
    elif isinstance(value, dict):
        raise WrongValueError("must be a list of texts, and is a mapping", "write a list, or one text with commas")
    else:
        for item in _ITEMS.split(plain(value)):
            yield None, item.strip()


def lines(field: Field, item_field: Field, value: object) -> tuple[str, ...]:
    """Return the distinct items of a list, in their order."""
    found: dict[str, None] = {}
    for index, text in texts(value):
        if text:
            try:
                found[line(item_field, text)] = None
            except WrongValueError as error:
                raise (error if index is None else error.inside(index)) from None
    if len(found) > _MAXIMUM_ITEMS:
        raise WrongValueError(f"has {len(found)} items", f"shorten it to {_MAXIMUM_ITEMS}")
    return tuple(found)


def tags(field: Field, value: object) -> tuple[str, ...]:
    """Return tags."""
    return lines(field, TAG, value)


def users(field: Field, value: object) -> tuple[str, ...]:
    """Return user IDs."""
    return lines(field, USER, value)


def categories(field: Field, value: object) -> tuple[str, ...]:
    """Return full category paths, without spaces around ``>``, each once."""
    found: dict[str, str] = {}
    for index, text in texts(value):
        if not text:
            continue
        path = () if index is None else (index,)
        levels = [level.strip() for level in text.split(">")]
        if "\n" in text or "\r" in text:
            raise WrongValueError(f"{shown(text)} has a line break", "write one category a line", *path)
        if not all(levels):
            raise WrongValueError(f"{shown(text)} has a level without a name", "write it like Physics>Optics", *path)
        if long := next((level for level in levels if len(level) > MAXIMUM_CATEGORY_NAME), None):
            raise WrongValueError(
                f"the level {shown(long)} has {len(long)} characters", f"shorten it to {MAXIMUM_CATEGORY_NAME}", *path
            )
        # Kaltura finds categories without regard to upper and lower case.
        found.setdefault(">".join(levels).lower(), ">".join(levels))
    if len(found) > MAXIMUM_CATEGORIES:
        raise WrongValueError(
            f"has {len(found)} categories", f"Kaltura takes at most {MAXIMUM_CATEGORIES} an entry; remove some"
        )
    return tuple(found.values())


def s3_object(field: Field, value: object) -> str:
    """Return the name of an object: relative to a folder, or ``s3://bucket/key``.

    A URL of Amazon S3 becomes ``s3://bucket/key``; the signature of a presigned one is dropped, and never shown.
    """
    text = plain(value).strip()
    if not text:
        raise WrongValueError("is empty", "name an object of the bucket")
    if "\n" in text or "\r" in text or "\t" in text:
        raise WrongValueError("has a line break or a tab", "name one object")
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme in {"http", "https"}:
        text = _from_url(text)
    elif scheme == "s3":
        bucket, _, key = text[5:].partition("/")
        if not bucket or not key:
            raise WrongValueError(f"{shown(text)} names no object", "write s3://bucket/key")
        text = f"s3://{bucket}/{key}"
    elif scheme:
        raise WrongValueError(
            f"files are not fetched from {scheme[:20]}:// addresses",
            "copy the file to the bucket, and name its key or s3://bucket/key",
        )
    else:
        if "\\" in text or re.match(r"[A-Za-z]:", text):
            raise WrongValueError(
                f"{shown(text)} is a path of one computer", "name an object of the bucket, with / between folders"
            )
        if text.startswith("/") or any(part in {".", ".."} for part in text.split("/")):
            raise WrongValueError(
                f"{shown(text)} leads out of the manifest's folder",
                "name it relative to that folder, or as s3://bucket/key",
            )
    if len(text.encode()) > 1024 + 64 + len("s3://"):
        raise WrongValueError(f"{shown(text)} is longer than a key can be", "S3's keys have at most 1024 bytes")
    if text.endswith("/"):
        raise WrongValueError(f"{shown(text)} is a folder", "name one file in it")
    return text


def _from_url(text: str) -> str:
    try:
        url = urlsplit(text)
        host = (url.hostname or "").lower()
    except ValueError:
        raise WrongValueError("is not a valid address", "name the key, or write s3://bucket/key") from None
    found = _S3_HOST.match(host)
    if not found:
        # Neither user name, password nor query belongs into a message.
        raise WrongValueError(
            f"files are not fetched from {shown(f'{url.scheme}://{host}')}",
            "copy the file to the bucket, and name its key or s3://bucket/key",
        )
    path = unquote(url.path).lstrip("/")
    bucket = found["bucket"] or path.partition("/")[0]
    key = path if found["bucket"] else path.partition("/")[2]
    if not key or not bucket:
        raise WrongValueError(f"{shown(f'{url.scheme}://{host}')} names no object", "write s3://bucket/key")
    return f"s3://{bucket}/{plain(key)}"


def truth(value: object) -> bool:
    """Return a yes or no."""
    if isinstance(value, bool):
        return value
    text = plain(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise WrongValueError(f"{shown(text)} is neither true nor false", "write true or false")
    return text in _TRUE


def captions(field: Field, value: object) -> tuple[CaptionWish, ...]:
    """Return the wished caption files; a text with commas or a list of texts names files only."""
    items = value if isinstance(value, list) else [value] if isinstance(value, dict) else list(texts(value))
    if len(items) > _MAXIMUM_ITEMS:
        raise WrongValueError(f"has {len(items)} items", f"shorten it to {_MAXIMUM_ITEMS}")
    wishes: list[CaptionWish] = []
    for index, item in enumerate(items):
        try:
            if isinstance(item, tuple):
                if not item[1]:
                    continue
                item = item[1]
            wishes.append(_caption(field, {"file": item} if isinstance(item, str) else item))
        except WrongValueError as error:
            raise error.inside(index) from None
    for index, wish in enumerate(wishes):
        if any(wish.file == other.file for other in wishes[:index]):
            raise WrongValueError(f"names {shown(wish.file)} twice", "keep one of the two", index)
        if wish.default and any(other.default for other in wishes[:index]):
            raise WrongValueError("is the second one with default: true", "keep one default", index)
    return tuple(wishes)


def _caption(field: Field, item: object) -> CaptionWish:
    from kaltura_provider.api.languages import named_language

    if not isinstance(item, dict):
        raise WrongValueError("must name a file", f"write a mapping with {', '.join(CAPTION_FIELDS)}")
    for key in item:
        if key not in CAPTION_FIELDS:
            raise WrongValueError(f"unknown field {shown(key)}", nearest(str(key), CAPTION_FIELDS), str(key)[:60])
    if item.get("file") is None:
        raise WrongValueError("names no file", "add 'file: name.vtt'")
    part = "file"
    try:
        file = s3_object(field, item["file"])
        if not file.lower().endswith((".srt", ".vtt")):
            raise WrongValueError(f"{shown(file)} is of a form the pipeline does not send", "give an .srt or .vtt file")
        part = "language"
        language = plain(_or(item.get(part), "")).strip()
        if language:
            try:
                language = named_language(language)
            except ValueError as error:
                message, _, fix = str(error).partition("; ")
                raise WrongValueError(message, fix) from None
        part = "label"
        label = plain(_or(item.get(part), "")).strip()
        part = "default"
        return CaptionWish(file, language, label, truth(_or(item.get(part), False)))
    except WrongValueError as error:
        raise error.inside(part) from None


def _or(value: object, otherwise: object) -> object:
    return otherwise if value is None else value


def metadata(field: Field, value: object) -> dict[str, dict[str, Any]]:
    """Return custom metadata: profile, field, one text or a list of texts."""
    if not isinstance(value, dict):
        raise WrongValueError("must be a mapping", "write the profile's name, below it one 'field: value' a line")
    result: dict[str, dict[str, Any]] = {}
    for profile, fields in value.items():
        if fields is None:
            continue
        if not isinstance(fields, dict):
            raise WrongValueError("must be a mapping", "write one 'field: value' a line below the profile", profile)
        said: dict[str, Any] = {}
        for name, content in fields.items():
            try:
                for key in (profile, name):
                    line(TAG, key)
                if isinstance(content, list):
                    said[name] = [plain(item) for item in content if item not in (None, "")]
                elif content is not None:
                    said[name] = plain(content)
            except WrongValueError as error:
                raise error.inside(profile, name) from None
        if said:
            result[profile] = said
    return result
