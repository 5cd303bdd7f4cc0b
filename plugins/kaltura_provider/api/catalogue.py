"""What a program needs to know of Kaltura's errors and permissions. Data only.

What they mean for a person is in :mod:`kaltura_provider.api.advice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class ErrorClass(Enum):
    """What a caller can do about an error."""

    #: The same call may work later.
    RETRY = "retry"
    #: A new session is needed; the client has already tried one before it raises this.
    RENEW_SESSION = "renew_session"
    #: The session is valid but may not do this, or the credentials were refused.
    PERMISSION = "permission"
    #: The call can never work as it is.
    PERMANENT = "permanent"


#: INVALID_KS carries one of these words instead of the session when the session was once valid.
KSID_WORDS = frozenset(
    {"", "EXPIRED", "LOGOUT", "EXCEEDED_ACTIONS_LIMIT", "EXCEEDED_RESTRICTED_IP", "EXCEEDED_RESTRICTED_URI"}
)

#: Codes after which Kaltura has surely done nothing, so that even an action that must not run twice may be repeated.
REFUSED_BEFORE_ACTING = frozenset({"ACTION_BLOCKED", "RATE_LIMITED", "CATEGORIES_LOCKED", "HTTP_429"})

#: The permission a role needs for an action, where a plain user session does not have it.
PERMISSION_OF_ACTION: Mapping[str, str] = {
    "uploadtoken.add": "CONTENT_INGEST_UPLOAD",
    "uploadtoken.upload": "CONTENT_INGEST_UPLOAD",
    "media.add": "CONTENT_INGEST_UPLOAD",
    "media.addcontent": "CONTENT_INGEST_UPLOAD",
    "media.updatecontent": "CONTENT_INGEST_UPLOAD",
    "baseentry.add": "CONTENT_INGEST_UPLOAD",
    "baseentry.addcontent": "CONTENT_INGEST_UPLOAD",
    "media.list": "CONTENT_MANAGE_BASE",
    "media.get": "CONTENT_MANAGE_BASE",
    "media.count": "CONTENT_MANAGE_BASE",
    "baseentry.list": "CONTENT_MANAGE_BASE",
    "baseentry.get": "CONTENT_MANAGE_BASE",
    "baseentry.count": "CONTENT_MANAGE_BASE",
    "baseentry.listbyreferenceid": "CONTENT_MANAGE_BASE",
    "baseentry.getbyids": "CONTENT_MANAGE_BASE",
    "flavorasset.list": "CONTENT_MANAGE_BASE",
    "flavorasset.convert": "CONTENT_MANAGE_RECONVERT",
    "media.update": "CONTENT_MANAGE_METADATA",
    "baseentry.update": "CONTENT_MANAGE_METADATA",
    "media.delete": "CONTENT_MANAGE_DELETE",
    "baseentry.delete": "CONTENT_MANAGE_DELETE",
    "media.approvereplace": "CONTENT_INGEST_REPLACE",
    "media.cancelreplace": "CONTENT_INGEST_REPLACE",
    "document_documents.updatecontent": "CONTENT_INGEST_UPLOAD",
    "document_documents.approvereplace": "CONTENT_INGEST_REPLACE",
    "document_documents.cancelreplace": "CONTENT_INGEST_REPLACE",
    "bulkupload_bulk.addentries": "CONTENT_INGEST_BULK_UPLOAD",
    "thumbasset.add": "CONTENT_MANAGE_THUMBNAIL",
    "thumbasset.setcontent": "CONTENT_MANAGE_THUMBNAIL",
    "thumbasset.setasdefault": "CONTENT_MANAGE_THUMBNAIL",
    "thumbasset.delete": "CONTENT_MANAGE_THUMBNAIL",
    "metadata_metadata.add": "CONTENT_MANAGE_CUSTOM_DATA",
    "metadata_metadata.update": "CONTENT_MANAGE_CUSTOM_DATA",
    "metadata_metadataprofile.add": "CUSTOM_DATA_PROFILE_ADD",
    "metadata_metadataprofile.list": "CUSTOM_DATA_PROFILE_BASE",
    "caption_captionasset.add": "CAPTION_MODIFY",
    "caption_captionasset.setcontent": "CAPTION_MODIFY",
    "caption_captionasset.list": "CONTENT_MANAGE_BASE",
    "attachment_attachmentasset.add": "ATTACHMENT_MODIFY",
    "attachment_attachmentasset.setcontent": "ATTACHMENT_MODIFY",
    "attachment_attachmentasset.update": "ATTACHMENT_MODIFY",
    "cuepoint_cuepoint.add": "cuePoint.MANAGE",
    "cuepoint_cuepoint.update": "cuePoint.MANAGE",
    "cuepoint_cuepoint.delete": "cuePoint.MANAGE",
    "reach_reachprofile.list": "ADMIN_BASE",
    "reach_entryvendortask.approve": "ADMIN_BASE",
    "reach_entryvendortask.reject": "ADMIN_BASE",
    "category.add": "CONTENT_MANAGE_EDIT_CATEGORIES",
    "category.list": "CONTENT_MANAGE_ASSIGN_CATEGORIES",
    "category.get": "CONTENT_MANAGE_ASSIGN_CATEGORIES",
    "categoryentry.add": "CONTENT_MANAGE_ASSIGN_CATEGORIES",
    "categoryentry.delete": "CONTENT_MANAGE_ASSIGN_CATEGORIES",
    "categoryentry.list": "CONTENT_MANAGE_ASSIGN_CATEGORIES",
    "playlist.add": "PLAYLIST_ADD",
    "playlist.update": "PLAYLIST_UPDATE",
    "uiconf.list": "STUDIO_BASE",
    "uiconf.get": "STUDIO_BASE",
    "uiconf.add": "STUDIO_ADD_UICONF",
    "uiconf.clone": "STUDIO_ADD_UICONF",
    "uiconf.update": "STUDIO_UPDATE_UICONF",
    "conversionprofile.list": "TRANSCODING_BASE",
    "conversionprofile.get": "TRANSCODING_BASE",
    "conversionprofile.getdefault": "TRANSCODING_BASE",
    "conversionprofile.add": "TRANSCODING_ADD",
    "conversionprofile.update": "TRANSCODING_UPDATE",
    "conversionprofileassetparams.list": "TRANSCODING_BASE",
    "conversionprofileassetparams.update": "TRANSCODING_UPDATE",
    "flavorparams.list": "TRANSCODING_BASE",
    "accesscontrolprofile.list": "ACCESS_CONTROL_BASE",
    "accesscontrolprofile.add": "ACCESS_CONTROL_ADD",
    "accesscontrolprofile.update": "ACCESS_CONTROL_UPDATE",
    "syndicationfeed.add": "SYNDICATION_ADD",
    "apptoken.add": "APP_TOKEN_ADD",
}


def permission_of(service_action: str) -> str | None:
    """Name the permission a role needs for an action, if known.

    :param service_action: such as ``media.add``.
    :return: the permission, or None.
    """
    name = service_action.lower()
    return "ANALYTICS_BASE" if name.startswith("report.") else PERMISSION_OF_ACTION.get(name)
