"""Types and errors of REACH: orders of captions and the like from vendors, which cost money."""

from __future__ import annotations

from ..errors import register_error
from ..schema import int_enum, kaltura_type, list_type, prop, props, string_enum

# Values of a task's status.
PENDING, READY, PROCESSING, PENDING_MODERATION, REJECTED, ERROR, ABORTED, PENDING_ENTRY_READY = range(1, 9)
SCHEDULED = 9

# Values of serviceFeature and serviceType.
CAPTIONS, TRANSLATION = 1, 2
HUMAN, MACHINE = 1, 2

# Values of the status of profiles and catalog items.
ACTIVE = 2

# Value of a catalog item's source language that leaves finding it out to the vendor.
AUTO_DETECT = "Auto Detect"
UNLIMITED = -9999

PER_SECOND = "kReachUtils::calcPricePerSecond"
PER_MINUTE = "kReachUtils::calcPricePerMinute"
PER_HOUR = "kReachUtils::calcPricePerHour"
# Seconds that one unit of a price is for.
UNIT_SECONDS = {PER_SECOND: 1, PER_MINUTE: 60, PER_HOUR: 3600}

register_error("REACH_PROFILE_NOT_FOUND", "Reach profile with id provided not found [@ID@]")
register_error("CATALOG_ITEM_NOT_FOUND", "Catalog item with id provided not found [@ID@]")
register_error(
    "CATALOG_ITEM_NOT_ENABLED_FOR_ACCOUNT", "Catalog item with id provided [@ID@], is not enabled on account level"
)
register_error("ENTRY_VENDOR_TASK_NOT_FOUND", "Entry vendor task item with id provided not found [@ID@]")
register_error(
    "ENTRY_VENDOR_TASK_DUPLICATION",
    "Entry vendor task already exists for entry [@ENTRY_ID@] and catalog item [@CATALOG_ITEM_ID@] and version"
    " [@VERSION@]",
)
register_error(
    "ENTRY_VENDOR_TASK_ACTION_NOT_ALLOWED",
    "User id [@USER_ID@] is not allowed to do actions on entryVendorTask [@ID@]",
)
register_error(
    "EXCEEDED_MAX_CREDIT_ALLOWED",
    "Exceeded max credit allowed, task could not be added for entry [@ENTRY_ID@] and catalog item [@CATALOG_ITEM_ID@]",
)
register_error(
    "CREDIT_EXPIRED",
    "Credit cycle has expired, task could not be added for entry [@ENTRY_ID@] and catalog item [@CATALOG_ITEM_ID@]",
)
register_error("CANNOT_APPROVE_NOT_MODERATED_TASK", "Cannot approve task which is not pending moderation")
register_error("CANNOT_REJECT_NOT_MODERATED_TASK", "Cannot reject task which is not pending moderation")
register_error("CANNOT_ABORT_NOT_MODERATED_TASK", "Cannot abort task which is not pending moderation")
register_error(
    "CANNOT_UPDATE_STATUS_OF_TASK_WHICH_IS_IN_FINAL_STATE",
    "Cannot update status from [@OLD_STATUS@] to [@NEW_STATUS@] for task with id [@ID@], since task is in final status",
)
register_error("PARTNER_DATA_NOT_VALID_JSON_STRING", "Partner data must be a valid json string")
register_error("ENTRY_NOT_READY", "Ordering task is not allowed for entries which is in status [@STATUS@]")
register_error(
    "FEATURE_TYPE_NOT_SUPPORTED_FOR_ENTRY",
    "Requesting tasks of feature [@FEATURE@] for entry id [@ID@] is not supported",
)
register_error("REQUIRE_CAPTION", "Caption Asset must be provided for catalog item [@CATALOG_ITEM_ID@]")

int_enum("KalturaEntryVendorTaskStatus", *range(1, 10))
int_enum("KalturaReachProfileStatus", 1, 2, 3)
int_enum("KalturaReachProfileType", 1, 2)
int_enum("KalturaVendorCatalogItemStatus", 1, 2, 3)
int_enum("KalturaVendorServiceType", HUMAN, MACHINE)
int_enum("KalturaVendorServiceFeature", *range(1, 24))
int_enum("KalturaVendorServiceTurnAroundTime")
int_enum("KalturaVendorCatalogItemOutputFormat", 1, 2, 3)
int_enum("KalturaNullableBoolean", -1, 0, 1)
int_enum("KalturaEntryObjectType", 1, 2, 3)
string_enum("KalturaVendorCatalogItemPriceFunction")
string_enum("KalturaCatalogItemLanguage")

kaltura_type("KalturaBaseVendorCredit", None, abstract=True)
kaltura_type("KalturaUnlimitedVendorCredit", "KalturaBaseVendorCredit", prop("credit", "int"), prop("fromDate", "time"))
kaltura_type(
    "KalturaVendorCredit", "KalturaBaseVendorCredit",
    prop("credit", "int"), prop("fromDate", "time"), *props("int", "overageCredit addOn"),
)  # fmt: skip
kaltura_type("KalturaTimeRangeVendorCredit", "KalturaVendorCredit", prop("toDate", "time"))
kaltura_type(
    "KalturaReachProfile", None,
    prop("id", "int", read_only=True), prop("name"), prop("partnerId", "int", read_only=True),
    *props("time", "createdAt updatedAt", read_only=True), prop("status", "KalturaReachProfileStatus", read_only=True),
    prop("profileType", "KalturaReachProfileType"),
    prop("defaultOutputFormat", "KalturaVendorCatalogItemOutputFormat"),
    *props("KalturaNullableBoolean", "enableMachineModeration enableHumanModeration"),
    *props("KalturaNullableBoolean", "autoDisplayMachineCaptionsOnPlayer autoDisplayHumanCaptionsOnPlayer"),
    *props("string", "labelAdditionForMachineServiceType labelAdditionForHumanServiceType"),
    prop("credit", "KalturaBaseVendorCredit"), prop("usedCredit", "float"), prop("flavorParamsIds"),
)  # fmt: skip
kaltura_type(
    "KalturaReachProfileFilter", "KalturaFilter",
    prop("idEqual", "int"), prop("idIn"), prop("statusEqual", "KalturaReachProfileStatus"), prop("statusIn"),
    prop("profileTypeEqual", "KalturaReachProfileType"), prop("profileTypeIn"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
)  # fmt: skip
list_type("KalturaReachProfileListResponse", "KalturaReachProfile")

kaltura_type(
    "KalturaVendorCatalogItemPricing", None,
    prop("pricePerUnit", "float"), prop("priceFunction", "KalturaVendorCatalogItemPriceFunction"),
)  # fmt: skip
kaltura_type(
    "KalturaVendorCatalogItem", None,
    prop("id", "int", read_only=True), prop("vendorPartnerId", "int"), *props("string", "name systemName"),
    *props("time", "createdAt updatedAt", read_only=True),
    prop("status", "KalturaVendorCatalogItemStatus", read_only=True),
    prop("serviceType", "KalturaVendorServiceType"),
    prop("serviceFeature", "KalturaVendorServiceFeature", read_only=True),
    prop("turnAroundTime", "KalturaVendorServiceTurnAroundTime"), prop("pricing", "KalturaVendorCatalogItemPricing"),
    prop("sourceLanguage", "KalturaCatalogItemLanguage"), *props("bool", "allowResubmission payPerUse"),
    prop("notes"), prop("defaultReachProfileId", "int"), abstract=True,
)  # fmt: skip
kaltura_type(
    "KalturaVendorCaptionsCatalogItem", "KalturaVendorCatalogItem",
    prop("outputFormat", "KalturaVendorCatalogItemOutputFormat"), prop("enableSpeakerId", "KalturaNullableBoolean"),
    prop("fixedPriceAddons", "int"),
)  # fmt: skip
kaltura_type(
    "KalturaVendorTranslationCatalogItem", "KalturaVendorCaptionsCatalogItem",
    prop("targetLanguage", "KalturaCatalogItemLanguage"), prop("requireSource", "bool"),
)  # fmt: skip
kaltura_type(
    "KalturaVendorCatalogItemFilter", "KalturaFilter",
    prop("idEqual", "int"), *props("string", "idIn idNotIn"), prop("vendorPartnerIdEqual", "int"),
    prop("vendorPartnerIdIn"), prop("partnerIdEqual", "int"),
    prop("statusEqual", "KalturaVendorCatalogItemStatus"), prop("statusIn"),
    prop("serviceTypeEqual", "KalturaVendorServiceType"), prop("serviceTypeIn"),
    prop("serviceFeatureEqual", "KalturaVendorServiceFeature"), prop("serviceFeatureIn"),
    prop("turnAroundTimeEqual", "KalturaVendorServiceTurnAroundTime"), prop("turnAroundTimeIn"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
)  # fmt: skip
kaltura_type(
    "KalturaVendorCaptionsCatalogItemFilter", "KalturaVendorCatalogItemFilter",
    prop("sourceLanguageEqual", "KalturaCatalogItemLanguage"), prop("sourceLanguageIn"),
    prop("outputFormatEqual", "KalturaVendorCatalogItemOutputFormat"), prop("outputFormatIn"),
)  # fmt: skip
kaltura_type(
    "KalturaVendorTranslationCatalogItemFilter", "KalturaVendorCaptionsCatalogItemFilter",
    prop("targetLanguageEqual", "KalturaCatalogItemLanguage"), prop("targetLanguageIn"),
)  # fmt: skip
list_type("KalturaVendorCatalogItemListResponse", "KalturaVendorCatalogItem")

kaltura_type("KalturaVendorTaskData", None, prop("entryDuration", "int"))
kaltura_type("KalturaTranslationVendorTaskData", "KalturaVendorTaskData", prop("captionAssetId", insert_only=True))
kaltura_type(
    "KalturaEntryVendorTask", None,
    prop("id", "bigint", read_only=True), *props("int", "partnerId vendorPartnerId", read_only=True),
    *props("time", "createdAt updatedAt queueTime finishTime", read_only=True), prop("entryId", insert_only=True),
    prop("status", "KalturaEntryVendorTaskStatus"), *props("int", "reachProfileId catalogItemId", insert_only=True),
    prop("price", "float", read_only=True), prop("userId", read_only=True),
    prop("entryObjectType", "KalturaEntryObjectType", insert_only=True), prop("unitsUsed", "int"),
    prop("moderatingUser", read_only=True), prop("errDescription"),
    *props("string", "accessKey version", read_only=True), prop("notes"), prop("dictionary", read_only=True),
    prop("context"), prop("accuracy", "int"), prop("outputObjectId"),
    prop("partnerData"), prop("creationMode", "int", read_only=True), prop("taskJobData", "KalturaVendorTaskData"),
    prop("expectedFinishTime", "time", read_only=True), prop("serviceType", "KalturaVendorServiceType", read_only=True),
    prop("serviceFeature", "KalturaVendorServiceFeature", read_only=True),
    prop("turnAroundTime", "KalturaVendorServiceTurnAroundTime", read_only=True), prop("externalTaskId"),
)  # fmt: skip
kaltura_type(
    "KalturaEntryVendorTaskFilter", "KalturaFilter",
    prop("idEqual", "bigint"), *props("string", "idIn idNotIn entryIdEqual userIdEqual contextEqual freeText"),
    prop("statusEqual", "KalturaEntryVendorTaskStatus"), prop("statusIn"),
    prop("reachProfileIdEqual", "int"), prop("reachProfileIdIn"), prop("catalogItemIdEqual", "int"),
    prop("catalogItemIdIn"), prop("vendorPartnerIdEqual", "int"), prop("vendorPartnerIdIn"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    *props("time", "queueTimeGreaterThanOrEqual queueTimeLessThanOrEqual"),
    *props("time", "finishTimeGreaterThanOrEqual finishTimeLessThanOrEqual"),
)  # fmt: skip
list_type("KalturaEntryVendorTaskListResponse", "KalturaEntryVendorTask")
