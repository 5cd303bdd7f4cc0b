"""Durable notes about one file on its way to Kaltura."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Journal(Protocol):
    """Durable notes about one entry, kept where a later try finds them.

    Notes are texts by name:

    * ``add_mark``, ``add_size``, ``add_started``: an entry is being added; see :mod:`.entry_adding`.
    * ``entry_id``: the entry.
    * ``upload_token_id``, ``fingerprint``: the upload token, and the content of the source that goes into it.
    * ``confirmed``: which bytes of it the server has.
    * ``replacing``, ``replaced_source``, ``replacing_entry_id``, ``replacing_error``: the content of the entry is being
      exchanged; see :mod:`.replacement`.
    * ``pulling``, ``pulling_since``, ``pulled_fingerprint``: Kaltura fetches the content itself; see :mod:`.pull`.
    """

    def load(self) -> Mapping[str, str]:
        """Return all notes."""
        ...

    def save(self, **changes: str) -> None:
        """Write notes; when it returns they are safe. An empty text deletes a note.

        :param changes: notes by name.
        """
        ...


class MemoryJournal:
    """Notes that live as long as the process; enough where nothing is retried."""

    def __init__(self) -> None:
        self._notes: dict[str, str] = {}

    def load(self) -> Mapping[str, str]:
        """Return all notes."""
        return dict(self._notes)

    def save(self, **changes: str) -> None:
        """Write notes.

        :param changes: notes by name.
        """
        notes = {**self._notes, **changes}
        self._notes = {name: value for name, value in notes.items() if value}
