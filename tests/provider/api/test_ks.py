"""Sessions signed locally, against values that Kaltura's own code accepted and read back."""

from __future__ import annotations

import base64

import pytest

from kaltura_provider.api.ks import merge_privileges, sign_v1, sign_v2

SECRET = "0123456789abcdef0123456789abcdef"
COUNTING = bytes(range(16))


@pytest.mark.parametrize(
    ("user_id", "session_type", "privileges", "nonce", "expected"),
    [
        (
            "user@example.com",
            2,
            "disableentitlement,edit:1_abc/1_def",
            COUNTING,
            "djJ8MTIzNDU2N3z9kogLmIvDRjS2b8jFlR6kllcxfjw7I_P9zOBndhf-JH5c-70sxsftA-K_YceFy54s_wD2VVZ-ILxjsM652lXxEuA7Axdrf3p"
            "bEnAxhphULDk-grg6kt3mwh7G6A1UEH3XLHShr1z3vbWDWFY8npXW_lbp0wunPQaiufl8oflH9Q==",
        ),
        (
            "",
            0,
            "",
            b"\0" * 16,
            "djJ8MTIzNDU2N3x7-vyTBAYQSiHGOzNc160NOL6A8uNhW6zijmOmNut1HGtHjM4436hQYn81jT0eIrtLm-DtmHagoAoGy8ZPOuFb",
        ),
        (
            "a b",
            2,
            "*",
            COUNTING,
            "djJ8MTIzNDU2N3z9L1B1317lv7sE7fqk553mp0HMgMz1J4B1QQvlUBjGGSEoxJQRaGH-k4i3qBMDmF8bDxMm-J7nvoIgTx1CKsRhZZt_JtQaw5d"
            "sdF8CJBVDIg==",
        ),
    ],
)
def test_version_2(user_id: str, session_type: int, privileges: str, nonce: bytes, expected: str) -> None:
    ks = sign_v2(
        SECRET,
        1234567,
        user_id=user_id,
        session_type=session_type,
        expiry=1893456000,
        privileges=privileges,
        nonce=nonce,
    )
    assert ks == expected


def test_version_1() -> None:
    ks = sign_v1(
        SECRET,
        1234567,
        user_id="user@example.com",
        session_type=2,
        expiry=1893456000,
        privileges="disableentitlement",
        nonce="1700000000.5",
    )
    assert ks == (
        "NTk1ZTNlOTUwYjk3ZTQwMTkyNzE5NmQ2YjI0YThlZGEzYTA2MzA4OHwxMjM0NTY3OzEyMzQ1Njc7MTg5MzQ1NjAwMDsyOzE3MDAwMDAwMDAuNTt1c2V"
        "yQGV4YW1wbGUuY29tO2Rpc2FibGVlbnRpdGxlbWVudDs7"
    )


def test_two_sessions_signed_at_the_same_time_differ() -> None:
    def sign() -> tuple[str, str]:
        values = {"user_id": "u", "session_type": 2, "expiry": 1893456000}
        return sign_v2(SECRET, 102, **values), sign_v1(SECRET, 102, **values)  # type: ignore[arg-type]

    first, second = sign(), sign()
    assert first[0] != second[0]
    assert first[1] != second[1]


@pytest.mark.parametrize(
    ("given", "merged"),
    [
        ("", ""),
        ("edit:a,edit:b", "edit:a/b"),
        ("edit:a, list:* ,edit:b,edit:a", "edit:a/b,list:*"),
        ("edit:a/b,edit:c", "edit:a/b/c"),
        ("edit:a,edit:*", "edit:*"),
        ("*", "*"),
        ("all:*,*", "*"),
        ("disableentitlement,disableentitlement", "disableentitlement"),
        ("setrole:7,setrole:7", "setrole:7"),
        ("urirestrict:/api_v3/*,urirestrict:/x/y", "urirestrict:/api_v3/*|/x/y"),
    ],
)
def test_repeated_privileges_are_joined(given: str, merged: str) -> None:
    assert merge_privileges(given) == merged


def test_a_role_can_not_be_given_twice() -> None:
    with pytest.raises(ValueError, match=r"setrole has two values \(7 and 8\): keep one"):
        merge_privileges("setrole:7,setrole:8")


def test_version_1_refuses_what_would_move_its_fields() -> None:
    with pytest.raises(ValueError, match="local_v2"):
        sign_v1(SECRET, 102, user_id="a;b", session_type=2, expiry=1)


def test_version_1_holds_the_joined_privileges() -> None:
    ks = sign_v1(SECRET, 102, user_id="u", session_type=2, expiry=9, privileges="edit:a,edit:b")
    assert ";u;edit:a/b;;" in base64.b64decode(ks).decode()
