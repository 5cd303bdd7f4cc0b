"""Access control and conversion profiles, from a declaration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api import ProfileResult

OnDrift = Literal["repair", "report", "fail"]


class KalturaAccessControlOperator(KalturaBaseOperator):
    """Make sure that an access control profile exists and has the rules given (``accessControlProfile.list``,
    ``accessControlProfile.add``, ``accessControlProfile.update``).

    ::

        KalturaAccessControlOperator(
            task_id="staff",
            name="Staff",
            rules=[
                {
                    "conditions": [{"authenticated": ["sview"], "not": True}, {"ip": ["192.0.2.0/24"], "not": True}],
                    "actions": "block",
                    "contexts": ["play", "download"],
                    "message": "Please log in.",
                }
            ],
        )

    The profile is found by its name, so repeating it changes nothing. The rules are checked before the first call.

    Returns ``{"id": int, "created": bool, "updated": bool, "drift": list}``. The drift is what was not as given when
    the profile was found, each ``{"key": "rule 1, message", "wanted": "Please log in.", "present": ""}``.

    :param name: name of the profile, as the KMC shows it. Templated.
    :param rules: all its rules, in order; the actions of one are taken if all its conditions hold. A rule has
        ``conditions``, each with a list of values (``{"country": ["DE"]}``, ``{"ip": ["192.0.2.0/24"]}``,
        ``{"site": ["example.edu"]}``, ``{"authenticated": ["sview"]}``, ``{"user_agent": ["curl.*"]}``) and ``"not":
        True`` where it is to be turned round; ``actions`` (``"block"``, ``{"preview": seconds}``, or
        ``{"limit_flavors": [names or IDs], "blocked": False}``); and, if wanted, ``contexts`` (``play``, ``download``,
        ``thumbnail``, ``metadata``, ``export``, ``serve``), ``message``, ``description``, ``code``,
        ``stop_processing``, ``force_admin_validation``. Templated.
    :param system_name: name for programs, unique in the account; the name if None. Templated.
    :param description: what to tell people about it; None leaves it as it is. Templated.
    :param default: whether entries get it that name none.
    :param on_drift: what to do with a profile that is not as given: ``repair`` it; ``report`` it in the log and the
        result, and change nothing; or ``fail``.
    :param max_profiles: how many profiles the account may have: 24, unless Kaltura lifted that.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "name",
        "rules",
        "system_name",
        "description",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "rules": "json",
    }

    def __init__(
        self,
        *,
        name: str,
        rules: Sequence[Mapping[str, Any]],
        system_name: str | None = None,
        description: str | None = None,
        default: bool = False,
        on_drift: OnDrift = "repair",
        max_profiles: int = 24,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.rules = rules
        self.system_name = system_name
        self.description = description
        self.default = default
        self.on_drift = on_drift
        self.max_profiles = max_profiles

    def execute(self, context: Context) -> dict[str, Any]:
        """Find, make or change the profile.

        :param context: the task's context.
        :return: ``{"id", "created", "updated", "drift"}``.
        :raises kaltura_provider.api.DeclarationError: a rule cannot be; names rule and field.
        :raises kaltura_provider.api.DriftError: the profile is not as given, and ``on_drift`` is ``fail``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused, or the account has no room for another profile.
        """
        from kaltura_provider.api import ensure_access_control

        profile = ensure_access_control(
            self.hook.get_conn(),
            self.name,
            self.rules,
            system_name=self.system_name,
            description=self.description,
            default=self.default,
            on_drift=self.on_drift,
            max_profiles=self.max_profiles,
        )
        _tell(self.log, f"The access control profile {self.name!r} ({profile.id})", profile)
        return profile.to_json()


class KalturaConversionProfileOperator(KalturaBaseOperator):
    """Make sure that a conversion profile exists and has the flavors given (``conversionProfile.list``,
    ``conversionProfile.add``, ``conversionProfile.update``, ``flavorParams.list``,
    ``conversionProfileAssetParams.list``, ``conversionProfileAssetParams.update``).

    The profile is found by its name, so repeating it changes nothing.

    Returns ``{"id": int, "created": bool, "updated": bool, "drift": list}``. The drift is what was not as given when
    the profile was found, each ``{"key": "flavors", "wanted": [0, 6], "present": [0]}``.

    :param name: name of the profile, as the KMC shows it. Templated.
    :param flavors: all its flavors, each an ID, a name, a system name or ``source``; or a mapping such as ``{"flavor":
        "HD/720 - WEB (H264/2500)", "origin": "convert_when_missing", "ready": "required"}``, with ``origin`` one of
        ``convert``, ``ingest``, ``convert_when_missing`` and ``ready`` one of ``required``, ``optional``,
        ``no_impact``, ``ignore``. Templated.
    :param system_name: name for programs, unique in the account; the name if None. Templated.
    :param description: what to tell people about it; None leaves it as it is. Templated.
    :param tags: comma-separated tags; None leaves them as they are. Templated.
    :param default: whether content gets it that names none.
    :param storage_profile_id: remote storage that its files go to; None leaves it as it is. Templated.
    :param template_entry_id: entry whose metadata new entries get; None leaves it as it is. Templated.
    :param on_drift: what to do with a profile that is not as given: ``repair`` it; ``report`` it in the log and the
        result, and change nothing; or ``fail``.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "name",
        "flavors",
        "system_name",
        "description",
        "tags",
        "storage_profile_id",
        "template_entry_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "flavors": "json",
    }

    def __init__(
        self,
        *,
        name: str,
        flavors: Sequence[str | int | Mapping[str, Any]],
        system_name: str | None = None,
        description: str | None = None,
        tags: str | None = None,
        default: bool = False,
        storage_profile_id: int | str | None = None,
        template_entry_id: str | None = None,
        on_drift: OnDrift = "repair",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.flavors = flavors
        self.system_name = system_name
        self.description = description
        self.tags = tags
        self.default = default
        self.storage_profile_id = storage_profile_id
        self.template_entry_id = template_entry_id
        self.on_drift = on_drift

    def execute(self, context: Context) -> dict[str, Any]:
        """Find, make or change the profile.

        :param context: the task's context.
        :return: ``{"id", "created", "updated", "drift"}``.
        :raises kaltura_provider.api.DeclarationError: the declaration cannot be; names flavor and field.
        :raises kaltura_provider.api.UnknownProfileError: the account does not have a flavor; names the nearest one.
        :raises kaltura_provider.api.DriftError: the profile is not as given, and ``on_drift`` is ``fail``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused.
        """
        from kaltura_provider.api import ensure_conversion_profile

        profile = ensure_conversion_profile(
            self.hook.get_conn(),
            self.name,
            self.flavors,
            system_name=self.system_name,
            description=self.description,
            tags=self.tags,
            default=self.default,
            storage_profile_id=int(self.storage_profile_id) if self.storage_profile_id else None,
            template_entry_id=self.template_entry_id,
            on_drift=self.on_drift,
        )
        _tell(self.log, f"The conversion profile {self.name!r} ({profile.id})", profile)
        return profile.to_json()


def _tell(log: Any, what: str, profile: ProfileResult) -> None:
    for drift in profile.drift:
        log.warning("%s: %s.", what, drift)
    left = "is not as declared, and was left so" if profile.drift else "is as declared"
    log.info("%s %s.", what, "was made" if profile.created else "was changed" if profile.updated else left)
