"""Kaltura's own names in bulk upload files, and what becomes of each.

The columns are those of the server's ``BulkUploadEntryEngineCsv`` and ``MetadataPlugin``, the elements those of
``ingestion.xsd`` and of the plug-ins that extend it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """What becomes of one column or element.

    :param field: the field it fills; empty if none.
    :param unused: why it is not needed, if that is so.
    :param fix: what to do instead, if it is not supported: a row that says something there is refused.
    """

    field: str = ""
    unused: str = ""
    fix: str = ""


_SSH = Name(fix="copy the files to the bucket: they are not fetched over SSH, and keys do not belong into a manifest")
_METADATA = Name(fix="use columns metadata::PROFILE::FIELD with the system names of profile and field")
_PARTNER_DATA = Name(fix="remove it, or put it into custom metadata")
_MEDIA_TYPE = Name(unused="the kind of media is found out from the file")

COLUMNS_V1 = ("title", "description", "tags", "url", "contentType")
COLUMNS_V2 = (
    *COLUMNS_V1,
    "conversionProfileId",
    "accessControlProfileId",
    "category",
    "scheduleStartDate",
    "scheduleEndDate",
    "thumbnailUrl",
    "partnerData",
)
COLUMNS = {
    "title": Name("name"),
    "description": Name("description"),
    "tags": Name("tags"),
    "url": Name("media"),
    "contentType": _MEDIA_TYPE,
    "mediaType": _MEDIA_TYPE,
    "conversionProfileId": Name("conversion_profile"),
    "accessControlProfileId": Name("access_control"),
    "category": Name("categories"),
    "scheduleStartDate": Name("start"),
    "scheduleEndDate": Name("end"),
    "thumbnailUrl": Name("thumbnail"),
    "partnerData": _PARTNER_DATA,
    "sshPrivateKey": _SSH,
    "sshPublicKey": _SSH,
    "sshKeyPassphrase": _SSH,
    "entryId": Name("entry_id"),
    "action": Name("action"),
    "ownerId": Name("owner"),
    "creatorId": Name(fix="use ownerId; the creator is who runs the pipeline"),
    "entitledUsersEdit": Name("co_editors"),
    "entitledUsersPublish": Name("co_publishers"),
    "entitledUsersView": Name("viewers"),
    "referenceId": Name("reference_id"),
    "templateEntryId": Name("template_entry"),
    "metadataProfileId": _METADATA,
    "metadataXml": _METADATA,
    "metadataUrl": _METADATA,
}
ITEM = {
    "action": Name("action"),
    "type": Name(unused="the kind of entry is found out from the file"),
    "entryId": Name("entry_id"),
    "referenceId": Name("reference_id"),
    "userId": Name("owner"),
    "entitledUsersEdit": Name("co_editors"),
    "entitledUsersPublish": Name("co_publishers"),
    "entitledUsersView": Name("viewers"),
    "name": Name("name"),
    "description": Name("description"),
    "tags": Name("tags"),
    "categories": Name("categories"),
    "accessControlId": Name("access_control"),
    "accessControl": Name("access_control"),
    "conversionProfileId": Name("conversion_profile"),
    "conversionProfile": Name("conversion_profile"),
    "startDate": Name("start"),
    "endDate": Name("end"),
    "templateEntryId": Name("template_entry"),
    "contentAssets": Name("media"),
    "thumbnails": Name("thumbnail"),
    "subTitles": Name("captions"),
    "customDataItems": Name("metadata"),
    "media": _MEDIA_TYPE,
    "msDuration": Name(unused="Kaltura measures it"),
    "keepManualThumbnails": Name(unused="the pipeline only exchanges thumbnails that it is given"),
    "licenseType": Name(fix="remove it, or set it in the KMC"),
    "parentReferenceId": Name(fix="remove it, and make the child entries by the API"),
    "templateEntry": Name(fix="use templateEntryId with the ID of the entry"),
    "partnerData": _PARTNER_DATA,
    "partnerSortData": _PARTNER_DATA,
    "distributions": Name(fix="remove it, and distribute in the KMC"),
    "scenes": Name(fix="remove it, and add cue points by the API once the entry is ready"),
    "attachments": Name(fix="remove it, and add attachments by the API once the entry is ready"),
    "pluginReplacementOptions": Name(fix="remove it"),
    "widevineAssets": Name(fix="remove it"),
}
# KalturaBulkUploadAction, and the words of the XML form.
ACTIONS = {
    "1": "add",
    "2": "update",
    "3": "delete",
    "4": "replace",
    "6": "add_or_update",
    "add": "add",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "addorupdate": "add_or_update",
    "add_or_update": "add_or_update",
}
