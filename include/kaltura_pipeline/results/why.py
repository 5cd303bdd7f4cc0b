"""Why a title failed, in three answers: the cause, who can fix it, and the next step."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, TypedDict

from kaltura_pipeline.results.model import BUSY, FAILURES, NOT_TAKEN, ResultProblem

if TYPE_CHECKING:
    from kaltura_pipeline.results.model import TitleResult

# What S3 says, in the words of our own table.
_S3 = {
    "NoSuchKey": "SOURCE_NOT_FOUND",
    "404": "SOURCE_NOT_FOUND",
    "NotFound": "SOURCE_NOT_FOUND",
    "NoSuchBucket": "SOURCE_NOT_FOUND",
    "AccessDenied": "SOURCE_FORBIDDEN",
    "403": "SOURCE_FORBIDDEN",
    "Forbidden": "SOURCE_FORBIDDEN",
    "InvalidAccessKeyId": "SOURCE_FORBIDDEN",
    "SignatureDoesNotMatch": "SOURCE_FORBIDDEN",
    "PreconditionFailed": "SOURCE_CHANGED",
    "412": "SOURCE_CHANGED",
}

# The next step where nothing says a better one.
_STEPS = {
    NOT_TAKEN: "Give it the name of the title it belongs to, or take it out of the folder.",
    BUSY: "Wait for the next run; if that worker is dead, run: python -m kaltura_pipeline.ledger release KEY",
}


class Why(TypedDict):
    """Why a title failed: ``cause``, ``who`` can fix it (a value of :class:`kaltura_provider.api.Fixer`), ``step``."""

    cause: str
    who: str
    step: str


def why(result: TitleResult) -> Why:
    """Explain a failed title. The first problem is the one that is explained; all of them are in the files.

    :param result: the record.
    :return: the three answers; all are empty for a title that is fine.
    """
    from kaltura_provider.api import Fixer, explain

    if result["result"] not in FAILURES:
        return {"cause": "", "who": "", "step": ""}
    step = _STEPS.get(result["result"], "Correct the file; the next run takes it.")
    step = step.replace("KEY", shlex.quote(result["key"]))
    if not result["problems"]:
        if result["result"] == BUSY:
            return {"cause": result["message"], "who": Fixer.TIME.value, "step": step}
        return {"cause": result["message"], "who": Fixer.YOU.value, "step": step}
    problem = result["problems"][0]
    where = ", ".join(part for part in (problem["place"], problem["field"] and f"field {problem['field']!r}") if part)
    if problem["file"] not in ("", result["key"]):
        where = f"{problem['file']}, {where}" if where else problem["file"]
    message = f"{where}: {problem['message']}" if where else problem["message"]
    advice = explain(problem["code"])
    if not problem["code"] or advice.code == "*":
        return {"cause": message, "who": Fixer.YOU.value, "step": problem["fix"] or step}
    cause = f"{message.rstrip('.')}. {advice.cause}" if message else advice.cause
    return {"cause": cause, "who": advice.fixer.value, "step": problem["fix"] or advice.step}


def problems_of(error: BaseException, key: str) -> list[ResultProblem]:
    """Turn an exception that a title met into problems of its result.

    :param error: an error of Kaltura, of S3, of a manifest, of a source file, or any other.
    :param key: key of the source object.
    :return: at least one problem. Texts that look like secrets are masked.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from kaltura_pipeline.manifests.model import ManifestError
    from kaltura_pipeline.results.model import from_problem
    from kaltura_provider.api import (
        KalturaError,
        MediaRefusedError,
        SourceChangedError,
        SourceUnavailableError,
        UploadStoppedError,
        explain,
        redact,
    )

    if isinstance(error, ManifestError):
        return [from_problem(problem) for problem in error.problems]
    if isinstance(error, KalturaError):
        message = f"{error.service_action or 'Kaltura call'} failed: {error.code}"
        if error.message:
            message += f": {error.message}"
        # The row, as INVALID_KS means several things; a family such as HTTP_5* has no code of its own.
        row = explain(error.code, error.details)
        code = error.code if "*" in row.code else row.code
        if error.advice.cause != row.cause:  # it names the missing permission
            message = f"{message.rstrip('.')}. {error.advice.cause}"
        return [_problem(key, message, error.advice.step, code)]
    text = redact(str(error)) or type(error).__name__
    if isinstance(error, ClientError):
        s3_code = str(error.response.get("Error", {}).get("Code", ""))
        return [_problem(key, text, "", _S3.get(s3_code, "SOURCE_UNAVAILABLE"))]
    if isinstance(error, MediaRefusedError):
        return [_problem(key, text, "", "MEDIA_REFUSED")]
    if isinstance(error, SourceChangedError):
        return [_problem(key, text, "", "SOURCE_CHANGED")]
    if isinstance(error, UploadStoppedError):
        return [_problem(key, text, "", "UPLOAD_STOPPED")]
    if isinstance(error, (SourceUnavailableError, BotoCoreError, OSError)):
        return [_problem(key, text, "", "SOURCE_UNAVAILABLE")]
    return [_problem(key, text, "", "")]


def _problem(key: str, message: str, fix: str, code: str) -> ResultProblem:
    return {"file": key, "place": "", "field": "", "message": message, "fix": fix, "code": code}
