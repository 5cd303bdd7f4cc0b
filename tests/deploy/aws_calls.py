"""What is asked of AWS while something runs, and which IAM actions that needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

import botocore.handlers
import pytest
from tests.conftest import ROOT

IAM = ROOT / "deploy" / "iam"
#: An IAM action and the ARN of what it is done to.
Need = tuple[str, str]

_SAME = frozenset(
    {"PutObject", "DeleteObject", "GetObjectTagging", "PutObjectTagging", "RestoreObject", "AbortMultipartUpload"}
)
_PARTS = frozenset({"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"})
_COPIES = frozenset({"CopyObject", "UploadPartCopy"})


@dataclass
class Calls:
    """Calls of boto3, in order."""

    made: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def needs(self) -> set[Need]:
        """Return what the calls need, by what Amazon says of each operation."""
        return {need for name, params in self.made for need in _needs(name, params)}


@contextmanager
def recording() -> Iterator[Calls]:
    """Note what all clients of boto3 are asked for that are made meanwhile, presigned addresses among it."""
    calls = Calls()

    def note(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        calls.made.append((model.name, {name: value for name, value in params.items() if name != "Body"}))

    with pytest.MonkeyPatch.context() as patch:
        events = [(f"before-parameter-build.{service}", note) for service in ("s3", "sqs", "secrets-manager")]
        patch.setattr(botocore.handlers, "BUILTIN_HANDLERS", [*botocore.handlers.BUILTIN_HANDLERS, *events])
        yield calls


def _needs(name: str, params: Mapping[str, Any]) -> Iterator[Need]:
    if name == "ListObjectsV2":
        yield "s3:ListBucket", f"arn:aws:s3:::{params['Bucket']}"
        return
    if name in ("ReceiveMessage", "DeleteMessageBatch"):
        account, queue = params["QueueUrl"].rsplit("/", 2)[1:]
        yield f"sqs:{name.removesuffix('Batch')}", f"arn:aws:sqs:us-east-1:{account}:{queue}"
        return
    if name == "GetSecretValue":
        # Secrets Manager puts six characters behind the name.
        yield "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:1:secret:{params['SecretId']}-a1b2c3"
        return
    arn = f"arn:aws:s3:::{params['Bucket']}/{params['Key']}"
    if name in ("GetObject", "HeadObject"):
        yield ("s3:GetObjectVersion" if "VersionId" in params else "s3:GetObject"), arn
    elif name in _COPIES:
        # boto3 has made a path of bucket and key by then.
        origin = f"arn:aws:s3:::{unquote(params['CopySource'])}"
        yield "s3:GetObject", origin
        yield "s3:PutObject", arn
        if name == "CopyObject":
            # S3 copies tags with the object.
            yield "s3:GetObjectTagging", origin
            yield "s3:PutObjectTagging", arn
    elif name in _PARTS:
        yield "s3:PutObject", arn
    elif name in _SAME:
        yield f"s3:{name}", arn
        if "IfMatch" in params:
            yield "s3:GetObject", arn
    else:
        raise AssertionError(f"{name} is new: say here which IAM actions it needs, and allow them in deploy/iam")


def grants(name: str, places: Mapping[str, str]) -> set[Need]:
    """Return what a policy allows: actions, each with a pattern of ARNs.

    :param name: of the file, without ``.json``.
    :param places: what to put for the words in capitals.
    """
    text = (IAM / f"{name}.json").read_text()
    for word, place in places.items():
        text = text.replace(word, place)
    return {
        (action, resource)
        for statement in json.loads(text)["Statement"]
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def allows(grant: Need, need: Need) -> bool:
    """Tell whether what is granted covers what is needed."""
    return grant[0] == need[0] and fnmatchcase(need[1], grant[1])


def lacking(granted: Iterable[Need], needed: Iterable[Need]) -> set[Need]:
    """Return what is needed and not granted."""
    granted = list(granted)
    return {need for need in needed if not any(allows(grant, need) for grant in granted)}


def idle(granted: Iterable[Need], needed: Iterable[Need]) -> set[Need]:
    """Return what is granted and not needed."""
    needed = list(needed)
    return {grant for grant in granted if not any(allows(grant, need) for need in needed)}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
