"""From the parameters of a request to the result of an action, in Kaltura's order of checks."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, Any

from .casting import to_int, to_text
from .context import Context, RequestInfo
from .errors import ApiError, ServerCrash, fail
from .inputs import build_arguments
from .profiles import apply_profile, echo_input, find_profile, read_profile
from .query import equal
from .registry import SERVICES, Action, caller, find_action
from .related import add_related, related_profiles

if TYPE_CHECKING:
    from .sandbox import Sandbox

_log = logging.getLogger(__name__)


class ServeError(Exception):
    """An error of an action that serves files: the answer is empty and only headers tell."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(str(error))
        self.error = error


def execute(sandbox: Sandbox, request: RequestInfo, params: dict[str, Any]) -> Any:
    """Run one action.

    :param params: the grouped parameters, ``service`` and ``action`` among them.
    :return: the action's result.
    :raises ApiError: any refusal, or ``INTERNAL_SERVERL_ERROR`` for a fault of the sandbox itself.
    :raises ServeError: a refusal by an action that serves files.
    :raises ServerCrash: a fault that Kaltura answers with HTTP 500.
    """
    found: Action | None = None
    try:
        found = _find(params)
        return _run(sandbox, request, params, found)
    except ApiError as error:
        if found is not None and found.serves_file:
            raise ServeError(error) from error
        raise
    except ServerCrash:
        raise
    except sqlite3.Error:
        _log.exception("database fault in %s", found)
        raise fail("INTERNAL_DATABASE_ERROR") from None
    except Exception:
        _log.exception("fault in %s", found)
        raise fail("INTERNAL_SERVERL_ERROR") from None


def _find(params: dict[str, Any]) -> Action:
    service, name = to_text(params.get("service")), to_text(params.get("action"))
    if not service:
        raise fail("SERVICE_NOT_SPECIFIED")
    if service.lower() not in SERVICES:
        raise fail("SERVICE_DOES_NOT_EXISTS", SRV_NAME=service)
    found = find_action(service, name)
    if found is None:
        raise fail("ACTION_DOES_NOT_EXISTS", ACTION_NAME=name, SERVICE_NAME=service)
    return found


def _run(sandbox: Sandbox, request: RequestInfo, params: dict[str, Any], found: Action) -> Any:
    text = to_text(params.get("ks")).strip()
    session = sandbox.sessions.read(text) if text else None
    arguments = build_arguments(found.parameters, params)
    if session is not None:
        sandbox.sessions.check(session, request.client, request.uri)
    partner_id = _partner(sandbox, params, found, session.partner_id if session else None)
    level = sandbox.sessions.level(session)
    if level < found.access:
        raise _forbidden(found)
    context = Context(sandbox, request, session, partner_id, params)

    return _shaped(context, found, arguments, params.get("responseProfile"))


def _shaped(context: Context, found: Action, arguments: dict[str, Any], wanted: Any) -> Any:
    """Run an action and answer what a response profile asks for, with related objects."""

    def stored(name: str, value: str) -> dict[str, Any] | None:
        profiles = context.store.collection("responseProfile", "systemName")
        if name == "id":
            return profiles.get(value, context.partner_id)
        return profiles.first(equal("partnerId", context.partner_id) & equal(name, value))

    def run(other: Action, request: dict[str, Any]) -> Any:
        if context.sandbox.sessions.level(context.session) < other.access:
            raise _forbidden(other)
        return _shaped(context, other, build_arguments(other.parameters, request), request["responseProfile"])

    described = find_profile(wanted, stored)
    profile = read_profile(described)
    full = caller(found.run, context, arguments)
    shown = add_related(full, apply_profile(full, profile), related_profiles(described), run)
    return echo_input(shown, arguments) if profile is not None else shown


def _partner(sandbox: Sandbox, params: dict[str, Any], found: Action, own: int | None) -> int:
    """Return the account of a request and refuse those that are not the session's own."""
    value = params.get("partnerId", params.get("p"))
    text = to_text(value).strip()
    if text and not text.lstrip("-").isdecimal():
        raise _forbidden(found)
    asked = to_int(value)
    if asked > 0 and asked != own:
        if sandbox.settings.partner(asked) is None:
            raise fail("SERVICE_FORBIDDEN_CONTENT_BLOCKED")
        if own is not None:
            raise _forbidden(found)
    return own if own is not None else max(asked, 0)


def _forbidden(found: Action) -> ApiError:
    return fail("SERVICE_FORBIDDEN", SERVICE=f"{found.service}->{found.name}")
