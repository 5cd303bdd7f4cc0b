"""Which objects of a bucket a run looks at, as the trigger form or the settings say it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from kaltura_pipeline.errors import ConfigurationError

# What a title may be waited for.
COMPLETE_METADATA, COMPLETE_CAPTIONS, COMPLETE_THUMBNAIL, COMPLETE_DONE = "metadata", "captions", "thumbnail", "done"
COMPLETE_RULES = (COMPLETE_METADATA, COMPLETE_CAPTIONS, COMPLETE_THUMBNAIL, COMPLETE_DONE)


@dataclass(frozen=True)
class Selection:
    """Which objects are taken.

    :param include: patterns of keys, of which one must fit; empty takes all. ``*`` stands for any characters, ``/``
        among them: ``lectures/*.mp4``.
    :param exclude: patterns of keys that are left alone.
    :param min_age: seconds since an object was written, at least. A file that is still being replaced is younger.
    :param complete_when: what must be there before a title is taken; any of :data:`COMPLETE_RULES`.
    :param renditions: IDs of flavor params by the ending of a stem: with ``{"_1080": 7}`` ``talk_1080.mp4`` is a
        rendition of ``talk.mp4``.
    :param prefixes: if not None, only these parts of the bucket are looked at; none of them holds another.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_age: float = 0.0
    complete_when: tuple[str, ...] = ()
    renditions: Mapping[str, int] = field(default_factory=dict)
    prefixes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for rule in self.complete_when:
            if rule not in COMPLETE_RULES:
                raise ConfigurationError(
                    f"'complete when' holds {rule!r}; it knows {', '.join(COMPLETE_RULES)}. Correct the trigger form"
                )

    def reason_to_leave(self, key: str, modified: float, now: float) -> str:
        """Say why an object is not taken; an empty text if nothing speaks against it."""
        if self.include and not any(fnmatchcase(key, pattern) for pattern in self.include):
            return f"fits none of the patterns to include ({', '.join(self.include)})"
        for pattern in self.exclude:
            if fnmatchcase(key, pattern):
                return f"fits the pattern {pattern}, which is excluded"
        if (age := now - modified) < self.min_age:
            return f"written {max(0, int(age))} s ago; taken by a run when it is {int(self.min_age)} s old"
        return ""


def parse_renditions(text: str) -> dict[str, int]:
    """Read the setting that names renditions, such as ``{"_1080": 7}``.

    :param text: JSON; empty means none.
    :raises ValueError: it is something else.
    """
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
        return {str(suffix): int(params_id) for suffix, params_id in found.items()}
    except (ValueError, TypeError, AttributeError):
        raise ValueError(
            f'KALTURA_PIPELINE_RENDITIONS must be JSON such as {{"_1080": 7}} (ending of the name: ID of the flavor '
            f"params), not {text!r}"
        ) from None
