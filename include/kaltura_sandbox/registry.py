"""What the sandbox can do: actions, raw HTTP routes, background jobs and start-up steps, each added by a decorator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from .inputs import MANDATORY, Parameter

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .answers import FileAnswer, RedirectAnswer
    from .context import Context
    from .sandbox import Sandbox

# Who may call an action. Each includes the ones after it.
ANYONE = 0
WIDGET = 1
USER = 2
ADMIN = 3

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Action:
    """A declared action.

    :param service: Kaltura's name, with a plugin's prefix: ``caption_captionAsset``.
    :param name: Kaltura's name.
    :param parameters: in the order in which missing ones are reported.
    :param access: least kind of session: ``ANYONE``, ``WIDGET``, ``USER``, ``ADMIN``.
    :param serves_file: errors are an empty body with headers, as for ``data.serve``.
    :param run: called with the context and the arguments, their names in snake_case.
    """

    service: str
    name: str
    parameters: tuple[Parameter, ...]
    access: int
    serves_file: bool
    run: Callable[..., Any]


@dataclass(frozen=True)
class RawRoute:
    """An HTTP address outside the API.

    :param path: Starlette's path template.
    :param run: called in a worker thread with the sandbox and the request.
    """

    path: str
    run: Callable[[Sandbox, Request], Response | FileAnswer | RedirectAnswer]


SERVICES: dict[str, dict[str, Action]] = {}
ROUTES: list[RawRoute] = []
JOBS: dict[str, Callable[[Sandbox, dict[str, Any]], object]] = {}
PARTNER_STEPS: list[Callable[[Sandbox, int], object]] = []
CHECKS: list[Callable[[Sandbox], object]] = []


def param(name: str, kind: str = "string", default: Any = MANDATORY) -> Parameter:
    """Declare a parameter of an action; without a default it is mandatory."""
    return Parameter(name, kind, default)


def action(
    service: str, name: str, *parameters: Parameter, access: int = USER, serves_file: bool = False
) -> Callable[[_Function], _Function]:
    """Declare a function as an action of a service; may be stacked for several services.

    The function gets the :class:`~kaltura_sandbox.context.Context` and one keyword a parameter (``entryId`` becomes
    ``entry_id``). It returns what :func:`~kaltura_sandbox.schema.render` made, a list of such, a plain value, None,
    or a :class:`~kaltura_sandbox.answers.FileAnswer` or ``RedirectAnswer``.

    :raises ValueError: the action exists.
    """

    def register(function: _Function) -> _Function:
        actions = SERVICES.setdefault(service.lower(), {})
        if name.lower() in actions:
            raise ValueError(f"{service}.{name} is already declared")
        actions[name.lower()] = Action(service, name, parameters, access, serves_file, function)
        return function

    return register


def route(path: str) -> Callable[[_Function], _Function]:
    """Declare a function as the handler of an HTTP address, for example ``/p/{partner}/sp/{sp}/raw/{rest:path}``.

    It gets the sandbox and Starlette's request, runs in a worker thread and returns Starlette's response, a
    ``FileAnswer`` or a ``RedirectAnswer``.
    """

    def register(function: _Function) -> _Function:
        ROUTES.append(RawRoute(path, function))
        return function

    return register


def job(kind: str) -> Callable[[_Function], _Function]:
    """Declare a function as the handler of a background job; it may run again after a crash.

    :raises ValueError: the kind exists.
    """

    def register(function: _Function) -> _Function:
        if kind in JOBS:
            raise ValueError(f"job {kind} is already declared")
        JOBS[kind] = function
        return function

    return register


def on_start(function: _Function) -> _Function:
    """Declare a function that runs at every start for every account, for example to make default profiles."""
    PARTNER_STEPS.append(function)
    return function


def check(function: _Function) -> _Function:
    """Declare a function that raises ``RuntimeError``, with the way out, if settings and data do not go together."""
    CHECKS.append(function)
    return function


def find_action(service: str, name: str) -> Action | None:
    """Return an action, its names in any case, or None."""
    return SERVICES.get(service.lower(), {}).get(name.lower())


def caller(run: Callable[..., Any], context: Context, arguments: dict[str, Any]) -> Any:
    """Call an action's function with its arguments."""
    return run(context, **{_snake(name): value for name, value in arguments.items()})


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
