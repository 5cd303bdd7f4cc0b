"""Services ``reach_reachprofile`` and ``reach_vendorcatalogitem``: with whose money, and what can be ordered."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from ..context import Context
from ..errors import fail
from ..listing import find_page
from ..query import equal
from ..registry import ADMIN, USER, action, on_start, param
from ..schema import ApiObject, render, render_list
from ..store import Collection, Document, Store
from .reach_types import ACTIVE, AUTO_DETECT, CAPTIONS, HUMAN, MACHINE, PER_MINUTE, TRANSLATION, UNIT_SECONDS, UNLIMITED

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_PAID = 2
_WEBVTT = 3
_DAY = 86_400
_FEATURES = {"KalturaVendorCaptionsCatalogItem": CAPTIONS, "KalturaVendorTranslationCatalogItem": TRANSLATION}
_TYPE_OF = {feature: name for name, feature in _FEATURES.items()}

# What a fresh account can order: feature, service, languages, turnaround time, price of a minute.
_CATALOG: tuple[tuple[int, int, str, str, int, float], ...] = (
    (CAPTIONS, MACHINE, "English", "", 0, 0.05),
    (CAPTIONS, MACHINE, "German", "", 0, 0.05),
    (CAPTIONS, MACHINE, AUTO_DETECT, "", 0, 0.08),
    (CAPTIONS, HUMAN, "English", "", _DAY, 1.5),
    (CAPTIONS, HUMAN, "English", "", 4 * _DAY, 1.0),
    (TRANSLATION, MACHINE, "English", "German", 0, 0.1),
    (TRANSLATION, MACHINE, "English", "Spanish", 0, 0.1),
    (TRANSLATION, HUMAN, "English", "German", 10 * _DAY, 6.0),
)


def reach_profiles(store: Store) -> Collection:
    """Return the REACH profiles of all accounts."""
    return store.collection("reachProfile")


def catalog_items(store: Store) -> Collection:
    """Return what can be ordered, of all accounts."""
    return store.collection("vendorCatalogItem")


def find_profile(context: Context, profile_id: int | None) -> Document:
    """Return a REACH profile that may be ordered with.

    :raises ApiError: ``REACH_PROFILE_NOT_FOUND``.
    """
    found = reach_profiles(context.store).get(profile_id, context.partner_id)
    if found is None or found["status"] != ACTIVE:
        raise fail("REACH_PROFILE_NOT_FOUND", ID=profile_id)
    return found


def price_of(item: Document, entry: Document) -> float:
    """Return what an item costs for an entry."""
    pricing = item.get("pricing") or {}
    seconds = math.ceil(int(entry.get("msDuration") or 0) / 1000)
    units = math.ceil(seconds / UNIT_SECONDS.get(pricing.get("priceFunction", ""), 60))
    return round(units * float(pricing.get("pricePerUnit", 0)), 4)


def credit_of(profile: Document) -> float | None:
    """Return how much a profile may spend in all; None when there is no limit."""
    credit = profile.get("credit") or {}
    if credit.get("objectType") == "KalturaUnlimitedVendorCredit":
        return None
    return float(sum(credit.get(name) or 0 for name in ("credit", "overageCredit", "addOn")))


def is_expired(profile: Document) -> bool:
    """Tell whether the time in which a profile may spend is over, or has not begun."""
    credit = profile.get("credit") or {}
    now = time.time()
    return now < credit.get("fromDate", 0) or ("toDate" in credit and now > credit["toDate"])


def _profile_answer(document: Document) -> dict[str, Any]:
    return render("KalturaReachProfile", document)


@action("reach_reachprofile", "add", param("reachProfile", "KalturaReachProfile"), access=ADMIN)
def add_profile(context: Context, reach_profile: ApiObject) -> dict[str, Any]:
    """Make a profile."""
    reach_profile.check_insert()
    reach_profile.require("profileType", "credit")
    document = _new_profile(context.store, context.partner_id)
    reach_profile.apply_to(document)
    return _profile_answer(reach_profiles(context.store).insert(document))


def _new_profile(store: Store, partner_id: int, **values: Any) -> Document:
    now = int(time.time())
    return {
        "id": store.next_number("reachProfile"), "partnerId": partner_id, "createdAt": now, "updatedAt": now,
        "status": ACTIVE, "defaultOutputFormat": _WEBVTT, "enableMachineModeration": 0, "enableHumanModeration": 0,
        "autoDisplayMachineCaptionsOnPlayer": 1, "autoDisplayHumanCaptionsOnPlayer": 1, "usedCredit": 0.0, **values,
    }  # fmt: skip


@action("reach_reachprofile", "get", param("id", "int"), access=ADMIN)
def get_profile(context: Context, id: int) -> dict[str, Any]:
    """Answer a profile."""
    found = reach_profiles(context.store).get(id, context.partner_id)
    if found is None:
        raise fail("REACH_PROFILE_NOT_FOUND", ID=id)
    return _profile_answer(found)


@action("reach_reachprofile", "update", param("id", "int"), param("reachProfile", "KalturaReachProfile"), access=ADMIN)
def update_profile(context: Context, id: int, reach_profile: ApiObject) -> dict[str, Any]:
    """Change a profile."""
    with context.store.transaction():
        if reach_profiles(context.store).get(id, context.partner_id) is None:
            raise fail("REACH_PROFILE_NOT_FOUND", ID=id)
        reach_profile.check_update()
        changed = reach_profiles(context.store).update(id, reach_profile.apply_to, updatedAt=int(time.time()))
    return _profile_answer(changed)


@action(
    "reach_reachprofile", "list",
    param("filter", "KalturaReachProfileFilter", None), param("pager", "KalturaFilterPager", None), access=ADMIN,
)  # fmt: skip
def list_profiles(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's profiles."""
    found, total = find_page(
        reach_profiles(context.store), filter, pager, base=equal("partnerId", context.partner_id),
        order_fields=("id", "createdAt", "updatedAt"),
    )  # fmt: skip
    return render_list("KalturaReachProfileListResponse", [_profile_answer(each) for each in found], total)


def _item_answer(document: Document) -> dict[str, Any]:
    return render(document["objectType"], document)


@action("reach_vendorcatalogitem", "add", param("vendorCatalogItem", "KalturaVendorCatalogItem"), access=ADMIN)
def add_item(context: Context, vendor_catalog_item: ApiObject) -> dict[str, Any]:
    """Offer something to the account; on a real server Kaltura's staff does so."""
    vendor_catalog_item.check_insert()
    vendor_catalog_item.require("serviceType", "turnAroundTime", "pricing")
    feature = _FEATURES[vendor_catalog_item.kind.name]
    document = _new_item(context.store, context.partner_id, feature)
    vendor_catalog_item.apply_to(document)
    return _item_answer(catalog_items(context.store).insert(document))


def _new_item(store: Store, partner_id: int, feature: int, **values: Any) -> Document:
    now = int(time.time())
    return {
        "id": store.next_number("vendorCatalogItem", 101), "objectType": _TYPE_OF[feature], "partnerId": partner_id,
        "vendorPartnerId": partner_id, "createdAt": now, "updatedAt": now, "status": ACTIVE,
        "serviceFeature": feature, "outputFormat": _WEBVTT, "allowResubmission": False, "payPerUse": False, **values,
    }  # fmt: skip


@action("reach_vendorcatalogitem", "get", param("id", "int"), access=USER)
def get_item(context: Context, id: int) -> dict[str, Any]:
    """Answer what can be ordered."""
    found = catalog_items(context.store).get(id, context.partner_id)
    if found is None:
        raise fail("CATALOG_ITEM_NOT_FOUND", ID=id)
    return _item_answer(found)


@action(
    "reach_vendorcatalogitem", "list",
    param("filter", "KalturaVendorCatalogItemFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_items(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List what the account can order, the newest first."""
    base = equal("partnerId", context.partner_id) & equal("status", ACTIVE)
    if filter is not None:
        # This one says whose items; other accounts' are never shown.
        other = filter.values.pop("partnerIdEqual", context.partner_id)
        base &= equal("partnerId", other or context.partner_id)
    found, total = find_page(
        catalog_items(context.store), filter, pager, base=base, order_fields=("id", "createdAt", "updatedAt"),
        default_order="-id",
    )  # fmt: skip
    return render_list("KalturaVendorCatalogItemListResponse", [_item_answer(each) for each in found], total)


@on_start
def make_defaults(sandbox: Sandbox, partner_id: int) -> None:
    """Give an account a profile with credit, one whose orders by users must be approved, and a catalog."""
    store = sandbox.store
    with store.transaction():
        if reach_profiles(store).count(equal("partnerId", partner_id)):
            return
        credit = {"objectType": "KalturaVendorCredit", "credit": 10_000, "fromDate": int(time.time()) - _DAY}
        free = {"objectType": "KalturaUnlimitedVendorCredit", "credit": UNLIMITED, "fromDate": credit["fromDate"]}
        for name, given, moderated in (("Default", credit, 0), ("Approved orders", free, 1)):
            reach_profiles(store).insert(
                _new_profile(
                    store, partner_id, name=name, profileType=_PAID, credit=given,
                    enableMachineModeration=moderated, enableHumanModeration=moderated,
                )
            )  # fmt: skip
        for feature, service, source, target, turnaround, price in _CATALOG:
            what = "Captions" if feature == CAPTIONS else "Translation"
            languages = f"{source} to {target}" if target else source
            name = f"{what}, {'human' if service == HUMAN else 'machine'}, {languages}"
            pricing = {
                "objectType": "KalturaVendorCatalogItemPricing", "pricePerUnit": price, "priceFunction": PER_MINUTE,
            }  # fmt: skip
            item = _new_item(
                store, partner_id, feature, name=name, serviceType=service, sourceLanguage=source,
                turnAroundTime=turnaround, pricing=pricing,
            )  # fmt: skip
            catalog_items(store).insert({**item, **({"targetLanguage": target} if target else {})})
