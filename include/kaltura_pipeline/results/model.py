"""The record of one title: what became of it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaltura_pipeline.manifests.model import Problem

ADD, UPDATE, REPLACE, SKIP = "add", "update", "replace", "skip"
REFUSE, ERROR, BUSY, NOT_TAKEN = "refuse", "error", "busy", "not_taken"
PUBLISHED, HELD, GONE = "published", "held", "gone"
DRIFT, MENDED, NEW, CHANGED = "drift", "mended", "new", "changed"

#: Results that a person has to look at, the worst first.
FAILURES = (ERROR, REFUSE, GONE, DRIFT, NOT_TAKEN, BUSY, HELD)
#: All results, in the order a person wants to see them, and what each means.
MEANING = {
    ERROR: "tried, and failed",
    REFUSE: "not tried: something is wrong with the file or its metadata",
    NOT_TAKEN: "belongs to no title",
    BUSY: "another run is working on it",
    ADD: "became a new entry",
    REPLACE: "new content for the entry it became before",
    UPDATE: "new metadata or captions for the entry it became before",
    SKIP: "nothing changed",
    PUBLISHED: "plays, or will at its time, and has a page",
    HELD: "waits for a person, or for Kaltura",
    GONE: "is not on Kaltura any more",
    DRIFT: "is not on Kaltura as the files in S3 say",
    MENDED: "was not as the files in S3 say, and is again",
    NEW: "is not on Kaltura yet",
    CHANGED: "has new content in S3, which Kaltura does not have yet",
}


class ResultProblem(TypedDict):
    """Something that is wrong with a title.

    ``file``, ``place``, ``field``, ``message`` and ``fix`` are those of
    :class:`kaltura_pipeline.manifests.model.Problem`; ``code`` is an error code that
    :func:`kaltura_provider.api.explain` knows, or empty.
    """

    file: str
    place: str
    field: str
    message: str
    fix: str
    code: str


class TitleResult(TypedDict):
    """What became of one title.

    ``result`` is a key of :data:`MEANING`; ``entry_id``, ``message`` and ``page`` (address of its page) may be empty.
    ``bytes_sent`` are bytes, ``seconds`` the time it took, ``api_calls`` the requests to Kaltura; ``quarantined`` says
    whether a copy lies in quarantine.
    """

    key: str
    result: str
    entry_id: str
    message: str
    problems: list[ResultProblem]
    bytes_sent: int
    seconds: float
    api_calls: int
    quarantined: bool
    page: str


def title_result(
    key: str,
    result: str,
    *,
    entry_id: str = "",
    message: str = "",
    problems: Iterable[ResultProblem] = (),
    bytes_sent: int = 0,
    seconds: float = 0.0,
    api_calls: int = 0,
    quarantined: bool = False,
    page: str = "",
) -> TitleResult:
    """Make a record; what is not known stays empty.

    :param key: key of the source object.
    :param result: a key of :data:`MEANING`.
    :param entry_id: the entry it became or changed.
    :param message: what happened, in one sentence.
    :param problems: what is wrong with it.
    :param bytes_sent: bytes sent to Kaltura.
    :param seconds: how long it took.
    :param api_calls: requests to Kaltura.
    :param quarantined: whether a copy lies in quarantine.
    :param page: address of its page.
    :raises ValueError: there is no such result.
    """
    if result not in MEANING:
        raise ValueError(f"{key}: there is no result {result!r}; use one of {', '.join(MEANING)}")
    return {
        "key": key,
        "result": result,
        "entry_id": entry_id,
        "message": message,
        "problems": list(problems),
        "bytes_sent": bytes_sent,
        "seconds": seconds,
        "api_calls": api_calls,
        "quarantined": quarantined,
        "page": page,
    }


def from_problem(problem: Problem, code: str = "") -> ResultProblem:
    """Turn what a manifest or a check complains about into a problem of a result.

    :param problem: the complaint.
    :param code: an error code, if there is one for it.
    """
    return {
        "file": problem.file,
        "place": problem.place,
        "field": problem.field,
        "message": problem.message,
        "fix": problem.fix,
        "code": code,
    }


def text_of(problem: ResultProblem) -> str:
    """Return a problem as one line, in the words of :class:`kaltura_pipeline.manifests.model.Problem`."""
    where = [problem["file"], problem["place"], problem["field"] and f"field {problem['field']!r}"]
    place = ", ".join(part for part in where if part)
    text = f"{place}: {problem['message']}" if place else problem["message"]
    return f"{text}; {problem['fix']}" if problem["fix"] else text
