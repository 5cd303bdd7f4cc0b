"""Errors of the pipeline's own configuration."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowFailException


class ConfigurationError(AirflowFailException):
    """Something a person has to change first, so the task is not tried again. The message names the fix."""
