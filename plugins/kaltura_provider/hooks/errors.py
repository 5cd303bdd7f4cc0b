"""What can go wrong on the Airflow side, before or after Kaltura is asked."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import AirflowException


class KalturaConnectionError(ValueError):
    """A field of the connection is missing, malformed, or contradicts another one."""


class UploadSourceError(ValueError):
    """What is to be uploaded cannot be used as it is; the message says what to change."""


class SourceArchivedError(UploadSourceError):
    """An S3 object is in an archive and must be restored before it can be read."""


class KalturaWaitError(AirflowException):
    """Waiting was given up although the entries may be fine; trying the task again makes sense."""


class KalturaPlaybackError(AirflowException):
    """Entries do not play as they should; the message says which, why, and what to do."""


class EntriesFailedError(AirflowException):
    """Some entries of a task could not be brought up to date; the message names each, and the others are done."""
