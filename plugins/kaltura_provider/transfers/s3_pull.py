"""Whether Kaltura fetches an S3 object itself, and the address it is given for that."""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from kaltura_provider.hooks.errors import UploadSourceError

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_provider.api import MediaKind
    from kaltura_provider.hooks.s3_archive import Archive
    from kaltura_provider.transfers.s3_source import S3Source

log = logging.getLogger(__name__)

Mode = Literal["push", "pull"]

#: Bytes from which a pull is worth it. An import waits in Kaltura's queue, for some ten seconds at best; at 200 Mbit/s
#: a worker has pushed 256 MB in that time, and knows at once when it failed.
PULL_FROM = 256 * 1024**2
#: Seconds an address is valid unless told otherwise.
DEFAULT_LIFETIME = 6 * 3600
#: Seconds an address must be valid at least: a queue, and three attempts that are 300 seconds apart. Sessions of roles
#: last an hour as a rule, so more would leave them nothing to pull.
MIN_LIFETIME = 1800
#: Seconds an address can be valid at most (Signature Version 4).
MAX_LIFETIME = 7 * 24 * 3600

_PUSH_INSTEAD = "Set mode='push', or mode='auto', which pushes in such a case"


@dataclass(frozen=True)
class ModeChoice:
    """How an object gets to Kaltura.

    :param mode: ``push``: the worker streams it; ``pull``: Kaltura fetches it from an address.
    :param reason: why, as a sentence for the log.
    :param lifetime: seconds the address is to be valid, for :func:`presign`; 0 for a push.
    :param client: the client that signs it; None for a push.
    """

    mode: Mode
    reason: str
    lifetime: int = 0
    client: Any = field(default=None, repr=False, compare=False)


class _CannotPull(Exception):
    """The reason why an object is not pulled.

    :param reason: the reason.
    :param fix: what a user who wants the pull can do.
    """

    def __init__(self, reason: str, fix: str = _PUSH_INSTEAD) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fix = fix


def choose_mode(
    mode: str,
    hook: S3Hook,
    source: S3Source,
    kind: MediaKind,
    *,
    pull_reachable: bool | None = None,
    presign_lifetime: timedelta | float = DEFAULT_LIFETIME,
    replaces: bool = False,
    archive: Archive | None = None,
) -> ModeChoice:
    """Choose whether an object is pushed or pulled.

    :param mode: ``push``, ``pull``, or ``auto``, which pulls what is worth it and can be pulled.
    :param hook: the hook of the AWS connection.
    :param source: the object.
    :param kind: what it becomes; only audio and video are pulled, as of nothing else Kaltura tells the size afterwards.
    :param pull_reachable: whether Kaltura reaches the S3 endpoint. None: it does if that is Amazon's own; a custom
        ``endpoint_url``, a VPC endpoint or a private address counts as out of reach.
    :param presign_lifetime: seconds (or a timedelta) the address is to be valid, 30 minutes to 7 days.
    :param replaces: whether the entry has content already, which is exchanged by a push only.
    :param archive: where the object is, if that is known; see :func:`~kaltura_provider.hooks.s3_archive.restore_state`.
    :return: the choice and its reason.
    :raises UploadSourceError: ``mode`` is ``pull`` and that cannot work, or the object must be restored first; the
        message names the fix.
    :raises ValueError: an argument makes no sense.
    """
    wanted = presign_lifetime.total_seconds() if isinstance(presign_lifetime, timedelta) else float(presign_lifetime)
    if mode not in ("push", "pull", "auto"):
        raise ValueError(f"mode must be 'push', 'pull' or 'auto', not {mode!r}.")
    if not MIN_LIFETIME <= wanted <= MAX_LIFETIME:
        raise ValueError(
            f"presign_lifetime is {wanted:.0f} seconds; it must be {MIN_LIFETIME} (Kaltura may begin late and tries "
            f"three times) to {MAX_LIFETIME} (7 days, which S3 allows)."
        )
    if archive is not None and not archive.is_readable:
        raise UploadSourceError(
            f"{source.url} is archived ({archive.place}). Restore it first (S3 RestoreObject), then clear this task."
        )
    if mode == "push":
        return ModeChoice("push", "It is pushed, as mode='push' asks for.")
    try:
        _check_kind(kind, replaces)
        if mode == "auto" and source.size < PULL_FROM:
            raise _CannotPull(f"{source.size} bytes are pushed in the time a pull waits in Kaltura's queue")
        client = signing_client(hook, source.bucket)
        _check_reach(client, pull_reachable)
        lifetime, remark = _lifetime(client, wanted, archive, explicit=mode == "pull")
        _check_address(presign(client, source, lifetime))
    except _CannotPull as obstacle:
        if mode == "pull":
            raise UploadSourceError(f"{source.url} cannot be pulled: {obstacle.reason}. {obstacle.fix}.") from None
        return ModeChoice("push", f"It is pushed: {obstacle.reason}.")
    asked = "as mode='pull' asks for" if mode == "pull" else f"{source.size} bytes that Kaltura can fetch itself"
    return ModeChoice("pull", f"It is pulled: {asked}; the address is valid for {remark}.", lifetime, client)


def presign(client: Any, source: S3Source, lifetime: float) -> str:
    """Make the address of exactly the version that was found (Signature Version 4, for GET).

    The address is a secret: who has it has the file. It is given to Airflow's secrets masker at once; hand it to
    :func:`~kaltura_provider.api.start_pull` and keep it nowhere. In a bucket without versions it names whatever is at
    the key when Kaltura fetches it; whether that was still the same tells :func:`check_unchanged` afterwards.

    :param client: a client from :func:`signing_client`, or that of a :class:`ModeChoice`.
    :param source: the object.
    :param lifetime: seconds it is to be valid.
    :return: the address.
    """
    from kaltura_provider.hooks.kaltura import mask

    params = {"Bucket": source.bucket, "Key": source.key}
    if source.version_id:
        params["VersionId"] = source.version_id
    url = str(client.generate_presigned_url("get_object", Params=params, ExpiresIn=int(lifetime)))
    mask(url)
    mask(url.partition("?")[2])
    return url


def try_address(url: str, source: S3Source) -> str:
    """Ask for the first byte behind an address, before Kaltura tries in vain for a quarter of an hour.

    Finds out what no look at the object shows: an identity that may not read it, a wrong region, an object that was
    replaced. Nothing is logged, and no address is in the answer.

    :param url: the address.
    :param source: the object that should be behind it.
    :return: the problem; empty if there is none, or if S3 cannot be reached from here this way.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    # Libraries for HTTP write addresses to their debug log; this one writes none.
    try:
        request = Request(url, headers={"Range": "bytes=0-0"})  # noqa: S310  boto3 made the address
        with urlopen(request, timeout=30) as answer:  # noqa: S310  # nosec B310  # as above
            length = str(answer.headers.get("Content-Range") or "").rpartition("/")[2]
            etag = answer.headers.get("ETag")
    except HTTPError as error:
        error.close()
        if error.code >= 500:
            return ""
        return f"S3 answers its address with HTTP status {error.code}: check region_name and the identity's rights"
    except (OSError, HTTPException, ValueError):
        return ""
    if (length.isdecimal() and int(length) != source.size) or (etag and etag != source.etag):
        return "another object is behind its address: it was replaced since it was looked up"
    return ""


def check_unchanged(source: S3Source) -> None:
    """Look whether an object is still the one that was to be pulled (``HeadObject``); a version never changes.

    An address cannot carry ``If-Match``. So after a pull two things together tell that Kaltura has the right file: its
    size is that of the source, and the object is still the same as before.

    :param source: the object as it was when the pull began.
    :raises kaltura_provider.api.SourceChangedError: it was replaced or deleted.
    :raises UploadSourceError: it may not be looked at any more.
    :raises ConnectionError: S3 did not answer; this may pass.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from kaltura_provider.api import SourceChangedError
    from kaltura_provider.transfers.s3_source import error_code, explain_head_failure

    if source.version_id:
        return
    try:
        head = source.client.head_object(Bucket=source.bucket, Key=source.key)
    except ClientError as error:
        if error_code(error) in ("404", "NoSuchKey"):
            raise SourceChangedError(f"{source.url} was deleted while Kaltura fetched it.") from error
        explain_head_failure(source.client, error, source.bucket, source.key, None)
    except BotoCoreError as error:
        raise ConnectionError(f"S3 did not answer when asked for {source.url}: {error}. Clear the task.") from error
    if head["ETag"] != source.etag or int(head["ContentLength"]) != source.size:
        raise SourceChangedError(f"{source.url} was replaced while Kaltura fetched it.")


def signing_client(hook: S3Hook, bucket: str) -> Any:
    """Make a client whose addresses work for everybody: Signature Version 4, and the bucket's own host.

    :param hook: the hook of the AWS connection.
    :param bucket: the bucket.
    """
    from botocore.config import Config

    own: Any = dict(getattr(hook.config, "s3", None) or {})
    if _is_amazon(_host(hook.get_conn())):
        # A certificate covers no dots in the bucket's name; otherwise the bucket's host also names its region.
        own.setdefault("addressing_style", "path" if "." in bucket else "virtual")
    return hook.get_client_type(config=hook.config.merge(Config(signature_version="s3v4", s3=own)))


def _check_kind(kind: MediaKind, replaces: bool) -> None:
    from kaltura_provider.api import MediaKind

    if kind not in (MediaKind.VIDEO, MediaKind.AUDIO):
        raise _CannotPull(f"of a pulled {kind.value} Kaltura does not tell how many bytes it has")
    if replaces:
        raise _CannotPull("its entry has content, and a pulled file could be checked only after that is gone")


def _check_reach(client: Any, reachable: bool | None) -> None:
    host = _host(client)
    if reachable if reachable is not None else _is_amazon(host):
        return
    if reachable is not None:
        raise _CannotPull(f"Kaltura does not reach S3 at {host}, as pull_reachable=False says")
    what = "a private address" if _is_private(host) else "an endpoint of your own"
    raise _CannotPull(
        f"it is not known whether Kaltura reaches S3 at {host}, {what}",
        "Set pull_reachable=True if it does, or mode='push'",
    )


def _host(client: Any) -> str:
    return str(urlsplit(client.meta.endpoint_url).hostname or "")


def _is_amazon(host: str) -> bool:
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn")) and ".vpce." not in f".{host}"


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal"))


def _lifetime(client: Any, wanted: float, archive: Archive | None, *, explicit: bool) -> tuple[int, str]:
    """How long the address can be valid, and a remark about it: it ends with the credentials and a restored copy."""
    now = datetime.now(timezone.utc)
    ends = [(now + timedelta(seconds=wanted), "")]
    temporary, end = credentials_end(client)
    if end is not None:
        ends.append((end, "the AWS credentials"))
    elif temporary and not explicit:
        raise _CannotPull(
            "the AWS credentials are temporary, and it is not known when they end, and the address with them"
        )
    if archive is not None and archive.expires is not None:
        ends.append((archive.expires, "the restored copy"))
    end, cause = min(ends)
    left = int((end - now).total_seconds())
    if left < MIN_LIFETIME:
        raise _CannotPull(
            f"an address would be valid for {left // 60} minutes only, as long as {cause}, and Kaltura may need longer",
            "Use credentials that last longer, restore the object for more days, or set mode='push'",
        )
    return left, f"{left / 3600:.1f} hours" + (f", as long as {cause}" if cause else "")


def credentials_end(client: Any) -> tuple[bool, datetime | None]:
    """Say whether the credentials of a client are temporary, and when they end, as far as that is known.

    :param client: a boto3 client.
    """
    # botocore names neither in its public interface.
    credentials = getattr(getattr(client, "_request_signer", None), "_credentials", None)
    if credentials is None:
        return False, None
    # Credentials of a role are fetched when first used, and renewed shortly before they end.
    frozen = credentials.get_frozen_credentials()
    end = getattr(credentials, "_expiry_time", None)
    return bool(frozen.token), end.astimezone(timezone.utc) if isinstance(end, datetime) else None


def _check_address(url: str) -> None:
    from kaltura_provider.api.pull import url_problem

    if problem := url_problem(url):
        raise _CannotPull(problem)
