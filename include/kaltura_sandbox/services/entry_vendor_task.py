"""Service ``reach_entryvendortask``: orders of captions and translations, and the vendor that does the work."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..query import Where, contains, equal, one_of
from ..registry import ADMIN, USER, action, job, param
from ..schema import ApiObject, render, render_list
from ..store import Collection, Document, Store
from ..subtitles import Cue
from .caption_asset import add_caption
from .entries import MEDIA_CLIP, entries, find_entry, is_audio_or_video
from .entries import READY as ENTRY_READY
from .flavor_asset import source_flavor
from .reach_profile import catalog_items, credit_of, find_profile, is_expired, price_of, reach_profiles
from .reach_types import (
    ABORTED,
    AUTO_DETECT,
    CAPTIONS,
    ERROR,
    HUMAN,
    PENDING,
    PENDING_ENTRY_READY,
    PENDING_MODERATION,
    PROCESSING,
    READY,
    REJECTED,
    SCHEDULED,
    TRANSLATION,
)

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_ENTRY = 1
_MANUAL = 1
_FINAL = {READY, REJECTED, ERROR, ABORTED}
# Of these statuses there is one at a time for an entry, an item and a version of the content.
_ACTIVE = (PROCESSING, PENDING, PENDING_MODERATION)
_EXISTING = (*_ACTIVE, READY, PENDING_ENTRY_READY)
# In these the price has been taken from the credit.
_CHARGED = {PENDING, PROCESSING, READY}
_ACCURACY = 90

register_error("ENTRY_TYPE_NOT_SUPPORTED/reach", "Requesting tasks for entry type [@TYPE@] is not supported")


def vendor_tasks(store: Store) -> Collection:
    """Return the orders of all accounts."""
    return store.collection("entryVendorTask", "entryId", "catalogItemId")


def _find(context: Context, task_id: int) -> Document:
    found = vendor_tasks(context.store).get(task_id, context.partner_id)
    if found is None:
        raise fail("ENTRY_VENDOR_TASK_NOT_FOUND", ID=task_id)
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaEntryVendorTask", document)


@action("reach_entryvendortask", "add", param("entryVendorTask", "KalturaEntryVendorTask"), access=USER)
def add(context: Context, entry_vendor_task: ApiObject) -> dict[str, Any]:
    """Order something for an entry. That costs money, so there is one order at a time of the same."""
    entry_vendor_task.require("catalogItemId", "entryId")
    with context.store.transaction():
        entry = _orderable(context, entry_vendor_task["entryId"])
        _check_partner_data(entry_vendor_task)
        entry_vendor_task.check_insert()
        item = catalog_items(context.store).get(entry_vendor_task["catalogItemId"])
        if item is None:
            raise fail("CATALOG_ITEM_NOT_FOUND", ID=entry_vendor_task["catalogItemId"])
        if item["partnerId"] != context.partner_id:
            raise fail("CATALOG_ITEM_NOT_ENABLED_FOR_ACCOUNT", ID=item["id"])
        profile_id = entry_vendor_task.get("reachProfileId", item.get("defaultReachProfileId"))
        if profile_id is None:
            entry_vendor_task.require("reachProfileId")
        profile = find_profile(context, profile_id)
        price = _check_order(entry_vendor_task, entry, item, profile)
        version = int((source_flavor(context.store, entry["id"]) or {}).get("version", 0))
        _check_existing(context, entry, item, version)
        return _answer(_insert(context, entry_vendor_task, entry, item, profile, price, version))


def _orderable(context: Context, entry_id: str) -> Document:
    entry = find_entry(context, entry_id)
    if entry["status"] != ENTRY_READY:
        raise fail("ENTRY_NOT_READY", STATUS=entry["status"])
    if entry["type"] != MEDIA_CLIP:
        raise fail("ENTRY_TYPE_NOT_SUPPORTED/reach", TYPE=entry["type"])
    return entry


def _check_partner_data(sent: ApiObject) -> None:
    try:
        json.loads(sent.get("partnerData") or "null")
    except ValueError:
        raise fail("PARTNER_DATA_NOT_VALID_JSON_STRING") from None


def _check_order(sent: ApiObject, entry: Document, item: Document, profile: Document) -> float:
    """Return the price of an order that is possible."""
    if not is_audio_or_video(entry):
        raise fail("FEATURE_TYPE_NOT_SUPPORTED_FOR_ENTRY", FEATURE=item["serviceFeature"], ID=entry["id"])
    data = sent.get("taskJobData")
    if item.get("requireSource") and (data is None or not data.get("captionAssetId")):
        raise fail("REQUIRE_CAPTION", CATALOG_ITEM_ID=item["id"])
    price = price_of(item, entry)
    if (item.get("pricing") or {}).get("pricePerUnit"):
        if is_expired(profile):
            raise fail("CREDIT_EXPIRED", ENTRY_ID=entry["id"], CATALOG_ITEM_ID=item["id"])
        _check_credit(profile, price, entry["id"], item["id"])
    return price


def _check_credit(profile: Document, price: float, entry_id: str, item_id: int) -> None:
    allowed = credit_of(profile)
    if allowed is not None and price and profile.get("usedCredit", 0) + price > allowed:
        raise fail("EXCEEDED_MAX_CREDIT_ALLOWED", ENTRY_ID=entry_id, CATALOG_ITEM_ID=item_id)


def _check_existing(context: Context, entry: Document, item: Document, version: int) -> None:
    """Refuse an order that there is; one for older content is cancelled if nobody works on it yet."""
    found = _tasks_of(context.store, entry, item, _EXISTING)
    same = [task for task in found if task["version"] == str(version)]
    for task in same[:1]:
        if not item.get("allowResubmission") or task["status"] in _ACTIVE:
            raise _duplicate(entry, item, task)
    if same:
        return
    for task in found:
        if task["status"] in {PENDING, PENDING_ENTRY_READY}:
            _move(context.store, task, ABORTED, errDescription="Aborted following cancel request")
        elif task["status"] == PROCESSING:
            raise _duplicate(entry, item, task)


def _duplicate(entry: Document, item: Document, task: Document) -> Exception:
    return fail(
        "ENTRY_VENDOR_TASK_DUPLICATION", ENTRY_ID=entry["id"], CATALOG_ITEM_ID=item["id"], VERSION=task["version"]
    )


def _tasks_of(store: Store, entry: Document, item: Document, statuses: Sequence[int]) -> list[Document]:
    return vendor_tasks(store).find(
        equal("entryId", entry["id"]) & equal("catalogItemId", item["id"]) & one_of("status", statuses)
    )


def _insert(
    context: Context, sent: ApiObject, entry: Document, item: Document, profile: Document, price: float, version: int
) -> Document:
    now = int(time.time())
    human = item["serviceType"] == HUMAN
    asks = not context.is_admin and profile.get("enableHumanModeration" if human else "enableMachineModeration") == 1
    document: Document = {}
    sent.apply_to(document)
    document.update({
        "id": context.store.next_number("entryVendorTask"), "partnerId": context.partner_id,
        "vendorPartnerId": item["vendorPartnerId"], "createdAt": now, "updatedAt": now, "queueTime": now,
        "status": PENDING_MODERATION if asks else PENDING, "reachProfileId": profile["id"], "price": price,
        "userId": context.user_id or entry["userId"], "entryObjectType": _ENTRY, "version": str(version),
        "creationMode": _MANUAL, "serviceType": item["serviceType"], "serviceFeature": item["serviceFeature"],
        "turnAroundTime": item["turnAroundTime"], "accessKey": "",
        "expectedFinishTime": now + max(int(item["turnAroundTime"]), 0),
    })  # fmt: skip
    made = vendor_tasks(context.store).insert(document)
    if not asks:
        _charge(context.store, made, price)
        _begin(context.sandbox, made)
    return made


def _charge(store: Store, task: Document, amount: float) -> None:
    profiles = reach_profiles(store)
    profile = profiles.get(task["reachProfileId"])
    if profile is not None:
        profiles.update(profile["id"], usedCredit=round(profile.get("usedCredit", 0) + amount, 4))


def _move(store: Store, task: Document, status: int, **values: Any) -> Document:
    """Give an order another status, and give the price back if it comes to nothing; call it inside a transaction."""
    if task["status"] in _CHARGED and status in {ABORTED, REJECTED, ERROR}:
        _charge(store, task, -task["price"])
    now = int(time.time())
    if status in _FINAL:
        values["finishTime"] = now
    return vendor_tasks(store).update(task["id"], status=status, updatedAt=now, **values)


@action("reach_entryvendortask", "get", param("id", "int"), access=USER)
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer an order."""
    return _answer(_find(context, id))


@action(
    "reach_entryvendortask", "list",
    param("filter", "KalturaEntryVendorTaskFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_tasks(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's orders."""
    found, total = find_page(
        vendor_tasks(context.store), filter, pager, base=equal("partnerId", context.partner_id), search=True,
        conditions={"idEqual": lambda value: equal("id", int(value)), "idIn": _id_in, "freeText": _free_text},
        order_fields=("id", "createdAt", "updatedAt", "queueTime", "finishTime", "status", "price"),
    )  # fmt: skip
    return render_list("KalturaEntryVendorTaskListResponse", [_answer(each) for each in found], total)


def _id_in(value: Any) -> Where:
    return one_of("id", [int(part) for part in str(value).split(",")[:150] if part.strip().isdecimal()])


def _free_text(value: Any) -> Where:
    return contains("notes", str(value)) | contains("context", str(value))


@action("reach_entryvendortask", "approve", param("id", "int"), access=ADMIN)
def approve(context: Context, id: int) -> dict[str, Any]:
    """Let the vendor begin with an order."""
    with context.store.transaction():
        task = _find(context, id)
        find_entry(context, task["entryId"])
        if task["status"] != PENDING_MODERATION:
            raise fail("CANNOT_APPROVE_NOT_MODERATED_TASK")
        _check_credit(
            find_profile(context, task["reachProfileId"]), task["price"], task["entryId"], task["catalogItemId"]
        )
        _charge(context.store, task, task["price"])
        approved = _move(context.store, task, PENDING, moderatingUser=context.user_id)
        _begin(context.sandbox, approved)
        return _answer(approved)


@action("reach_entryvendortask", "reject", param("id", "int"), param("rejectReason", default=None), access=ADMIN)
def reject(context: Context, id: int, reject_reason: str | None) -> dict[str, Any]:
    """Turn down an order that waits for approval."""
    with context.store.transaction():
        task = _find(context, id)
        find_entry(context, task["entryId"])
        if task["status"] != PENDING_MODERATION:
            raise fail("CANNOT_REJECT_NOT_MODERATED_TASK")
        values = {"moderatingUser": context.user_id, "errDescription": reject_reason}
        return _answer(_move(context.store, task, REJECTED, **values))


@action("reach_entryvendortask", "abort", param("id", "int"), param("abortReason", default=None), access=USER)
def abort(context: Context, id: int, abort_reason: str | None) -> dict[str, Any]:
    """Cancel an order that nobody works on yet."""
    with context.store.transaction():
        task = _find(context, id)
        find_entry(context, task["entryId"])
        if task["status"] not in {PENDING_MODERATION, PENDING, SCHEDULED}:
            raise fail("CANNOT_ABORT_NOT_MODERATED_TASK")
        if not context.is_admin and context.user_id != task["userId"]:
            raise fail("ENTRY_VENDOR_TASK_ACTION_NOT_ALLOWED", ID=id, USER_ID=context.user_id)
        return _answer(_move(context.store, task, ABORTED, errDescription=abort_reason))


@action(
    "reach_entryvendortask", "updateJob",
    param("id", "int"), param("entryVendorTask", "KalturaEntryVendorTask"), access=ADMIN,
)  # fmt: skip
def update_job(context: Context, id: int, entry_vendor_task: ApiObject) -> dict[str, Any]:
    """Report as the vendor how far an order is; here every account is its own vendor."""
    with context.store.transaction():
        task = _find(context, id)
        entry_vendor_task.check_update()
        status = entry_vendor_task.get("status", task["status"])
        if task["status"] in _FINAL and status != task["status"]:
            raise fail(
                "CANNOT_UPDATE_STATUS_OF_TASK_WHICH_IS_IN_FINAL_STATE",
                ID=id, OLD_STATUS=task["status"], NEW_STATUS=status,
            )  # fmt: skip
        vendor_tasks(context.store).update(id, entry_vendor_task.apply_to, status=task["status"])
        return _answer(_move(context.store, task, status))


def _begin(sandbox: Sandbox, task: Document) -> None:
    """Have the sandbox's own vendor do the work: begin in half of the time, end after the whole."""
    seconds = sandbox.settings.reach_seconds
    sandbox.jobs.schedule("reach.work", {"id": task["id"], "end": False}, seconds / 2)
    sandbox.jobs.schedule("reach.work", {"id": task["id"], "end": True}, seconds)


@job("reach.work")
def work(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    """Begin or end the work on an order, unless it was ended otherwise."""
    with sandbox.store.transaction():
        task = vendor_tasks(sandbox.store).get(payload["id"])
        if task is None or task["status"] not in {PENDING, PROCESSING}:
            return
        if not payload["end"]:
            _move(sandbox.store, task, PROCESSING)
            return
        entry = entries(sandbox.store).get(task["entryId"])
        problem = sandbox.settings.reach_error
        if entry is None or entry["status"] != ENTRY_READY:
            problem = problem or "The entry is gone"
        if problem or entry is None:
            _move(sandbox.store, task, ERROR, errDescription=problem)
            return
        _move(sandbox.store, task, READY, accuracy=_ACCURACY, outputObjectId=_output(sandbox, task, entry))


def _output(sandbox: Sandbox, task: Document, entry: Document) -> str | None:
    item = catalog_items(sandbox.store).get(task["catalogItemId"])
    if item is None or item["serviceFeature"] not in {CAPTIONS, TRANSLATION}:
        return None
    profile = reach_profiles(sandbox.store).get(task["reachProfileId"]) or {}
    word = "Human" if item["serviceType"] == HUMAN else "Machine"
    language = item.get("targetLanguage") or item["sourceLanguage"]
    language = "English" if language == AUTO_DETECT else language
    addition = profile.get(f"labelAdditionFor{word}ServiceType")
    cue = Cue(0, max(int(entry.get("msDuration") or 0), 1000), str(item.get("name", language)))
    made = add_caption(
        sandbox, entry, [cue], language=language,
        label=f"{language} ({addition})" if addition else language, accuracy=_ACCURACY,
        displayOnPlayer=profile.get(f"autoDisplay{word}CaptionsOnPlayer", 1) == 1,
    )  # fmt: skip
    return str(made["id"])
