"""Reading a connection: what is accepted in which form, and what a wrong field is answered with."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection

from kaltura_provider.api import AdminSecretCredentials, AppTokenCredentials
from kaltura_provider.hooks.connection import ConnectionSettings, read_connection
from kaltura_provider.hooks.errors import KalturaConnectionError
from kaltura_provider.hooks.kaltura import KalturaHook

TOKEN = "0123456789abcdef0123456789abcdef"
GOOD: dict[str, Any] = {
    "host": "https://www.kaltura.com",
    "login": "102",
    "password": TOKEN,
    "extra": {"app_token_id": "1_abcdefgh"},
}


def read(secrets: list[str] | None = None, **changes: Any) -> ConnectionSettings:
    values = {**GOOD, **changes}
    extra = values.pop("extra")
    values["extra"] = extra if isinstance(extra, str) else json.dumps(extra)
    connection = Connection(conn_id="kaltura_test", conn_type="kaltura", **values)
    return read_connection(connection, on_secret=(secrets if secrets is not None else []).append)


def refusal(**changes: Any) -> str:
    with pytest.raises(KalturaConnectionError) as caught:
        read(**changes)
    message = str(caught.value)
    assert message.startswith("Connection 'kaltura_test': ")
    assert TOKEN not in message
    return message


def with_extra(**values: Any) -> dict[str, Any]:
    return {"app_token_id": "1_abcdefgh", **values}


def test_app_token() -> None:
    settings = read(extra=with_extra(app_token_hash="sha256"))
    assert settings.config.service_url == "https://www.kaltura.com"
    assert settings.config.partner_id == 102
    assert settings.credentials == AppTokenCredentials("1_abcdefgh", TOKEN, "SHA256")
    assert (settings.session.session_type, settings.session.lifetime) == (2, 3600)


def test_admin_secret() -> None:
    settings = read(password=None, extra={"admin_secret": "s3cr3t-value", "session_method": "local_v1"})
    assert settings.credentials == AdminSecretCredentials("s3cr3t-value", "local_v1")


def test_every_secret_is_announced() -> None:
    secrets: list[str] = []
    read(secrets, extra=with_extra(proxy="http://me:proxy-pass@proxy.example.com:3128"))
    assert secrets == [TOKEN, "proxy-pass"]
    secrets = []
    read(secrets, password=None, extra={"admin_secret": "s3cr3t-value"})
    assert secrets == ["s3cr3t-value"]


def test_secrets_are_announced_before_a_field_is_complained_about() -> None:
    secrets: list[str] = []
    with pytest.raises(KalturaConnectionError):
        read(secrets, login=None)
    assert secrets == [TOKEN]


def test_no_secret_in_repr() -> None:
    text = repr(read())
    assert TOKEN not in text


@pytest.mark.parametrize(
    ("host", "more", "expected"),
    [
        ("www.kaltura.com", {}, "https://www.kaltura.com"),
        ("https://www.kaltura.com/", {}, "https://www.kaltura.com"),
        ("https://www.kaltura.com/api_v3", {}, "https://www.kaltura.com"),
        ("https://www.kaltura.com/api_v3/index.php", {}, "https://www.kaltura.com"),
        ("http://127.0.0.1:8123", {}, "http://127.0.0.1:8123"),
        ("http://127.0.0.1", {"port": 8123}, "http://127.0.0.1:8123"),
        ("http://127.0.0.1:8123", {"port": 8123}, "http://127.0.0.1:8123"),
        ("kaltura.example.edu", {"schema": "http"}, "http://kaltura.example.edu"),
        ("https://media.example.edu/kaltura", {}, "https://media.example.edu/kaltura"),
        ("http://[::1]:8123", {}, "http://[::1]:8123"),
        ("  https://api.de.kaltura.com ", {}, "https://api.de.kaltura.com"),
    ],
)
def test_service_url(host: str, more: dict[str, Any], expected: str) -> None:
    assert read(host=host, **more).config.service_url == expected


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": ""}, ["Service URL (host) is missing", "https://api.de.kaltura.com", "own Kaltura server"]),
        ({"host": "ftp://kaltura.com"}, ["Service URL (host)", "http:// or https://"]),
        ({"host": "https://user:pw@kaltura.com"}, ["Service URL (host)", "Remove them", "Partner ID (login)"]),
        ({"host": "https://kaltura.com?a=b"}, ["Service URL (host)", "'?'"]),
        ({"host": "https://kaltura.com:port"}, ["Service URL (host) is not a URL"]),
        ({"host": "http://kaltura.com:80", "port": 81}, ["port 80", "81", "Keep one"]),
        ({"schema": "media"}, ["Schema 'media'", "Leave it empty"]),
        ({"login": None}, ["Partner ID (login) is missing", "Integration Settings"]),
        ({"login": "_102"}, ["Partner ID (login) must be a number", "'_102'"]),
        ({"login": "0"}, ["Partner ID (login) must be a number"]),
        ({"password": None, "extra": {}}, ["no credentials", "App token (password)", "admin_secret"]),
        ({"password": None}, ["App token (password) is missing"]),
        ({"extra": {}}, ["App token ID (extra 'app_token_id') is missing", "admin_secret"]),
        ({"extra": with_extra(admin_secret="s3cr3t-value")}, ["both an app token and an Admin secret", "Keep"]),
        ({"extra": with_extra(app_token_hash="CRC")}, ["App token hash", "SHA256", "'CRC'"]),
        (
            {"password": None, "extra": {"admin_secret": "s3cr3t-value", "session_method": "v3"}},
            ["Session method", "local_v2", "'v3'"],
        ),
        ({"extra": with_extra(session_type="ROOT")}, ["Session type", "'ADMIN'"]),
        ({"extra": with_extra(ks_lifetime="1 day")}, ["Session lifetime", "number of seconds", "'1 day'"]),
        ({"extra": with_extra(ks_lifetime=5)}, ["Session lifetime", "at least 60"]),
        ({"extra": with_extra(connect_timeout=0)}, ["Connect timeout", "above 0"]),
        ({"extra": with_extra(read_timeout="nan")}, ["Read timeout", "above 0"]),
        ({"extra": with_extra(ca_bundle="/no/such/file.pem")}, ["CA bundle", "/no/such/file.pem", "leave the field"]),
        ({"extra": with_extra(proxy="proxy.example.com:3128")}, ["Proxy", "http://"]),
        ({"extra": with_extra(privileges=["edit:*"])}, ["Privileges", "plain text"]),
        ({"extra": with_extra(privileges="setrole:a,setrole:b")}, ["setrole", "keep one"]),
        ({"extra": "not json"}, ["Extra is not a JSON object", "app_token_id"]),
        ({"extra": "[1]"}, ["Extra is not a JSON object"]),
    ],
)
def test_wrong_field_is_named_with_its_fix(changes: dict[str, Any], words: list[str]) -> None:
    message = refusal(**changes)
    for word in words:
        assert word in message
    assert "s3cr3t-value" not in message
    assert ":pw@" not in message


def test_unknown_extra_is_pointed_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read(extra=with_extra(ks_lifetme=60, colour="red"))
    assert "'ks_lifetme' is not used. Did you mean 'ks_lifetime'?" in caplog.text
    assert "'colour' is not used. Known keys: admin_secret" in caplog.text


def test_numbers_may_be_text_and_blanks_are_absent() -> None:
    extra = with_extra(ks_lifetime="7200", connect_timeout="2.5", read_timeout=" ", user_id=None, ca_bundle="")
    settings = read(extra=extra)
    assert settings.session.lifetime == 7200
    assert (settings.config.connect_timeout, settings.config.read_timeout) == (2.5, 60.0)
    assert (settings.session.user_id, settings.config.ca_bundle) == ("", None)


def test_ca_bundle_is_passed_on(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    assert read(extra=with_extra(ca_bundle=str(bundle))).config.ca_bundle == str(bundle)


@pytest.mark.parametrize(
    ("host", "extra", "kmc", "cdn"),
    [
        ("www.kaltura.com", {}, "https://kmc.kaltura.com", "https://cdnapisec.kaltura.com"),
        ("https://api.de.kaltura.com", {}, "https://api.de.kaltura.com", "https://api.de.kaltura.com"),
        (
            "www.kaltura.com",
            {"kmc_url": "https://kmc.example.com/index.php/kmcng/login", "cdn_url": "https://cdn.example.com/"},
            "https://kmc.example.com",
            "https://cdn.example.com",
        ),
    ],
)
def test_addresses_for_links(host: str, extra: dict[str, Any], kmc: str, cdn: str) -> None:
    settings = read(host=host, extra=with_extra(**extra))
    assert (settings.kmc_url, settings.cdn_url) == (kmc, cdn)


@pytest.mark.parametrize(
    "value",
    [
        f"kaltura://102:{TOKEN}@api.de.kaltura.com/?app_token_id=1_abcdefgh&user_id=me%40example.com",
        f"kaltura://https://102:{TOKEN}@api.de.kaltura.com/?app_token_id=1_abcdefgh&user_id=me%40example.com",
        f"kaltura://102:{TOKEN}@https%3A%2F%2Fapi.de.kaltura.com/?app_token_id=1_abcdefgh&user_id=me%40example.com",
        json.dumps(
            {
                "conn_type": "kaltura",
                "host": "https://api.de.kaltura.com",
                "login": "102",
                "password": TOKEN,
                "extra": {"app_token_id": "1_abcdefgh", "user_id": "me@example.com"},
            }
        ),
    ],
    ids=["uri", "uri-with-scheme", "uri-with-quoted-host", "json"],
)
def test_forms_of_the_environment_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_KALTURA_ENV", value)
    hook = KalturaHook("kaltura_env")
    assert hook.service_url == "https://api.de.kaltura.com"
    assert hook.partner_id == 102
    assert hook.settings.credentials == AppTokenCredentials("1_abcdefgh", TOKEN)
    assert hook.session_spec.user_id == "me@example.com"


def test_port_of_a_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    value = "kaltura://http://102@127.0.0.1:8123/?admin_secret=s3cr3t-value"
    monkeypatch.setenv("AIRFLOW_CONN_KALTURA_ENV", value)
    assert KalturaHook("kaltura_env").service_url == "http://127.0.0.1:8123"


def test_calls_per_second() -> None:
    def rate(value: Any) -> float | None:
        return read(extra={**GOOD["extra"], "calls_per_second": value}).config.calls_per_second

    assert (rate("12.5"), rate(4)) == (12.5, 4)
    # What the form stores for an empty number.
    assert (rate(""), rate(0), rate(None)) == (None, None, None)
    assert "Calls per second (extra 'calls_per_second') must be a number such as 10" in refusal(
        extra={**GOOD["extra"], "calls_per_second": "fast"}
    )


def test_tasks_that_run_at_once_get_a_share_of_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"conn_type": "kaltura", **GOOD, "extra": {**GOOD["extra"], "calls_per_second": 20}}
    monkeypatch.setenv("AIRFLOW_CONN_KALTURA_DEFAULT", json.dumps(values))
    assert KalturaHook().settings.config.calls_per_second == 20
    assert KalturaHook(sharing=8).get_conn().config.calls_per_second == 2.5
    with pytest.raises(ValueError, match="sharing is 0"):
        KalturaHook(sharing=0)
