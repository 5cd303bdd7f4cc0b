"""The types of entries, of their filters and of the resources that give them content."""

from __future__ import annotations

from ..errors import register_error
from ..schema import int_enum, kaltura_type, list_type, prop, props, string_enum

register_error(
    "ENTRY_DISPLAY_IN_SEARCH_VALUE_NOT_ALLOWED", "The value [@VALUE@] of displayInSearch can not be set on an entry"
)
register_error("FILE_DOESNT_EXIST", "File doesnt exist")

string_enum("KalturaSourceType")
int_enum("KalturaMediaType", 1, 2, 5, 201, 202, 203, 204)
int_enum("KalturaDocumentType", 11, 12, 13)
int_enum("KalturaEntryModerationStatus", 1, 2, 3, 4, 5, 6)
int_enum("KalturaLicenseType")
int_enum("KalturaEntryDisplayInSearchType", -2, -1, 0, 1, 2)

kaltura_type(
    "KalturaBaseEntry", None,
    prop("id", read_only=True), prop("name", "mstring"), prop("description", "mstring"),
    prop("partnerId", "int", read_only=True), prop("userId"), prop("creatorId", insert_only=True),
    prop("tags", "mstring"), *props("string", "adminTags categories categoriesIds"),
    prop("status", "raw", read_only=True),
    prop("moderationStatus", "KalturaEntryModerationStatus", read_only=True),
    prop("moderationCount", "int", read_only=True), prop("type", "int"),
    *props("time", "createdAt updatedAt", read_only=True), prop("rank", "float", read_only=True),
    *props("int", "totalRank votes", read_only=True), prop("groupId", "int"), prop("partnerData"),
    prop("downloadUrl", read_only=True), prop("searchText", read_only=True), prop("licenseType", "KalturaLicenseType"),
    prop("version", "raw", read_only=True), prop("thumbnailUrl", insert_only=True), prop("accessControlId", "int"),
    *props("time", "startDate endDate"), prop("referenceId", min_length=2),
    *props("string", "replacingEntryId replacedEntryId", read_only=True),
    prop("replacementStatus", "int", read_only=True),
    *props("int", "partnerSortValue conversionProfileId"), prop("redirectEntryId"),
    prop("rootEntryId", read_only=True), prop("parentEntryId"), prop("operationAttributes", "raw"),
    *props("string", "entitledUsersEdit entitledUsersPublish entitledUsersView"),
    prop("capabilities", read_only=True), prop("templateEntryId", insert_only=True),
    prop("displayInSearch", "KalturaEntryDisplayInSearchType"), *props("string", "application applicationVersion"),
    prop("blockAutoTranscript", "bool"),
    always_answered=("type",),
)  # fmt: skip
kaltura_type(
    "KalturaPlayableEntry", "KalturaBaseEntry",
    *props("int", "plays views", read_only=True), prop("lastPlayedAt", "time", read_only=True),
    *props("int", "width height duration", read_only=True), prop("msDuration", "int"),
    prop("durationType", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaMediaEntry", "KalturaPlayableEntry",
    prop("mediaType", "KalturaMediaType", insert_only=True), prop("conversionQuality", insert_only=True),
    prop("sourceType", "KalturaSourceType", insert_only=True), prop("searchProviderType", "int", insert_only=True),
    prop("searchProviderId", insert_only=True), *props("string", "creditUserName creditUrl"),
    prop("mediaDate", "time", read_only=True), *props("string", "dataUrl flavorParamsIds", read_only=True),
    prop("isTrimDisabled", "bool", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaDataEntry", "KalturaBaseEntry",
    prop("dataContent"), prop("retrieveDataContentByGet", "int", insert_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaDocumentEntry", "KalturaBaseEntry",
    prop("documentType", "KalturaDocumentType", insert_only=True), prop("assetParamsIds", read_only=True),
)  # fmt: skip

kaltura_type(
    "KalturaBaseEntryFilter", "KalturaFilter",
    *props("string", "idEqual idIn idNotIn nameLike nameMultiLikeOr nameMultiLikeAnd nameEqual partnerIdIn"),
    prop("partnerIdEqual", "int"), *props("string", "userIdEqual userIdIn userIdNotIn creatorIdEqual creatorIdIn"),
    *props("string", "tagsLike tagsMultiLikeOr tagsMultiLikeAnd adminTagsLike adminTagsMultiLikeOr"),
    *props("string", "adminTagsMultiLikeAnd categoriesMatchAnd categoriesMatchOr categoriesNotContains"),
    *props("string", "categoriesIdsMatchAnd categoriesIdsMatchOr categoriesIdsNotContains categoriesFullNameIn"),
    prop("categoriesIdsEmpty", "bool"), prop("categoryAncestorIdIn"),
    prop("statusEqual", "int"), prop("statusNotEqual", "int"), *props("string", "statusIn statusNotIn"),
    prop("moderationStatusEqual", "int"), prop("moderationStatusNotEqual", "int"),
    *props("string", "moderationStatusIn moderationStatusNotIn"),
    prop("typeEqual", "int"), prop("typeIn"), *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    prop("totalRankGreaterThanOrEqual", "int"), prop("totalRankLessThanOrEqual", "int"), prop("groupIdEqual", "int"),
    *props("string", "searchTextMatchAnd searchTextMatchOr"), prop("accessControlIdEqual", "int"),
    prop("accessControlIdIn"), *props("time", "startDateGreaterThanOrEqual startDateLessThanOrEqual"),
    *props("time", "startDateGreaterThanOrEqualOrNull startDateLessThanOrEqualOrNull"),
    *props("time", "endDateGreaterThanOrEqual endDateLessThanOrEqual"),
    *props("time", "endDateGreaterThanOrEqualOrNull endDateLessThanOrEqualOrNull"),
    *props("string", "referenceIdEqual referenceIdIn replacingEntryIdEqual replacingEntryIdIn"),
    *props("string", "replacedEntryIdEqual replacedEntryIdIn replacementStatusIn"),
    prop("replacementStatusEqual", "int"),
    prop("partnerSortValueGreaterThanOrEqual", "int"), prop("partnerSortValueLessThanOrEqual", "int"),
    *props("string", "rootEntryIdEqual rootEntryIdIn parentEntryIdEqual"), prop("displayInSearchEqual", "int"),
    *props("string", "tagsNameMultiLikeOr tagsAdminTagsMultiLikeOr tagsAdminTagsNameMultiLikeOr"),
    *props("string", "tagsNameMultiLikeAnd tagsAdminTagsMultiLikeAnd tagsAdminTagsNameMultiLikeAnd"),
    *props("string", "freeText redirectFromEntryId conversionProfileIdIn"), prop("conversionProfileIdEqual", "int"),
    *props("string", "partnerDataEqual partnerDataLike"), prop("isRoot", "bool"),
)  # fmt: skip
kaltura_type(
    "KalturaPlayableEntryFilter", "KalturaBaseEntryFilter",
    *props("int", "durationLessThan durationGreaterThan durationLessThanOrEqual durationGreaterThanOrEqual"),
    *props("int", "msDurationLessThan msDurationGreaterThan msDurationLessThanOrEqual msDurationGreaterThanOrEqual"),
    *props("time", "lastPlayedAtGreaterThanOrEqual lastPlayedAtLessThanOrEqual"),
    *props("int", "playsGreaterThanOrEqual playsLessThanOrEqual viewsGreaterThanOrEqual viewsLessThanOrEqual"),
)  # fmt: skip
kaltura_type(
    "KalturaMediaEntryFilter", "KalturaPlayableEntryFilter",
    prop("mediaTypeEqual", "int"), prop("mediaTypeIn"), *props("string", "sourceTypeEqual sourceTypeNotEqual"),
    *props("string", "sourceTypeIn sourceTypeNotIn flavorParamsIdsMatchOr flavorParamsIdsMatchAnd"),
)  # fmt: skip
kaltura_type("KalturaDataEntryFilter", "KalturaBaseEntryFilter")
kaltura_type(
    "KalturaDocumentEntryFilter", "KalturaBaseEntryFilter", prop("documentTypeEqual", "int"), prop("documentTypeIn")
)
list_type("KalturaBaseEntryListResponse", "KalturaBaseEntry")
list_type("KalturaMediaListResponse", "KalturaMediaEntry")
list_type("KalturaDataListResponse", "KalturaDataEntry")
list_type("KalturaDocumentListResponse", "KalturaDocumentEntry")

kaltura_type("KalturaResource", None, abstract=True)
kaltura_type("KalturaContentResource", "KalturaResource", abstract=True)
kaltura_type("KalturaDataCenterContentResource", "KalturaContentResource", abstract=True)
kaltura_type("KalturaUploadedFileTokenResource", "KalturaDataCenterContentResource", prop("token"))
kaltura_type("KalturaUploadedFileResource", "KalturaDataCenterContentResource", prop("fileData", "file"))
kaltura_type(
    "KalturaUrlResource", "KalturaContentResource",
    prop("url"), *props("bool", "forceAsyncDownload shouldRedirect"), prop("urlHeaders", "array<KalturaString>"),
)  # fmt: skip
kaltura_type("KalturaSshUrlResource", "KalturaUrlResource", *props("string", "privateKey publicKey keyPassphrase"))
kaltura_type("KalturaStringResource", "KalturaContentResource", prop("content"))
kaltura_type("KalturaEntryResource", "KalturaContentResource", prop("entryId"), prop("flavorParamsId", "int"))
kaltura_type("KalturaAssetResource", "KalturaContentResource", prop("assetId"))
kaltura_type("KalturaRemoteStorageResource", "KalturaUrlResource", prop("storageProfileId", "int"))
kaltura_type("KalturaServerFileResource", "KalturaDataCenterContentResource", prop("localFilePath"))
kaltura_type(
    "KalturaAssetParamsResourceContainer", "KalturaResource",
    prop("resource", "KalturaContentResource"), prop("assetParamsId", "int"),
)  # fmt: skip
kaltura_type(
    "KalturaAssetsParamsResourceContainers", "KalturaResource",
    prop("resources", "array<KalturaAssetParamsResourceContainer>"),
)  # fmt: skip
