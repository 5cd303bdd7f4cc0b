"""Several calls in one HTTP request, where later ones can use results of earlier ones.

The server runs them one after the other and does not stop at an error: a reference to a failed call becomes an empty
text, and the dependent call runs with it. This module finds such calls and reports them as what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.answers import Answer, decode, is_api_error
from kaltura_provider.api.calls import Request, is_serving
from kaltura_provider.api.errors import DependencyFailed, ErrorClass, KalturaError, api_error

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

# Characters for private use around a reference tell it from a text of a user that looks like one.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKED = re.compile(_OPEN + r"(\{[0-9]+:result[^{}]*\})" + _CLOSE)
_TEXT = re.compile(r"\{([0-9]+):result((?::[^{}]*)?)\}")
_NAMED_IN_PATH = re.compile(r"[A-Za-z0-9_]+")


class Reference(str):
    """The result of an earlier call, or a part of it. Use it as a parameter, or inside an f-string."""

    __slots__ = ()


@dataclass
class Call:
    """One call of a batch.

    :param number: its position, from 1.
    :param service_action: such as ``media.add``.
    """

    number: int
    service_action: str
    params: dict[str, Any] = field(repr=False)
    needs: list[tuple[int, tuple[str, ...]]] = field(default_factory=list, repr=False)
    idempotent: bool = field(default=False, repr=False)

    def ref(self, *path: str | int) -> Reference:
        """Refer to the result of this call.

        :param path: keys and list positions, such as ``"objects", 0, "id"``; the whole result, which must be a text or
            number, when empty.
        :return: a text the server replaces.
        :raises ValueError: if a key holds other characters than letters, digits and underscores.
        """
        for key in path:
            if not _NAMED_IN_PATH.fullmatch(str(key)):
                raise ValueError(f"{key!r} cannot be part of a reference: use names of fields and positions")
        return Reference(f"{_OPEN}{{{':'.join([str(self.number), 'result', *map(str, path)])}}}{_CLOSE}")


class MultiRequest:
    """Collects calls and sends them together.

    :param client: the client to call with.
    :param text_references: take texts such as ``{1:result:id}`` for references.
    """

    def __init__(self, client: KalturaClient, *, text_references: bool = False) -> None:
        self._client = client
        self._text_references = text_references
        self._calls: list[Call] = []

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, service: str, action: str, params: Mapping[str, Any] | None = None) -> Call:
        """Add a call.

        :param service: such as ``media``.
        :param action: such as ``add``.
        :param params: parameters by name; may contain references to earlier calls.
        :return: the call, to refer to its result.
        :raises ValueError: if a text holds two references, or one to this or a later call; if the action serves a
            file; or if a parameter has the name of a part of the batch.
        """
        request = Request.of_action(service, action, params)
        if is_serving(action):
            # The server sends nothing but the file, and the calls after it are not carried out.
            raise ValueError(
                f"{request.service_action} answers with a file, which ends a multirequest: use a call of its own"
            )
        if taken := sorted({"service", "action"} & request.params.keys()):
            raise ValueError(
                f"A multirequest cannot carry a parameter named {taken[0]!r}, as Kaltura takes it for what to call: "
                "use a call of its own"
            )
        call = Call(len(self._calls) + 1, request.service_action, {}, idempotent=request.idempotent)
        call.params = {"service": service, "action": action, **self._resolve(request.params, call)}
        self._calls.append(call)
        return call

    def send(self, raise_on_error: bool = True) -> list[Any]:
        """Send the calls in one request.

        :param raise_on_error: raise the first error. Calls after it may nevertheless have been carried out.
        :return: one item per call: its result, or the :class:`KalturaError` if errors are not raised. A call that
            needed a failed one is reported as :class:`DependencyFailed`.
        :raises KalturaError: if the request as a whole failed, or a call did and errors are raised.
        :raises ValueError: if there is no call.
        """
        if not self._calls:
            raise ValueError("The multirequest is empty: add a call first")
        request = Request(
            service_action="multirequest",
            path="service/multirequest",
            params={str(call.number): call.params for call in self._calls},
            idempotent=all(call.idempotent for call in self._calls),
            actions=tuple(call.service_action for call in self._calls),
        )
        batch = _Batch(self._calls, request, self._client)
        try:
            results: list[Any] = self._client.perform(request, batch.decode)
        except _WholeBatchFailed:
            results = batch.results
        if raise_on_error:
            for result in results:
                if isinstance(result, KalturaError):
                    raise result
        return results

    def _resolve(self, value: Any, call: Call) -> Any:
        if isinstance(value, dict):
            return {key: self._resolve(item, call) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolve(item, call) for item in value]
        return self._resolve_text(value, call) if isinstance(value, str) else value

    def _resolve_text(self, text: str, call: Call) -> str:
        plain = _MARKED.sub(r"\1", text)
        found = list(_TEXT.finditer(plain))
        if not found:
            return text
        if len(found) != len(_MARKED.findall(text)) and not self._text_references:
            raise ValueError(
                f"The text {found[0].group()!r} looks like a reference and would be replaced by Kaltura: change it, "
                "use ref(), or allow text references"
            )
        if len(found) > 1:
            raise ValueError(f"{plain!r} holds two references, which Kaltura cannot read: use one per text")
        number = int(found[0].group(1))
        if not 1 <= number < call.number:
            raise ValueError(f"Request {call.number} refers to request {number}: only earlier requests have a result")
        call.needs.append((number, tuple(filter(None, found[0].group(2).split(":")))))
        return plain


class _WholeBatchFailed(KalturaError):
    """Tells the retry logic that a batch may be repeated as a whole; never leaves this module."""


class _Batch:
    """Decodes the answer to a batch."""

    def __init__(self, calls: list[Call], request: Request, client: KalturaClient) -> None:
        self.calls = calls
        self.request = request
        self.client = client
        self.results: list[Any] = []

    def decode(self, answer: Answer) -> list[Any]:
        values = decode(answer, "multirequest", mask=self.client.redactor.redact)
        if not isinstance(values, list) or len(values) != len(self.calls):
            count = f"{len(values)} results" if isinstance(values, list) else "no list"
            raise KalturaError(
                "BAD_ANSWER",
                f"{count} for {len(self.calls)} requests",
                service_action="multirequest",
                request_id=answer.request_id,
                http_status=answer.status,
                outcome_unknown=True,
            )
        self.results = list(self._explain(values, answer))
        errors = [result for result in self.results if isinstance(result, KalturaError)]
        for call, result in zip(self.calls, self.results, strict=True):
            if isinstance(result, KalturaError) and not isinstance(result, DependencyFailed):
                self.client.note_refusal(call.service_action, result)
        if errors and (again := self._reason_to_repeat(errors)):
            raise _WholeBatchFailed(
                again.code,
                again.message,
                error_class=again.error_class,
                details=again.details,
                service_action="multirequest",
                request_id=answer.request_id,
                http_status=answer.status,
                outcome_unknown=again.outcome_unknown,
            )
        return self.results

    def _reason_to_repeat(self, errors: list[KalturaError]) -> KalturaError | None:
        own = [error for error in errors if not isinstance(error, DependencyFailed)]
        refused = [error for error in own if error.error_class is ErrorClass.RENEW_SESSION]
        # Only if no call at all got through is a repetition under a new session surely no second time for any of them.
        # One with a session of its own is carried out although what it needed is missing.
        carried_out = len(errors) < len(self.calls) or any(error.outcome_unknown for error in errors)
        if refused and len(refused) == len(own) and not carried_out:
            return refused[0]
        if self.request.idempotent:
            return next((error for error in own if error.retryable), None)
        return None

    def _explain(self, values: list[Any], answer: Answer) -> Iterator[Any]:
        roots: dict[int, KalturaError] = {}
        for call, value in zip(self.calls, values, strict=True):
            name = f"{call.service_action} (request {call.number} of {len(self.calls)})"
            blocked = self._blocked_by(call, values, roots)
            if blocked is not None:
                roots[call.number] = blocked
                yield DependencyFailed(
                    "DEPENDENCY_FAILED",
                    f"it needs a result that is missing, because {blocked}",
                    error_class=blocked.error_class,
                    service_action=name,
                    request_id=answer.request_id,
                    http_status=answer.status,
                    hint="Correct that first.",
                    outcome_unknown=not is_api_error(value),
                )
            elif is_api_error(value):
                error = api_error(
                    value,
                    call.service_action,
                    request_id=answer.request_id,
                    http_status=answer.status,
                    mask=self.client.redactor.redact,
                )
                error.service_action = name
                roots[call.number] = error
                yield error
            else:
                yield value

    def _blocked_by(self, call: Call, values: list[Any], roots: dict[int, KalturaError]) -> KalturaError | None:
        for number, path in call.needs:
            if number in roots:
                return roots[number]
            if not _has(values[number - 1], path):
                earlier = self.calls[number - 1]
                return KalturaError(
                    "RESULT_MISSING",
                    f"its result has no {':'.join(path) or 'value'}",
                    service_action=f"{earlier.service_action} (request {number} of {len(self.calls)})",
                    hint="Check the name of the field, and that it found something.",
                )
        return None


def _has(value: Any, path: tuple[str, ...]) -> bool:
    """Tell whether the server finds something to put in for a reference."""
    for key in path:
        if key == "_all":
            return True
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return False
    return value is not None
