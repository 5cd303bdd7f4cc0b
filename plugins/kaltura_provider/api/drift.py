"""What is not as it was declared, in words, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import DriftError

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: What to do with a thing that is not as it should be.
ON_DRIFT = ("repair", "report", "fail")


@dataclass(frozen=True)
class Drift:
    """One setting that is not as it should be.

    :param key: which one, such as ``rule 1, message``.
    :param wanted: the value it should have; None if it should not be there.
    :param present: the value it has; None if it is not set.
    """

    key: str
    wanted: Any
    present: Any = None

    def __str__(self) -> str:
        present = "not set" if self.present is None else _short(self.present)
        wanted = "not be there" if self.wanted is None else f"be {_short(self.wanted)}"
        return f"{self.key} is {present}, and should {wanted}"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return {"key": self.key, "wanted": self.wanted, "present": self.present}


def check_policy(on_drift: str) -> None:
    """Refuse an unknown policy.

    :param on_drift: what to do with drift.
    :raises ValueError: it is none of :data:`ON_DRIFT`.
    """
    if on_drift not in ON_DRIFT:
        raise ValueError(f"on_drift is {on_drift!r}: use {', '.join(ON_DRIFT)}")


def must_repair(
    client: KalturaClient, what: str, drift: Sequence[Drift], on_drift: str, *, where: str = "the KMC"
) -> bool:
    """Tell whether drift is to be repaired.

    :param client: the client, which knows what is secret.
    :param what: what drifted, with its name.
    :param drift: the differences.
    :param on_drift: the policy.
    :param where: where a person can change it.
    :raises DriftError: there is drift, and the policy is ``fail``.
    """
    if drift and on_drift == "fail":
        words = client.redactor.redact("; ".join(map(str, drift)))
        raise DriftError(
            f"{what} is not as it should be: {words}. Change it in {where}, change what is wanted, or use "
            "on_drift='repair'."
        )
    return bool(drift) and on_drift == "repair"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
