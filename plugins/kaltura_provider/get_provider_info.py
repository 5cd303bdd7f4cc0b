"""Everything Airflow learns about this provider without importing it, declared as data."""

from __future__ import annotations

from typing import Any

_INTEGRATION = "Kaltura"
_S3 = "Amazon Simple Storage Service (S3)"
_FILES = "Airflow object storage"
_POSTGRES = "PostgreSQL"


def _text(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"], **schema}}


def _number(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["integer", "null"], **schema}}


_CONNECTION_TYPE: dict[str, Any] = {
    "connection-type": "kaltura",
    "hook-class-name": "kaltura_provider.hooks.kaltura.KalturaHook",
    "hook-name": "Kaltura",
    "ui-field-behaviour": {
        "hidden-fields": ["schema"],
        "relabeling": {
            "host": "Service URL",
            "login": "Partner ID",
            "password": "App token",
        },
        "placeholders": {
            # The form shows about 70 characters.
            "host": "www.kaltura.com, api.{de,eu,sg,ca,ap}.kaltura.com, or your server",
            # Airflow 3.3's Test button compares ports, and takes an empty one for another port than the stored one.
            "port": "443; the Test button needs it",
            "login": "1234567",
            "password": "32 hexadecimal digits; leave empty when an admin secret is used",
        },
    },
    "conn-fields": {
        "app_token_id": _text(
            "App token ID",
            "The id of the app token, such as 1_a2b3c4d5. Its value goes into App token. An app token is the preferred "
            "credential: it can be limited to what the DAGs need and revoked on its own.",
        ),
        # Without a default: Airflow would show "***" for one, as it masks everything whose name contains "token".
        "app_token_hash": _text(
            "App token hash",
            "The hash type chosen when the app token was created; empty if none was chosen, which means SHA1.",
            enum=["SHA1", "MD5", "SHA256", "SHA512"],
        ),
        "admin_secret": _text(
            "Admin secret",
            "The account's administrator secret (KMC, Settings > Integration Settings). Only without an app token: "
            "it gives every right on the account and cannot be limited.",
            format="password",
        ),
        "session_method": _text(
            "Session method",
            "How sessions are started with the admin secret: signed here (local_v2, or local_v1 for old servers), so "
            "that the secret never leaves Airflow, or by the server (session.start). Not used with an app token.",
            enum=["local_v2", "local_v1", "session.start"],
            default="local_v2",
        ),
        "user_id": _text("User ID", "The Kaltura user the tasks act as, and who owns the entries they create."),
        "session_type": _text(
            "Session type",
            "ADMIN may work on all content of the account; USER only on the user's own. A type set on the app token "
            "itself wins.",
            enum=["ADMIN", "USER"],
            default="ADMIN",
        ),
        "privileges": _text(
            "Privileges", "Restrictions and rights of sessions, separated by commas, such as setrole:PUBLISHER_ROLE."
        ),
        "ks_lifetime": _number(
            "Session lifetime",
            "Seconds until a session ends; it is renewed before. Short is safe: 3600.",
            minimum=60,
            default=3600,
        ),
        "connect_timeout": _number("Connect timeout", "Seconds to wait for a connection.", minimum=1, default=10),
        "read_timeout": _number(
            "Read timeout", "Seconds to wait for an answer. Uploads wait longer by themselves.", minimum=1, default=60
        ),
        "calls_per_second": {
            "label": "Calls per second",
            "description": "How many calls a task sends to Kaltura in a second at most; empty for no limit. Tasks that "
            "run at once each count for themselves.",
            "schema": {"type": ["number", "null"], "minimum": 0},
        },
        "ca_bundle": _text(
            "CA bundle", "Path of a file with certificate authorities, for a Kaltura server with a private certificate."
        ),
        "proxy": _text("Proxy", "URL of an HTTP proxy, such as http://proxy.example.com:3128.", format="password"),
        "kmc_url": _text(
            "KMC URL",
            "Address of the Kaltura Management Console, for links. Default: https://kmc.kaltura.com for the US region, "
            "the Service URL otherwise.",
        ),
        "cdn_url": _text(
            "CDN URL",
            "Address players and media are loaded from. Default: https://cdnapisec.kaltura.com for the US region, the "
            "Service URL otherwise.",
        ),
    },
}


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description for Airflow's providers manager.

    :return: package name, integrations, modules, connection type with its form, and links.
    """
    return {
        "package-name": "airflow-provider-kaltura",
        "name": "Kaltura",
        "description": "`Kaltura <https://www.kaltura.com/>`__: upload, publish and measure video, audio, images and "
        "documents.",
        "integrations": [
            {
                "integration-name": _INTEGRATION,
                "external-doc-url": "https://developer.kaltura.com/",
                "tags": ["service"],
            },
        ],
        "connection-types": [_CONNECTION_TYPE],
        "hooks": [{"integration-name": _INTEGRATION, "python-modules": ["kaltura_provider.hooks.kaltura"]}],
        "operators": [
            {
                "integration-name": _INTEGRATION,
                "python-modules": [
                    "kaltura_provider.operators.attachment",
                    "kaltura_provider.operators.call",
                    "kaltura_provider.operators.category",
                    "kaltura_provider.operators.chapters",
                    "kaltura_provider.operators.caption",
                    "kaltura_provider.operators.embed",
                    "kaltura_provider.operators.entry",
                    "kaltura_provider.operators.page",
                    "kaltura_provider.operators.metadata",
                    "kaltura_provider.operators.moderation",
                    "kaltura_provider.operators.playback",
                    "kaltura_provider.operators.player",
                    "kaltura_provider.operators.playlist",
                    "kaltura_provider.operators.profile",
                    "kaltura_provider.operators.reach",
                    "kaltura_provider.operators.session",
                    "kaltura_provider.operators.thumbnail",
                ],
            }
        ],
        "sensors": [
            {
                "integration-name": _INTEGRATION,
                "python-modules": [
                    "kaltura_provider.sensors.entry",
                    "kaltura_provider.sensors.reach",
                    "kaltura_provider.sensors.report",
                ],
            }
        ],
        "triggers": [
            {
                "integration-name": _INTEGRATION,
                "python-modules": [
                    "kaltura_provider.triggers.entry",
                    "kaltura_provider.triggers.new_entries",
                    "kaltura_provider.triggers.reach",
                    "kaltura_provider.triggers.report",
                    "kaltura_provider.triggers.s3_objects",
                    "kaltura_provider.triggers.s3_restore",
                ],
            }
        ],
        "transfers": [
            {
                "source-integration-name": _S3,
                "target-integration-name": _INTEGRATION,
                "python-module": "kaltura_provider.transfers.s3_to_kaltura",
            },
            {
                "source-integration-name": _FILES,
                "target-integration-name": _INTEGRATION,
                "python-module": "kaltura_provider.transfers.file_to_kaltura",
            },
            {
                "source-integration-name": _INTEGRATION,
                "target-integration-name": _S3,
                "python-module": "kaltura_provider.transfers.kaltura_to_s3",
            },
            {
                "source-integration-name": _S3,
                "target-integration-name": _POSTGRES,
                "python-module": "kaltura_provider.transfers.s3_to_postgres",
            },
        ],
        "extra-links": [
            "kaltura_provider.links.kaltura.KalturaEntryLink",
            "kaltura_provider.links.kaltura.KalturaPlayerLink",
        ],
    }
