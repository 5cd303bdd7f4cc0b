"""Errors of addresses outside the API, such as thumbnails and manifests: a number in a header, no body."""

from __future__ import annotations

from starlette.responses import Response

from .answers import HTML_TYPE

ENTRY_NOT_FOUND = (1, "requested entry not found")
NOT_SCHEDULED_NOW = (2, "entry restricted due to scheduling")
ACCESS_CONTROL_RESTRICTED = (3, "entry restricted due to access-control")
FILE_NOT_FOUND = (5, "requested file not found")
FLAVOR_NOT_FOUND = (6, "requested flavor was not found")
INVALID_KS = (7, "ks is not valid")
MISSING_PARAMETER = (20, "missing parameter")


def refuse(error: tuple[int, str], status: int = 404) -> Response:
    """Return the answer for an error.

    :param error: Kaltura's number and words for it.
    :param status: the HTTP status.
    """
    number, text = error
    headers = {"X-Kaltura": f"error-{number}", "X-Kaltura-App": f"exiting on error {number} - {text}"}
    return Response(b"", status, headers, HTML_TYPE)
