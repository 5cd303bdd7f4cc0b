"""Names of files as Kaltura can keep them: in the column of an upload token, in a multipart head, on its disk."""

from __future__ import annotations

import re
import unicodedata

#: Characters in the column that holds the file name of an upload token.
MAX_FILE_NAME = 256

_EXTENSION = re.compile(r"[A-Za-z0-9]{1,10}")
# Bidirectional marks can make "gpj.exe" look like "exe.jpg"; the rest is no character at all.
_UNWANTED = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
# Kaltura's own tables hold three bytes a character, and give "????" for anything longer. A name that comes back
# changed would make an interrupted upload look like that of another file.
_TOO_LONG = re.compile("[\U00010000-\U0010ffff]")


def base_name(file_name: str) -> str:
    """Drop the directories of a path, whichever way its slashes lean.

    :param file_name: name or path.
    """
    return file_name.replace("\\", "/").rsplit("/", 1)[-1]


def extension_of(file_name: str) -> str:
    """Return the extension of a file in lower case, without its dot; "" if it has none.

    :param file_name: name or path. Dots and spaces at its end do not count, nor does a dot at its beginning.
    """
    name = base_name(file_name).rstrip(". ").lstrip(".")
    suffix = name.rsplit(".", 1)[1] if "." in name else ""
    return suffix.lower() if _EXTENSION.fullmatch(suffix) else ""


def stored_name(file_name: str, extension: str) -> str:
    """Make the name under which a file is sent to Kaltura.

    Kaltura stores a file by the extension of its name and looks at nothing else of it, so the rest may be shortened and
    cleaned. The same file always gets the same name.

    :param file_name: name or path of any kind and length.
    :param extension: extension to store the file under, without dot. It takes the place of the present one; what
        stands after the last dot stays in the name if it is no extension anybody knows.
    :return: a name of at most 256 characters without directories and control characters, ending in the extension.
    """
    extension = re.sub("[^A-Za-z0-9]", "", extension)[:10].lower()
    present = extension_of(file_name)
    stem = base_name(file_name).rstrip(". ")
    if present and (present == extension or is_known(present)):
        stem = stem[: -len(present) - 1]
    # Half of a surrogate pair is no text; names from a file system may have it.
    stem = stem.encode("utf-8", "replace").decode()
    stem = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in stem)
    stem = _TOO_LONG.sub("_", _UNWANTED.sub("", stem))
    suffix = f".{extension}" if extension else ""
    return (_cut(stem.strip(), MAX_FILE_NAME - len(suffix)).strip(". ") or "file") + suffix


def is_known(extension: str) -> bool:
    """Tell whether an extension stands for a form of file, and is not just what follows a dot.

    :param extension: in lower case, without dot.
    """
    from kaltura_provider.api.media_kind import KIND_OF, REFUSED_EXTENSIONS

    return extension in KIND_OF or extension in REFUSED_EXTENSIONS


def shown_name(file_name: str) -> str:
    """Quote a name for a person: no control characters, and no more than fits a line.

    :param file_name: name or path.
    """
    return repr(file_name if len(file_name) <= 200 else f"{file_name[:90]}...{file_name[-90:]}")


def quote_file_name(name: str) -> str:
    """Quote a name for a multipart head as browsers do; directories are dropped, and so is what no UTF-8 text may hold.

    :param name: a file's or a parameter's name.
    """
    name = base_name(name).encode("utf-8", "replace").decode()
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _cut(text: str, length: int) -> str:
    """Shorten a text without tearing an accent off its letter."""
    if len(text) <= length:
        return text
    while length and (unicodedata.combining(text[length]) or text[length] in "\u200d\ufe0e\ufe0f"):
        length -= 1
    return text[:length].rstrip("\u200d")
