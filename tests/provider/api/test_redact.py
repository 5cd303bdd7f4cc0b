"""No secret survives in a text."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from kaltura_provider.api import Redactor, redact
from kaltura_provider.api.ks import sign_v1, sign_v2

KS_V2 = sign_v2("test-secret", 102, user_id="u", session_type=2, expiry=1893456000)
KS_V1 = sign_v1("test-secret", 102, user_id="u", session_type=2, expiry=1893456000)
APP_TOKEN = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f'Invalid KS "{KS_V2}", Error', KS_V2),
        (f'Invalid KS "{KS_V1}", Error', KS_V1),
        (f"https://host/report/action/serve/ks/{KS_V2}/id/1", KS_V2),
        (f"https://host/x?ks={quote(KS_V2, safe='')}&a=1", quote(KS_V2, safe="")),
        (json.dumps({"ks": "opaque-session"}), "opaque-session"),
        (json.dumps({"adminSecret": "a1b2c3d4e5"}), "a1b2c3d4e5"),
        ("secret=hunter2hunter2", "hunter2hunter2"),
        ("Authorization: Bearer opaque-session", "opaque-session"),
        (json.dumps({"storagePassword": "hunter2hunter2"}), "hunter2hunter2"),
        (json.dumps({"id": "1_x", "token": APP_TOKEN}), APP_TOKEN),
        (f"{{'tokenHash': '{APP_TOKEN}'}}", APP_TOKEN),
        ("https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=abcdef0123", "abcdef0123"),
        ("https://b.s3.amazonaws.com/k?AWSAccessKeyId=AKIA&Signature=sGc%3D&Expires=1", "sGc%3D"),
        ("https://storage.googleapis.com/b/k?X-Goog-Signature=00ff00ff", "00ff00ff"),
        ("https://acc.blob.core.windows.net/c/k?sv=2022&sig=Zm9v%3D", "Zm9v%3D"),
        ("proxy http://someone:pass-word@proxy:3128 refused", "pass-word"),
    ],
    ids=map(str, range(16)),
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    masked = redact(text)
    assert secret not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "text",
    [
        'Entry id "0_abcd1234" not found',
        '{"objectType": "KalturaUploadedFileTokenResource", "token": "0_0123456789abcdef0123456789abcdef"}',
        "https://www.kaltura.com/p/102/sp/10200/playManifest/entryId/0_abcd1234/format/url",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0ba1a06c61eb2a4a4e3d1a",
        "NoSuchFlavorParamsWereFoundForThisVeryLongIdentifierOfSomethingElse",
        "Invalid widget id; books: 3",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_known_secrets_are_masked_wherever_they_stand() -> None:
    seen: list[str] = []
    redactor = Redactor(seen.append)
    redactor.add("p/ss+word")
    redactor.add("p/ss+word")
    assert redactor.redact("a p/ss+word, p%2Fss%2Bword") == "a ***, ***"
    assert seen == ["p/ss+word"]


def test_empty_and_tiny_texts_are_no_secrets() -> None:
    redactor = Redactor()
    for text in ("", None, "a", "12345"):
        redactor.add(text)
    assert redactor.redact("a 12345") == "a 12345"


def test_a_secret_that_contains_another_one_leaves_nothing() -> None:
    redactor = Redactor()
    redactor.add("secret-part")
    redactor.add("secret-part-and-more")
    assert redactor.redact("x secret-part-and-more y") == "x *** y"
