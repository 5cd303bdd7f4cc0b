"""When to try a failed Kaltura task again, decided by the error and not by the task.

Needs Airflow 3.3; on older versions the policy is None, which tasks accept as "no policy"::

    S3ToKalturaOperator(task_id="upload", ..., retries=5, **kaltura_retries())
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

try:
    from airflow.sdk import RetryPolicy
except ImportError:  # Airflow before 3.3
    RetryPolicy = None  # type: ignore[assignment,misc]

if TYPE_CHECKING:
    from airflow.sdk import Context, RetryDecision

# Kaltura counts calls in windows of seconds and says nothing about their length; a minute is past any of them.
_RATE_LIMIT_PAUSE = timedelta(minutes=1)
_RATE_LIMITED = ("ACTION_BLOCKED", "RATE_LIMITED", "HTTP_429")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what caused it; operators may wrap what the client raised."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


if RetryPolicy is not None:

    class KalturaRetryPolicy(RetryPolicy):
        """Try again what may pass; fail at once what will not.

        * Faults of network and server, and rate limits (after a minute at least): tried again.
        * Refused credentials, missing rights, wrong parameters, wrong connection fields, files that do not exist or
          cannot be used, and declarations that cannot be or that Kaltura does not fit: failed at once, since every try
          would end the same.
        * Files that changed during the upload, and errors that are not about Kaltura: as the task says.

        A policy never tries more often than the task's ``retries``.
        """

        def evaluate(
            self,
            exception: BaseException,
            try_number: int,
            max_tries: int,
            context: Context | None = None,
        ) -> RetryDecision:
            """Decide about one failure.

            :param exception: what the task raised.
            :param try_number: which try it was, from 1.
            :param max_tries: how many there may be.
            :param context: the task's context.
            :return: whether to try again, when, and why.
            """
            from airflow.sdk import RetryDecision

            from kaltura_provider.api import DeclarationError, DriftError, ErrorClass, KalturaError, MediaRefusedError
            from kaltura_provider.hooks.errors import KalturaConnectionError, UploadSourceError

            refused = (DeclarationError, DriftError, KalturaConnectionError, MediaRefusedError, UploadSourceError)
            for error in _causes(exception):
                if isinstance(error, KalturaError):
                    # RENEW_SESSION: the client has started a new session already, and that was refused as well.
                    if error.error_class is not ErrorClass.RETRY:
                        return RetryDecision.fail(reason=f"{error.code}: every try would fail the same way")
                    delay = timedelta(seconds=error.retry_after) if error.retry_after else None
                    if error.code in _RATE_LIMITED:
                        delay = max(delay or _RATE_LIMIT_PAUSE, _RATE_LIMIT_PAUSE)
                    return RetryDecision.retry(delay=delay, reason=f"{error.code}: this may pass")
                if isinstance(error, refused):
                    return RetryDecision.fail(reason=str(error))
            return RetryDecision.default()

        def serialize(self) -> dict[str, Any]:
            """Return what identifies the policy; it has no settings."""
            return {"__type": "KalturaRetryPolicy"}

        @classmethod
        def deserialize(cls, data: dict[str, Any]) -> KalturaRetryPolicy:
            """Build the policy again.

            :param data: what :meth:`serialize` returned.
            """
            return cls()

    KALTURA_RETRY_POLICY: Any = KalturaRetryPolicy()
else:
    KALTURA_RETRY_POLICY = None


def kaltura_retries() -> dict[str, Any]:
    """Return the arguments that give a task this policy, or none where Airflow has no retry policies.

    Meant for ``**kaltura_retries()`` in an operator call or in ``default_args``.

    :return: ``{"retry_policy": ...}`` since Airflow 3.3, ``{}`` before.
    """
    return {} if KALTURA_RETRY_POLICY is None else {"retry_policy": KALTURA_RETRY_POLICY}
