"""What can go wrong with a request, as data: kinds of faults and their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

KALTURA = "kaltura"
S3 = "s3"
SERVICES = (KALTURA, S3)

# Faults of the network between the two, whatever they talk.
DROP_REQUEST = "drop_request"
DROP_ANSWER = "drop_answer"
CUT_ANSWER = "cut_answer"
LATE = "late"
STALL_REQUEST = "stall_request"
STALL_ANSWER = "stall_answer"

# Answers the server or a proxy before it would not give otherwise.
BAD_GATEWAY = "bad_gateway"
WEB_PAGE = "web_page"
INTERNAL_ERROR = "internal_error"
EMPTY = "empty"
EXPIRED_KS = "expired_ks"
ACTION_BLOCKED = "action_blocked"
RATE_LIMITED = "rate_limited"
API_ERROR = "api_error"
SLOW_DOWN = "slow_down"
PRECONDITION_FAILED = "precondition_failed"
NO_SUCH_VERSION = "no_such_version"
ACCESS_DENIED = "access_denied"
KMS_DENIED = "kms_denied"
KMS_DISABLED = "kms_disabled"

# What becomes of the server itself.
INDEX_LAG = "index_lag"

NETWORK_KINDS = (DROP_REQUEST, DROP_ANSWER, CUT_ANSWER, LATE, STALL_REQUEST, STALL_ANSWER)
ANSWER_KINDS: Mapping[str, tuple[str, ...]] = {
    KALTURA: (BAD_GATEWAY, WEB_PAGE, INTERNAL_ERROR, EMPTY, EXPIRED_KS, ACTION_BLOCKED, RATE_LIMITED, API_ERROR),
    S3: (
        BAD_GATEWAY, INTERNAL_ERROR, SLOW_DOWN, PRECONDITION_FAILED, NO_SUCH_VERSION, ACCESS_DENIED, KMS_DENIED,
        KMS_DISABLED,
    ),
}  # fmt: skip
KINDS: Mapping[str, tuple[str, ...]] = {
    KALTURA: (*NETWORK_KINDS, *ANSWER_KINDS[KALTURA], INDEX_LAG),
    S3: (*NETWORK_KINDS, *ANSWER_KINDS[S3]),
}
#: Faults that pass: a client that tries again gets on. The others stay until somebody does something about them.
PASSING_KINDS: Mapping[str, tuple[str, ...]] = {
    KALTURA: (
        *NETWORK_KINDS, BAD_GATEWAY, WEB_PAGE, INTERNAL_ERROR, EMPTY, EXPIRED_KS, ACTION_BLOCKED, RATE_LIMITED,
    ),
    S3: (*NETWORK_KINDS, INTERNAL_ERROR, SLOW_DOWN),
}  # fmt: skip
#: Made answers that may also come after the server has done its work.
MAY_FOLLOW = (BAD_GATEWAY, WEB_PAGE, INTERNAL_ERROR, EMPTY, API_ERROR)


@dataclass(frozen=True)
class Fault:
    """One fault.

    ======================= ============================================================================================
    ``drop_request``        connection reset; the server never gets the whole request
    ``drop_answer``         the server has done its work, then the connection is reset instead of an answer
    ``cut_answer``          connection reset in the middle of the answer's body
    ``late``                the answer comes ``seconds`` late
    ``stall_request``       nothing more of the request's body is read for ``seconds``
    ``stall_answer``        nothing more of the answer's body is sent for ``seconds``
    ``bad_gateway``         HTTP 502 with an HTML page
    ``web_page``            HTTP 200 with an HTML page, as of a network that wants a log-in
    ``internal_error``      Kaltura: ``INTERNAL_SERVERL_ERROR``; S3: HTTP 500 ``InternalError``
    ``empty``               Kaltura: an empty answer, the error only in the header ``X-Kaltura``
    ``expired_ks``          Kaltura: ``INVALID_KS`` with the word ``EXPIRED``
    ``action_blocked``      Kaltura: ``ACTION_BLOCKED``
    ``rate_limited``        Kaltura: the text "Access to media->list was rate limited" in place of a result
    ``api_error``           Kaltura: any error, by ``code``, ``message`` and ``args``
    ``index_lag``           Kaltura: from this request on lists lag by ``seconds`` (needs the sandbox)
    ``slow_down``           S3: HTTP 503 ``SlowDown``
    ``precondition_failed`` S3: HTTP 412, as when the object is no longer the one of ``If-Match``
    ``no_such_version``     S3: HTTP 404 ``NoSuchVersion``
    ``access_denied``       S3: HTTP 403 ``AccessDenied``
    ``kms_denied``          S3: HTTP 403, the words for a KMS key one may not use
    ``kms_disabled``        S3: HTTP 400 ``KMS.DisabledException``
    ======================= ============================================================================================

    :param kind: one of the above.
    :param seconds: how long, for ``late``, ``index_lag`` and the stalls.
    :param at: the share of the body after which the connection breaks or stalls, 0 to 1. Of a request that is dropped,
        0 means: nothing of the body is passed on.
    :param half_close: a stall begins by closing the way from the server to the client, and ends with a reset.
    :param after: a made answer comes after the server has done its work; else the server never sees the request.
    :param sticky: ``expired_ks`` goes on for that session until the client uses another one.
    :param code: of ``api_error``, and the code in the header of ``empty``.
    :param message: of ``api_error``.
    :param args: of ``api_error``.
    """

    kind: str
    seconds: float = 1.0
    at: float = 0.5
    half_close: bool = False
    after: bool = False
    sticky: bool = False
    code: str = "INTERNAL_SERVERL_ERROR"
    message: str = ""
    args: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = sorted({*KINDS[KALTURA], *KINDS[S3]})
        if self.kind not in known:
            raise ValueError(f"There is no fault {self.kind!r}; use one of {', '.join(known)}.")
        if not 0 <= self.at <= 1:
            raise ValueError(f"at is {self.at}: give a share of the body, 0 to 1.")
        if not 0 <= self.seconds < 86400:
            raise ValueError(f"seconds is {self.seconds}: give 0 to 86400.")
        if self.after and self.kind not in MAY_FOLLOW:
            raise ValueError(f"after makes no sense with {self.kind}; it is for {', '.join(MAY_FOLLOW)}.")

    def __str__(self) -> str:
        return " ".join([self.kind, *(f"{name}={value}" for name, value in self.to_json().items() if name != "kind")])

    @property
    def is_answer(self) -> bool:
        """Whether the proxy answers in place of the server."""
        return self.kind in (*ANSWER_KINDS[KALTURA], *ANSWER_KINDS[S3])

    def to_json(self) -> dict[str, Any]:
        """Return the fault as JSON data, without what has its default."""
        defaults = asdict(Fault(self.kind))
        return {name: value for name, value in asdict(self).items() if name == "kind" or value != defaults[name]}

    @classmethod
    def from_json(cls, value: Any) -> Fault:
        """Read a fault: its kind alone as text, or an object with any of the parameters.

        :raises ValueError: it is none; the message names what is wrong.
        """
        return cls(**read_fields(cls, {"kind": value} if isinstance(value, str) else value, "a fault", "kind"))


def read_fields(kind: type, value: Any, what: str, *needed: str) -> dict[str, Any]:
    """Check a JSON object against the fields of a dataclass.

    :param what: for messages.
    :param needed: fields that must be there.
    :raises ValueError: it is no object, or has unknown, missing or wrong fields.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is no JSON object for {what}.")
    known = {each.name: each for each in fields(kind)}
    if unknown := sorted({*value} - {*known}):
        raise ValueError(f"{unknown[0]!r} is no field of {what}; there are {', '.join(known)}.")
    if missing := [name for name in needed if name not in value]:
        raise ValueError(f"{missing[0]!r} is missing in {what}.")
    for name, item in value.items():
        wanted = _JSON_TYPES.get(str(known[name].type))
        if wanted and (not isinstance(item, wanted[0]) or (isinstance(item, bool) and bool not in wanted[0])):
            raise ValueError(f"{name} of {what} is {item!r}, not {wanted[1]}.")
    return dict(value)


_JSON_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "a text"),
    "int": ((int,), "a whole number"),
    "int | None": ((int, type(None)), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
    "Mapping[str, str]": ((dict,), "an object"),
    "Mapping[str, float]": ((dict,), "an object"),
}
