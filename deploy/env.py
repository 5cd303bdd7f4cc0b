#!/usr/bin/env python3
"""Write a first ``.env`` for docker-compose.yaml, with new secrets. It needs nothing but Python 3.10.

An ``.env`` that is there is never changed: remove it, or rename it, to begin anew. (With new secrets Airflow cannot
read what it has encrypted with the old ones.)
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_YOURS = """
# Your account and your bucket. docs/connection.md has all that a connection can say.
AIRFLOW_CONN_KALTURA_DEFAULT=
KALTURA_PIPELINE_BUCKET=
# Without a key here, boto3 looks for its own: an instance profile, AWS_* in the environment, ...
#AIRFLOW_CONN_AWS_DEFAULT={"conn_type": "aws", "login": "...", "password": "...", "extra": {"region_name": "eu-west-1"}}
#KALTURA_PIPELINE_PREFIX=lectures/
#KALTURA_PIPELINE_TIME_ZONE=Europe/Berlin
#AIRFLOW_BASE_URL=https://airflow.example.edu
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the file; return the exit status."""
    parser = argparse.ArgumentParser(prog="deploy/env.py", description=__doc__)
    parser.add_argument("--sandbox", action="store_true", help="for `docker compose --profile sandbox`")
    parser.add_argument("--file", type=Path, default=ROOT / ".env", help="where to write (default: .env)")
    options = parser.parse_args(arguments)
    values = {
        "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW_SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW_JWT_SECRET": secrets.token_hex(64),
        "AIRFLOW_ADMIN_PASSWORD": secrets.token_urlsafe(12),
        "POSTGRES_PASSWORD": secrets.token_hex(16),
        "REDIS_PASSWORD": secrets.token_hex(16),
    }
    if options.sandbox:
        values |= _sandbox()
    text = "# Secrets: keep this file to yourself.\n" + "".join(f"{name}={value}\n" for name, value in values.items())
    try:
        # Nobody else can read it, not even while it is written.
        descriptor = os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(f"{options.file} is there already and stays as it is; rename it to have a new one", file=sys.stderr)
        return 1
    with os.fdopen(descriptor, "w") as file:
        file.write(text if options.sandbox else text + _YOURS)
    profile = " --profile sandbox" if options.sandbox else ""
    step = "" if options.sandbox else "Name your account and your bucket in it. "
    print(f"{options.file} is written. {step}Then: docker compose{profile} up --build")
    print("Airflow: http://localhost:8080, user admin, password AIRFLOW_ADMIN_PASSWORD in that file")
    return 0


def _sandbox() -> dict[str, str]:
    secret = secrets.token_hex(16)
    kaltura = {
        "conn_type": "kaltura", "host": "http://kaltura", "port": 8123, "login": "102",
        "extra": {"admin_secret": secret, "privileges": "disableentitlement", "user_id": "airflow"},
    }  # fmt: skip
    s3 = {
        "conn_type": "aws", "login": "sandbox", "password": "sandbox",
        "extra": {"endpoint_url": "http://s3:5555", "region_name": "us-east-1"},
    }  # fmt: skip
    return {
        "SANDBOX_ADMIN_SECRET": secret,
        "SANDBOX_USER_SECRET": secrets.token_hex(16),
        "AIRFLOW_CONN_KALTURA_DEFAULT": json.dumps(kaltura),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(s3),
        "KALTURA_PIPELINE_BUCKET": "media",
    }


if __name__ == "__main__":
    sys.exit(main())
