"""Several finished files of one title in one entry: the source, and renditions that need not be converted any more.

Each file is uploaded into a token of its own; one ``media.addContent`` or ``media.updateContent`` then hands over all
of them, each with the flavor params it is a file for. A safe caller resolves the names first, uploads, builds the
resource, attaches it, and looks at the flavors once the entry is ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.models import FlavorAsset, FlavorStatus
from kaltura_provider.api.paging import MAX_PAGE_SIZE

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: The tag of the flavor params that stand for the original file.
SOURCE_TAG = "source"

_ALL = {"pageSize": MAX_PAGE_SIZE, "pageIndex": 1}
_READY = (FlavorStatus.READY, FlavorStatus.EXPORTING)
_NOT_MADE = (FlavorStatus.NOT_APPLICABLE, FlavorStatus.DELETED)


@dataclass(frozen=True)
class RenditionParams:
    """One of the files an entry can have: a ``KalturaFlavorParams`` as a conversion profile uses it.

    :param id: ID of the flavor params; 0 for the source.
    :param name: name, such as ``HD/720 - WEB (H264/2500)``.
    :param system_name: its name for programs.
    :param profile_name: its system name within the conversion profile, which may differ.
    :param is_source: whether the file is the original.
    :param origin: 0 if Kaltura makes it of the source, 1 if it is sent in, 2 if Kaltura makes it unless it is sent in.
    """

    id: int
    name: str
    system_name: str
    profile_name: str
    is_source: bool
    origin: int

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be called, besides its ID."""
        own = (self.name, self.system_name, self.profile_name, SOURCE_TAG if self.is_source else "")
        return tuple(dict.fromkeys(name for name in own if name))


def list_renditions(client: KalturaClient, conversion_profile_id: int | None = None) -> list[RenditionParams]:
    """List the files that entries of a conversion profile can have (``conversionProfileAssetParams.list``,
    ``flavorParams.list``).

    :param client: the client; its session needs the permission TRANSCODING_BASE.
    :param conversion_profile_id: the profile; the account's default one if None (``conversionProfile.getDefault``).
    :return: the files, the source first if the profile keeps one.
    :raises KalturaError: if a call failed, or the profile has none or does not exist.
    """
    if conversion_profile_id is None:
        conversion_profile_id = int(client.call("conversionProfile", "getDefault")["id"])
    answer = client.call(
        "conversionProfileAssetParams",
        "list",
        {"filter": {"conversionProfileIdEqual": conversion_profile_id}, "pager": _ALL},
    )
    rows = {int(row["assetParamsId"]): row for row in answer.get("objects") or []}
    if not rows:
        raise KalturaError(
            "CONVERSION_PROFILE_ID_NOT_FOUND",
            f"conversion profile {conversion_profile_id} does not exist or has no flavors",
            service_action="conversionProfileAssetParams.list",
        )
    ids = ",".join(str(params_id) for params_id in sorted(rows))
    answer = client.call("flavorParams", "list", {"filter": {"idIn": ids}, "pager": _ALL})
    # A profile may also have params for captions and thumbnails, which are no flavors.
    found = [_params(values, rows[int(values["id"])]) for values in answer.get("objects") or []]
    return sorted(found, key=lambda params: (not params.is_source, params.id))


def resolve_renditions(
    client: KalturaClient, wanted: Iterable[int | str], conversion_profile_id: int | None = None
) -> dict[int | str, RenditionParams]:
    """Find flavor params by what people call them (the calls of :func:`list_renditions`).

    :param client: the client.
    :param wanted: IDs, names, system names, or ``source``; upper and lower case are the same.
    :param conversion_profile_id: the profile; the account's default one if None.
    :return: the params by what was asked for.
    :raises KalturaError: ``FLAVOR_PARAMS_ID_NOT_FOUND`` if the profile has none of that name or several, or two of
        ``wanted`` are the same; the message names what comes near. Also if a call failed.
    """
    known = list_renditions(client, conversion_profile_id)
    found: dict[int | str, RenditionParams] = {}
    taken: dict[int, int | str] = {}
    for name in wanted:
        params = _find(known, name)
        if taken.setdefault(params.id, name) != name:
            raise _not_found(f"{name!r} and {taken[params.id]!r} are the same flavor", "Give each of them one file.")
        found[name] = params
    return found


def renditions_resource(token_ids: Mapping[int, str]) -> dict[str, Any]:
    """Build the resource that gives an entry several files at once.

    It is for ``media.addContent`` and ``media.updateContent`` of audio and video. Every token must be complete
    (``FULL_UPLOAD``) by then: an unfinished or used one is accepted, and its file is then waited for for ever.

    :param token_ids: the upload tokens by the ID of their flavor params, 0 for the source.
    :return: a ``KalturaAssetsParamsResourceContainers``.
    :raises ValueError: if there is none, or a token is missing or there twice.
    """
    if not token_ids:
        raise ValueError("There is no file to give to the entry: name at least one rendition and its upload token")
    used: dict[str, int] = {}
    for params_id, token_id in token_ids.items():
        if not token_id:
            raise ValueError(f"Flavor params {params_id} have no upload token: upload their file first")
        if used.setdefault(token_id, params_id) != params_id:
            raise ValueError(
                f"Flavor params {used[token_id]} and {params_id} have the same upload token, and a token is one file: "
                "upload a file for each"
            )
    return {
        "objectType": "KalturaAssetsParamsResourceContainers",
        "resources": [
            {
                "objectType": "KalturaAssetParamsResourceContainer",
                "assetParamsId": params_id,
                "resource": {"objectType": "KalturaUploadedFileTokenResource", "token": token_id},
            }
            # The source first, as it is what Kaltura begins with.
            for params_id, token_id in sorted(token_ids.items())
        ],
    }


@dataclass(frozen=True)
class EntryRenditions:
    """The files of an entry by what has become of them.

    :param ready: can be played.
    :param waiting: still being uploaded, imported, looked into or converted.
    :param failed: will never be ready.
    :param not_made: left out by Kaltura, for example because the source is smaller.
    """

    ready: tuple[FlavorAsset, ...]
    waiting: tuple[FlavorAsset, ...]
    failed: tuple[FlavorAsset, ...]
    not_made: tuple[FlavorAsset, ...]

    @property
    def is_decided(self) -> bool:
        """Whether nothing is waiting any more."""
        return not self.waiting

    def find_faults(self, sizes: Mapping[int, int]) -> list[str]:
        """Compare what the entry has with what was uploaded.

        :param sizes: bytes of each file by the ID of its flavor params, 0 for the source.
        :return: a sentence about each file that is missing, failed or of another size; of a file that is waiting, or
            whose size Kaltura does not tell, nothing is said.
        """
        waiting = {flavor.flavor_params_id for flavor in self.waiting}
        failed = {flavor.flavor_params_id: flavor for flavor in self.failed}
        ready = {flavor.flavor_params_id: flavor for flavor in self.ready}
        faults = []
        for params_id, size in sizes.items():
            what = "The source" if params_id == 0 else f"The file for flavor params {params_id}"
            if params_id in failed:
                faults.append(f"{what} failed: {failed[params_id].describe()}.")
            elif params_id not in ready and params_id not in waiting:
                faults.append(f"{what} is missing.")
            elif params_id in ready and (there := int(ready[params_id].raw.get("sizeInBytes") or 0)) not in (0, size):
                faults.append(f"{what} has {there} bytes in Kaltura, but {size} were uploaded.")
        return faults


def look_at_renditions(client: KalturaClient, entry_id: str) -> EntryRenditions:
    """Look once at the files of an entry (``flavorAsset.list``).

    :param client: the client.
    :param entry_id: ID of an audio or video entry.
    :return: its files.
    :raises KalturaError: if the call failed.
    """
    answer = client.call("flavorAsset", "list", {"filter": {"entryIdEqual": entry_id}, "pager": _ALL})
    flavors = [FlavorAsset.from_api(values) for values in answer.get("objects") or []]
    groups: dict[str, list[FlavorAsset]] = {"ready": [], "waiting": [], "failed": [], "not_made": []}
    for flavor in sorted(flavors, key=lambda each: (not each.is_original, each.flavor_params_id)):
        groups[_group(flavor)].append(flavor)
    return EntryRenditions(**{name: tuple(found) for name, found in groups.items()})


def _group(flavor: FlavorAsset) -> str:
    if flavor.status in _READY:
        return "ready"
    if flavor.status is FlavorStatus.ERROR:
        return "failed"
    return "not_made" if flavor.status in _NOT_MADE else "waiting"


def _params(values: Mapping[str, Any], row: Mapping[str, Any]) -> RenditionParams:
    tags = [tag.strip() for tag in str(values.get("tags") or "").split(",")]
    return RenditionParams(
        id=int(values["id"]),
        name=str(values.get("name") or ""),
        system_name=str(values.get("systemName") or ""),
        profile_name=str(row.get("systemName") or ""),
        is_source=SOURCE_TAG in tags,
        origin=int(row.get("origin") or 0),
    )


def _find(known: list[RenditionParams], wanted: int | str) -> RenditionParams:
    text = str(wanted).strip()
    if text.lstrip("-").isdecimal():
        found = [params for params in known if params.id == int(text)]
    else:
        found = [params for params in known if text.casefold() in (name.casefold() for name in params.names)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(params.id) for params in found)
        raise _not_found(f"the conversion profile has several flavors called {wanted!r}", f"Use an ID: {ids}.")
    raise _not_found(f"the conversion profile has no flavor {wanted!r}", _suggest(known, text))


def _suggest(known: list[RenditionParams], text: str) -> str:
    from difflib import get_close_matches

    by_name = {name.casefold(): params for params in known for name in params.names}
    parts = [name for name in by_name if len(text) > 1 and text.casefold() in name]
    close = dict.fromkeys(by_name[name] for name in [*get_close_matches(text.casefold(), by_name), *parts])
    shown = [f"{params.name!r} (ID {params.id})" for params in list(close)[:3] or known]
    return f"{'Did you mean' if close else 'It has'}: {', '.join(shown)}."


def _not_found(message: str, hint: str) -> KalturaError:
    return KalturaError("FLAVOR_PARAMS_ID_NOT_FOUND", message, service_action="flavorParams.list", hint=hint)
