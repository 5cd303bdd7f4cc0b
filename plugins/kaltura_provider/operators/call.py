"""Call what has no operator of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

# Their result is a session, which is a password.
_SESSION_ACTIONS = frozenset(
    {
        "session.start",
        "session.startwidgetsession",
        "session.impersonate",
        "session.impersonatebyks",
        "apptoken.startsession",
        "user.login",
        "user.loginbyloginid",
        "user.loginbyks",
    }
)
_SECRET_PROPERTIES = frozenset({"ks", "tokenhash"})
# Kaltura puts words before these: adminSecret, storagePassword, sshKeyPassphrase.
_SECRET_ENDINGS = ("secret", "password", "passphrase", "privatekey")
_MASK = "***"


class KalturaCallOperator(KalturaBaseOperator):
    """Call any action of the Kaltura API, or several in one request.

    Give either ``service`` and ``action`` with ``parameters``, or ``requests``::

        KalturaCallOperator(task_id="categories", service="category", action="list")
        KalturaCallOperator(
            task_id="publish",
            requests=[
                {"service": "category", "action": "list", "parameters": {"filter": {"fullNameEqual": "News"}}},
                {
                    "service": "categoryEntry",
                    "action": "add",
                    "parameters": {
                        "categoryEntry": {"entryId": "1_a2b3c4d5", "categoryId": "{1:result:objects:0:id}"},
                    },
                },
            ],
        )

    Requests run in order within one HTTP request (``multirequest``); ``{1:result:id}`` stands for a part of the first
    one's result. If one fails the task fails, but the others have been carried out.

    Returns what Kaltura answers as plain JSON values: a mapping, list, text, number or None, or for ``requests`` a list
    of these. Whatever in it looks like a secret is masked, because it becomes an XCom. Actions that return a session or
    a file are refused.

    :param service: such as ``media``, or ``caption_captionAsset`` for a service of a plugin. Templated.
    :param action: such as ``get``. Templated.
    :param parameters: by name, in Kaltura's spelling; None values are not sent. (Not ``params``, which every Airflow
        task has for another purpose.) Templated.
    :param requests: several calls, each a mapping with ``service``, ``action`` and ``parameters``. Templated.
    :param idempotent: whether the action may run twice if its answer is lost; decided by its name if None. Only for a
        single call.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "service",
        "action",
        "parameters",
        "requests",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "parameters": "json",
        "requests": "json",
    }

    def __init__(
        self,
        *,
        service: str | None = None,
        action: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        requests: Sequence[Mapping[str, Any]] | None = None,
        idempotent: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.service = service
        self.action = action
        self.parameters = parameters
        self.requests = requests
        self.idempotent = idempotent

    def execute(self, context: Context) -> Any:
        """Call Kaltura.

        :param context: the task's context.
        :return: Kaltura's answer, with secrets masked.
        :raises kaltura_provider.api.KalturaError: the call, or one of the requests, failed.
        :raises ValueError: the arguments do not describe a call that this operator makes; names the fix.
        """
        client = self.hook.get_conn()
        if self.requests is None:
            service, action = _checked(self.service, self.action)
            result = client.call(service, action, _mapping(self.parameters), idempotent=self.idempotent)
        else:
            result = self._call_all()
        masked = _mask(result, client.redactor.redact)
        if masked != result:
            self.log.warning("Parts of Kaltura's answer look like secrets; they are masked in this task's result.")
        return masked

    def _call_all(self) -> list[Any]:
        if self.service or self.action or self.parameters:
            raise ValueError("Give either service, action and parameters, or requests, not both.")
        given = self.requests
        if not isinstance(given, Sequence) or not given or not all(isinstance(request, Mapping) for request in given):
            raise ValueError("requests must be a list of mappings with 'service', 'action' and 'parameters'.")
        batch = self.hook.get_conn().multirequest(text_references=True)
        for position, request in enumerate(given, start=1):
            unknown = set(request) - {"service", "action", "parameters"}
            if unknown:
                raise ValueError(
                    f"Request {position} has {', '.join(sorted(unknown))!r}; use 'service', 'action' and 'parameters'."
                )
            service, action = _checked(request.get("service"), request.get("action"))
            batch.add(service, action, _mapping(request.get("parameters")))
        return batch.send()


def _checked(service: Any, action: Any) -> tuple[str, str]:
    if not isinstance(service, str) or not isinstance(action, str) or not service or not action:
        raise ValueError("service and action are needed, such as service='media', action='get'.")
    if f"{service}.{action}".lower() in _SESSION_ACTIONS:
        raise ValueError(
            f"{service}.{action} returns a session, which must not become an XCom. Use KalturaStartSessionOperator and "
            "pass its output to other operators as session=."
        )
    if action.lower().startswith("serve"):
        raise ValueError(
            f"{service}.{action} returns a file, which does not belong into an XCom. Call it in a @task with "
            "KalturaHook().get_conn().call(...), which returns bytes, and store them."
        )
    return service, action


def _mapping(parameters: Any) -> Mapping[str, Any]:
    if parameters is None:
        return {}
    if not isinstance(parameters, Mapping):
        raise ValueError(f"parameters must be a mapping of names to values, not {type(parameters).__name__}.")
    return parameters


def _is_secret(name: str) -> bool:
    return name.lower() in _SECRET_PROPERTIES or name.lower().endswith(_SECRET_ENDINGS)


def _mask(value: Any, redact: Callable[[str], str]) -> Any:
    """Replace what looks like a secret, by the property's name or by its form."""
    if isinstance(value, Mapping):
        token = value.get("objectType") == "KalturaAppToken"
        return {
            key: _MASK
            if isinstance(item, str) and item and (_is_secret(key) or (token and key == "token"))
            else _mask(item, redact)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_mask(item, redact) for item in value]
    return redact(value) if isinstance(value, str) else value
