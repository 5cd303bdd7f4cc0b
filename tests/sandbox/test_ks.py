"""Session strings: known answers made by Kaltura's own code, and what must not pass."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaltura_sandbox.ks import parse, sign_v1, sign_v2

SECRET = "0123456789abcdef0123456789abcdef"
PARTNER = 1234567
EXPIRY = 1893456000
COUNTING = bytes(range(16))

# (user, type, privileges, random bytes, session string)
VERSION_2 = [
    (
        "user@example.com", 2, "disableentitlement,edit:1_abc/1_def", COUNTING,
        "djJ8MTIzNDU2N3z9kogLmIvDRjS2b8jFlR6kllcxfjw7I_P9zOBndhf-JH5c-70sxsftA-K_YceFy54s_wD2VVZ-ILxjsM652lXxEuA7Axdr"
        "f3pbEnAxhphULDk-grg6kt3mwh7G6A1UEH3XLHShr1z3vbWDWFY8npXW_lbp0wunPQaiufl8oflH9Q==",
    ),
    (
        "", 0, "", bytes(16),
        "djJ8MTIzNDU2N3x7-vyTBAYQSiHGOzNc160NOL6A8uNhW6zijmOmNut1HGtHjM4436hQYn81jT0eIrtLm-DtmHagoAoGy8ZPOuFb",
    ),
    (
        "a b", 2, "*", COUNTING,
        "djJ8MTIzNDU2N3z9L1B1317lv7sE7fqk553mp0HMgMz1J4B1QQvlUBjGGSEoxJQRaGH-k4i3qBMDmF8bDxMm-J7nvoIgTx1CKsRhZZt_JtQa"
        "w5dsdF8CJBVDIg==",
    ),
]  # fmt: skip
VERSION_1 = (
    "NTk1ZTNlOTUwYjk3ZTQwMTkyNzE5NmQ2YjI0YThlZGEzYTA2MzA4OHwxMjM0NTY3OzEyMzQ1Njc7MTg5MzQ1NjAwMDsyOzE3MDAwMDAwMDAuNTt1"
    "c2VyQGV4YW1wbGUuY29tO2Rpc2FibGVlbnRpdGxlbWVudDs7"
)


def secrets(partner_id: int) -> list[str]:
    return [SECRET] if partner_id == PARTNER else []


@pytest.mark.parametrize(("user", "kind", "privileges", "nonce", "text"), VERSION_2)
def test_version_2_vectors(user: str, kind: int, privileges: str, nonce: bytes, text: str) -> None:
    assert sign_v2(SECRET, PARTNER, user, kind, EXPIRY, privileges, nonce) == text
    session = parse(text, secrets)
    assert session is not None
    assert (session.partner_id, session.user_id, session.session_type) == (PARTNER, user, kind)
    assert (session.expiry, session.privileges) == (EXPIRY, privileges)


def test_version_1_vector() -> None:
    assert sign_v1(SECRET, PARTNER, "user@example.com", 2, EXPIRY, "disableentitlement", "1700000000.5") == VERSION_1
    session = parse(VERSION_1, secrets)
    assert session is not None
    assert (session.user_id, session.session_type, session.expiry) == ("user@example.com", 2, EXPIRY)
    assert session.privileges == "disableentitlement"


@pytest.mark.parametrize("text", [VERSION_1, VERSION_2[0][4]])
def test_both_alphabets_padding_and_white_space_are_accepted(text: str) -> None:
    plain = text.replace("-", "+").replace("_", "/")
    for variant in (text, plain, text.rstrip("="), f"  {text}\n"):
        assert parse(variant, secrets) is not None


@pytest.mark.parametrize("text", [VERSION_1, VERSION_2[0][4]])
def test_any_changed_bit_is_noticed(text: str) -> None:
    raw = base64.urlsafe_b64decode(text)
    # The last bytes of the first kind are fields after the privileges; all of them are signed.
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        assert parse(base64.urlsafe_b64encode(bytes(changed)).decode(), secrets) is None, position


@given(st.text(max_size=60))
def test_noise_is_no_session(text: str) -> None:
    assert parse(text, secrets) is None


@given(st.binary(max_size=80))
def test_noise_in_base64_is_no_session(raw: bytes) -> None:
    assert parse(base64.b64encode(b"v2|1234567|" + raw).decode(), secrets) is None


def test_wrong_secret_and_unknown_partner() -> None:
    assert parse(VERSION_1, lambda _: ["another"]) is None
    assert parse(VERSION_2[0][4], lambda _: ["another"]) is None
    assert parse(VERSION_2[0][4], lambda _: []) is None


def test_second_secret_of_an_account_is_accepted() -> None:
    assert parse(VERSION_2[0][4], lambda _: ["another", SECRET]) is not None


def test_repeated_privilege_keeps_the_last_in_version_2() -> None:
    session = parse(sign_v2(SECRET, PARTNER, "u", 0, EXPIRY, "edit:a,edit:b"), secrets)
    assert session is not None
    assert session.privileges == "edit:b"
    assert session.allows("edit", "b")
    assert not session.allows("edit", "a")


def test_dots_of_privilege_names_become_underscores_in_version_2() -> None:
    session = parse(sign_v2(SECRET, PARTNER, "u", 0, EXPIRY, "my.name:1"), secrets)
    assert session is not None
    assert session.privileges == "my_name:1"


@pytest.mark.parametrize(
    ("privileges", "allowed"),
    [("edit:x/y", True), ("edit:*", True), ("*", True), ("edit:z", False), ("list:y", False), ("", False)],
)
def test_privileges_cover_listed_values_and_stars(privileges: str, allowed: bool) -> None:
    session = parse(sign_v2(SECRET, PARTNER, "u", 0, EXPIRY, privileges), secrets)
    assert session is not None
    assert session.allows("edit", "y") is allowed


def test_the_text_never_shows_in_repr() -> None:
    session = parse(VERSION_2[0][4], secrets)
    assert VERSION_2[0][4] not in repr(session)
