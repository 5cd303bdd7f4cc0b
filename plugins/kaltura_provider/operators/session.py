"""Decide once what the tasks of a DAG may do in Kaltura, and prove that it works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class KalturaStartSessionOperator(KalturaBaseOperator):
    """Start a restricted session, use it once, and hand its restrictions (never the session) to other tasks.

    Each task that gets the result as ``session=`` starts a session of its own under the same restrictions, since a
    session (KS) is a password: it must not travel through XCom. What this task adds is that wrong credentials, users
    and privileges fail here, before anything is uploaded. (``appToken.startSession``, ``session.start`` or a locally
    signed session, then ``baseEntry.list``.)

    Returns ``{"user_id", "session_type", "privileges", "lifetime", "partner_id", "expiry"}``; ``expiry`` (seconds since
    1970) is that of the session this task used.

    :param user_id: the Kaltura user to act as; the connection's if None. Templated.
    :param session_type: ``"ADMIN"`` (2) or ``"USER"`` (0); the connection's if None. Templated.
    :param privileges: such as ``"edit:1_a2b3c4d5,setrole:PUBLISHER_ROLE"``; the connection's if None. Templated.
    :param lifetime: seconds until sessions end; the connection's if None. They are renewed before.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "user_id",
        "session_type",
        "privileges",
        "lifetime",
    )

    def __init__(
        self,
        *,
        user_id: str | None = None,
        session_type: str | int | None = None,
        privileges: str | None = None,
        lifetime: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.user_id = user_id
        self.session_type = session_type
        self.privileges = privileges
        self.lifetime = lifetime

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the session and use it.

        :param context: the task's context.
        :return: the restrictions, for the ``session`` argument of other tasks.
        :raises kaltura_provider.api.KalturaError: Kaltura refused credentials, user or privileges.
        :raises ValueError: an argument has no meaning; names it.
        """
        from kaltura_provider.api import ErrorClass, KalturaError
        from kaltura_provider.hooks.kaltura import KalturaHook, merge_session

        asked = {
            "user_id": self.user_id,
            "session_type": self.session_type,
            "privileges": self.privileges,
            "lifetime": self.lifetime,
        }
        spec = merge_session(self.hook.session_spec, asked)
        hook = KalturaHook(self.kaltura_conn_id, spec)
        client = hook.get_conn()
        try:
            client.call("baseEntry", "list", {"pager": {"objectType": "KalturaFilterPager", "pageSize": 1}})
        except KalturaError as error:
            # A role need not allow lists. Kaltura looks at the session itself first, so this refusal proves it is good.
            if error.error_class is not ErrorClass.PERMISSION or error.code != "SERVICE_FORBIDDEN":
                raise
            self.log.info("The session works; its role does not allow listing entries.")
        info = client.session_info()
        hook.close()
        self.log.info(
            "Kaltura accepts sessions of partner %d, user %r, type %s, privileges %r.",
            info.partner_id,
            info.user_id,
            "ADMIN" if info.session_type == 2 else "USER",
            info.privileges,
        )
        return {**spec.to_dict(), "partner_id": info.partner_id, "expiry": info.expiry}
