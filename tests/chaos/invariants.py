"""What must hold after every schedule, whatever happened on the way."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

from kaltura_sandbox.query import ALL
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.services.entries import content_file
from tests.chaos.scenario import Scenario

ENTRY_DELETED, ENTRY_PRECONVERT, ENTRY_READY = 3, 1, 2
TOKEN_OPEN = {0: "PENDING", 1: "PARTIAL", 2: "FULL"}
LEDGER_FINAL = ("uploaded", "ready")
_CONVERTED_WITHIN = 20.0


@dataclass
class Facts:
    """What is there in the end, looked up in the stores themselves and not by any search.

    :param entries: all entries that are not deleted.
    :param digests: sha256 of the source file of each entry, by its id; empty for one without a file.
    :param open_tokens: status of each upload token that is neither used nor deleted, by its id.
    :param records: the ledger.
    :param bytes_sent: bytes of files and parts that were sent to ``uploadToken.upload``, dropped ones in full.
    """

    entries: list[dict[str, Any]]
    digests: dict[str, str]
    open_tokens: dict[str, str]
    records: list[dict[str, Any]]
    bytes_sent: int

    @classmethod
    def find(cls, sandbox: SandboxServer, s3: Any, bucket: str, bytes_sent: int) -> Facts:
        """Look everything up; entries that are being converted are waited for."""
        store = sandbox.sandbox.store
        found = cls([], {}, {}, [], bytes_sent)
        deadline = time.monotonic() + _CONVERTED_WITHIN
        while True:
            found.entries = [each for each in store.collection("entry").find(ALL) if each["status"] != ENTRY_DELETED]
            if not any(each["status"] == ENTRY_PRECONVERT for each in found.entries) or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        for entry in found.entries:
            path = content_file(sandbox.sandbox, entry)
            found.digests[entry["id"]] = hashlib.sha256(path.read_bytes()).hexdigest() if path else ""
        for token in store.collection("uploadToken").find(ALL):
            if token["status"] in TOKEN_OPEN:
                found.open_tokens[token["id"]] = TOKEN_OPEN[token["status"]]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="_kaltura/ledger/").get("Contents", [])
        found.records = [json.loads(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()) for each in listed]
        return found


def violations_of(scenario: Scenario, facts: Facts, content: bytes, interruptions: int, dropped: int) -> list[str]:
    """Compare what is there with what must be.

    :param content: the file.
    :param interruptions: workers that were killed, or failed, before the file was done.
    :param dropped: requests of the upload that got a fault.
    :return: a sentence for each difference.
    """
    found = []
    if len(facts.entries) != 1:
        states = ", ".join(f"{each['id']} with status {each['status']}" for each in facts.entries)
        found.append(f"{len(facts.entries)} entries instead of one: {states}")
    digest = hashlib.sha256(content).hexdigest()
    for entry in facts.entries:
        if entry["status"] not in (ENTRY_PRECONVERT, ENTRY_READY):
            found.append(f"entry {entry['id']} has status {entry['status']}")
        elif facts.digests[entry["id"]] != digest:
            found.append(f"entry {entry['id']} holds other bytes than the object")
    if facts.open_tokens:
        tokens = ", ".join(f"{token} {status}" for token, status in facts.open_tokens.items())
        found.append(f"{len(facts.open_tokens)} upload tokens are left open: {tokens}")
    if [record["state"] in LEDGER_FINAL and not record["lease_until"] for record in facts.records] != [True]:
        states = ", ".join(f"{record['state']} until {record['lease_until']}" for record in facts.records)
        found.append(f"the ledger is not final: {states or 'no record'}")
    elif facts.records[0].get("entry_id") not in {each["id"] for each in facts.entries}:
        found.append(f"the ledger names entry {facts.records[0].get('entry_id')}")
    most = most_bytes(scenario, interruptions, dropped)
    if facts.bytes_sent > most:
        found.append(
            f"{facts.bytes_sent} bytes were sent of {scenario.size}, at most {most} are needed with {interruptions} "
            f"interruptions and {dropped} dropped parts"
        )
    return found


def most_bytes(scenario: Scenario, interruptions: int, dropped: int) -> int:
    """Bytes an upload may send: the file, and what was in flight at each interruption and each dropped part again."""
    return scenario.size + scenario.largest_part * scenario.parallel * (interruptions + dropped)
