"""Durable notes of one upload, so that another try goes on where the last one stopped."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

log = logging.getLogger(__name__)

_KEY = "kaltura_upload"
_PROGRESS_KEY = "kaltura_upload_progress"


class TaskStateJournal:
    """Keep an upload's notes in Airflow's task state store.

    The store outlives the worker and is shared by all tries of a task instance. Airflow has it since 3.3; where it is
    missing or does not answer, the notes last as long as the process, and the next try finds its entry again by
    reference ID.

    :param store: the store (``context["task_state_store"]``), or None where there is none.
    :param reference_id: the upload these notes are about. Notes about another one, left by a try with other arguments,
        are not used.
    """

    def __init__(self, store: Any, reference_id: str) -> None:
        self._store = store
        self._reference_id = reference_id
        self._notes: dict[str, str] | None = None

    def load(self) -> dict[str, str]:
        """Return the notes: what earlier tries saved, or nothing."""
        if self._notes is None:
            self._notes = self._read()
        return dict(self._notes)

    def save(self, **changes: str) -> None:
        """Change the notes and make the change durable.

        :param changes: names and their new values; an empty value removes the name.
        """
        notes = {**self.load(), **changes}
        self._notes = {name: value for name, value in notes.items() if value}
        self._write(_KEY, {"reference_id": self._reference_id, "notes": self._notes})

    def show(self, state: Mapping[str, Any]) -> None:
        """Note how far the upload is, for people who look at the task's state.

        :param state: plain JSON values.
        """
        self._write(_PROGRESS_KEY, dict(state))

    def _read(self) -> dict[str, str]:
        if self._store is None:
            return {}
        try:
            saved = self._store.get(_KEY)
        except Exception as error:
            self._give_up(error)
            return {}
        if not isinstance(saved, Mapping) or saved.get("reference_id") != self._reference_id:
            return {}
        return {str(name): str(value) for name, value in dict(saved.get("notes") or {}).items()}

    def _write(self, key: str, value: dict[str, Any]) -> None:
        if self._store is None:
            return
        try:
            self._store.set(key, value)
        except Exception as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Go on without the store: an upload is worth more than its notes."""
        log.warning(
            "Airflow's task state store does not answer (%s). The upload goes on; if this try fails, the next one "
            "finds the entry by reference ID %r and sends the file again.",
            error,
            self._reference_id,
        )
        self._store = None
