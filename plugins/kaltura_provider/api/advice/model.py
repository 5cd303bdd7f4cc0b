"""The form of an explanation: cause, who can fix it, next step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kaltura_provider.api.catalogue import ErrorClass


class Fixer(Enum):
    """Who can remove the cause of an error; the value is how a sentence names them."""

    YOU = "you"
    CONNECTION = "whoever manages the Airflow connection"
    ADMINISTRATOR = "an administrator of the Kaltura account"
    KALTURA = "Kaltura (support, or your account manager)"
    NETWORK = "the network team"
    STORAGE = "whoever manages the storage of the source files"
    TIME = "nobody needs to, it passes"


@dataclass(frozen=True)
class Advice:
    """What an error code means for the person who meets it.

    :param code: the code, such as ``ENTRY_ID_NOT_FOUND``. A code whose meaning depends on more has a word after a
        colon: ``INVALID_KS:EXPIRED``; a family of codes ends in ``*``: ``HTTP_5*``.
    :param error_class: what a program can do.
    :param fixer: who can remove the cause.
    :param cause: what happened, in one or two sentences.
    :param step: what to do next, in one or two sentences.
    """

    code: str
    error_class: ErrorClass
    fixer: Fixer
    cause: str
    step: str

    def __str__(self) -> str:
        return f"{self.cause} {self.step}"


# The rows of the tables stay readable with short names.
RETRY, RENEW = ErrorClass.RETRY, ErrorClass.RENEW_SESSION
PERMISSION, PERMANENT = ErrorClass.PERMISSION, ErrorClass.PERMANENT
YOU, CONNECTION, ADMINISTRATOR = Fixer.YOU, Fixer.CONNECTION, Fixer.ADMINISTRATOR
KALTURA, NETWORK, STORAGE, TIME = Fixer.KALTURA, Fixer.NETWORK, Fixer.STORAGE, Fixer.TIME
