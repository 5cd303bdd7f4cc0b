"""What Kaltura's error codes mean for a caller, and what a user can do about them. Data only."""

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

_AGAIN = "This usually passes: run the task again; if it stays, send Kaltura support the X-Kaltura-Session number."
_STATUS = "Look at the entry in the KMC; it may have been changed there at the same time."
_ROLE = "Ask an administrator of the Kaltura account for this right, or use a session with a role that has it."
_INPUT = "Correct this parameter; the Kaltura API documentation of the action lists what it takes."

#: Codes that allow the same call again.
RETRY: Mapping[str, str] = {
    "INTERNAL_SERVERL_ERROR": (
        "Kaltura had an internal error. It may also hide a wrong value, such as a name of more than some thousand "
        "characters. " + _AGAIN
    ),
    "INTERNAL_SERVER_ERROR": _AGAIN,
    "INTERNAL_DATABASE_ERROR": _AGAIN,
    "LOCK_TIMED_OUT": "Something else is changing the same object. Run the task again.",
    "SEARCH_ENGINE_QUERY_FAILED": _AGAIN,
    "DRUID_QUERY_TIMED_OUT": "The analytics query took too long. Ask for fewer days or entries, or run the task again.",
    "ACTION_BLOCKED": (
        "Either too many calls in a short time: lower the parallelism (an Airflow pool helps) and run again; or the "
        "action is blocked for this account: ask Kaltura support."
    ),
    "RATE_LIMITED": "Too many calls in a short time: lower the parallelism (an Airflow pool helps) and run again.",
    "FILE_PENDING": "Kaltura still moves the file. Run the task again in some minutes.",
    "MULTI_ATTEMPTS_TO_UPDATE_METADATA": "Something else changes the same metadata. Run the task again.",
    "CATEGORIES_LOCKED": "Categories are being changed at the same time. Run the task again.",
    "UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE": (
        "Kaltura has not put all parts of the file together. Run the task again; it continues where the upload stopped."
    ),
    "UPLOAD_ERROR": (
        "Kaltura could not store this part of the file. Run the task again; it continues where the upload stopped."
    ),
    "MULTIREQUEST_PROXY_FAILED": (
        "Kaltura could not pass the call on to its other data centre. Send the upload as a call of its own."
    ),
    "CONNECTION_REFUSED": "Check host and port of the service URL, and that a firewall lets this machine reach them.",
    "CONNECTION_LOST": "The connection broke. Check the network and any proxy on the way, then run the task again.",
    "CONNECT_TIMEOUT": "The server did not accept a connection in time. Check the service URL, firewall and proxy.",
    "READ_TIMEOUT": (
        "The server did not answer in time. Run the task again; if it stays, raise read_timeout in the connection."
    ),
    "HOST_NOT_FOUND": (
        "The name of the host could not be resolved. Check the service URL in the connection and the DNS."
    ),
    "HOST_UNREACHABLE": "There is no route to the host. Check the network, VPN and firewall of this machine.",
    "PROXY_ERROR": (
        "The proxy did not connect. Check the proxy setting of the connection and the variables HTTPS_PROXY and "
        "NO_PROXY."
    ),
    "BAD_ANSWER": (
        "Something between this machine and Kaltura changed or cut the answer. Check the service URL, a proxy or a"
        " firewall on the way, then run the task again."
    ),
}

#: Codes after which Kaltura has surely done nothing, so that even an action that must not run twice may be repeated.
REFUSED_BEFORE_ACTING = frozenset({"ACTION_BLOCKED", "RATE_LIMITED", "CATEGORIES_LOCKED", "HTTP_429"})

#: Codes about rights and credentials.
PERMISSION: Mapping[str, str] = {
    "SERVICE_FORBIDDEN": _ROLE,
    "SERVICE_FORBIDDEN_CONTENT_BLOCKED": (
        "Kaltura does not know this partner ID, or has blocked the account. Check the partner ID in the connection"
        " and that the service URL is the region of the account."
    ),
    "FEATURE_FORBIDDEN": "The account lacks this feature. Ask the Kaltura account manager to enable it.",
    "PARTNER_ACCESS_FORBIDDEN": "The account may not do this. Check the partner ID of the connection.",
    "SERVICE_ACCESS_CONTROL_RESTRICTED": "An access control rule forbids it. Use a session that the rule allows.",
    "ACCESS_UNAUTHORIZED": _ROLE,
    "ACTION_FORBIDDEN": _ROLE,
    "USER_BLOCKED": "The Kaltura user is blocked. Unblock it in the KMC or set another user ID in the connection.",
    "PROPERTY_VALIDATION_NO_USAGE_PERMISSION": "The session may not use this field. " + _ROLE,
    "PROPERTY_VALIDATION_NO_UPDATE_PERMISSION": "The session may not change this field. " + _ROLE,
    "PROPERTY_VALIDATION_NO_INSERT_PERMISSION": "The session may not set this field. " + _ROLE,
    "PROPERTY_VALIDATION_ADMIN_PROPERTY": "Only an admin session may set this field: use session type 2.",
    "START_SESSION_ERROR": (
        "Check the admin secret and the partner ID in the connection (KMC, Settings > Integration Settings); an "
        "admin session needs the administrator secret, not the user secret."
    ),
    "INVALID_APP_TOKEN_HASH": (
        "The app token or its hash type is wrong. Check both in the connection: the hash type must be the one the "
        "token was made with (SHA1 if nothing was chosen)."
    ),
    "APP_TOKEN_ID_NOT_FOUND": (
        "Check the app token ID in the connection; the token may have been deleted. An administrator can make a "
        "new one with appToken.add."
    ),
    "APP_TOKEN_NOT_ACTIVE": (
        "The app token is disabled. Make a new one with appToken.add and put it into the connection."
    ),
    "APP_TOKEN_EXPIRED": "The app token has expired. Make a new one with appToken.add and put it into the connection.",
    "DIRECT_LOGIN_BLOCKED": "This user must log in through single sign-on. Use an app token.",
    "UNKNOWN_ROLE_ID": "The privilege setrole names a role that does not exist. Check the role in the KMC.",
    "INVALID_KS": (
        "The session is not allowed to do this. Check owner, privileges, and IP or URL restrictions of the session."
    ),
}

#: Codes that need a new session.
RENEW: Mapping[str, str] = {
    "INVALID_KS": "A new session did not help either. Check the credentials in the connection.",
    "MISSING_KS": "Kaltura saw no session. A proxy may have changed the request; check the service URL.",
    "EXPIRED_KS": "A new session did not help either. Check the clock of this machine.",
}

#: Hints for the rest, which can not work by repeating.
PERMANENT: Mapping[str, str] = {
    "TLS_ERROR": (
        "The certificate of the server is not trusted, or the port speaks no TLS. Check the service URL; for a "
        "private certificate authority set ca_bundle in the connection."
    ),
    "SERVICE_NOT_SPECIFIED": (
        "Kaltura did not read the request: it was too big for the server (use smaller upload parts), or a proxy "
        "changed its Content-Type."
    ),
    "SERVICE_DOES_NOT_EXISTS": (
        "Check the name of the service; services of plugins have a prefix, such as caption_captionAsset. The "
        "plugin may not be installed on this server."
    ),
    "ACTION_DOES_NOT_EXISTS": "Check the name of the action in the Kaltura API documentation.",
    "MISSING_MANDATORY_PARAMETER": "Add this parameter. If it was sent, the request was too big for the server.",
    "INVALID_ENUM_VALUE": _INPUT,
    "INVALID_PARAMETER_CHAR": "Remove the control characters from this text.",
    "OBJECT_TYPE_ABSTRACT": "Add objectType, which names the kind of the nested object.",
    "PROPERTY_VALIDATION_NOT_UPDATABLE": "Leave this field out; Kaltura sets it itself.",
    "PROPERTY_VALIDATION_CANNOT_BE_NULL": "Set this field.",
    "PROPERTY_VALIDATION_MIN_LENGTH": "Use a longer text.",
    "PROPERTY_VALIDATION_MAX_LENGTH": "Use a shorter text.",
    "PROPERTY_VALIDATION_WRONG_FORMAT": _INPUT,
    "INVALID_ENTRY_SCHEDULE_DATES": "The start date must lie before the end date.",
    "WRONG_REQUEST_LANGUAGE": "Send a plain text, not an empty value.",
    "INVALID_WIDGET_ID": (
        "Kaltura does not know this partner ID. Check it in the connection, and that the service URL is the region"
        " of the account."
    ),
    "ENTRY_ID_NOT_FOUND": (
        "Check the entry ID: the entry was deleted, belongs to another account, or the session may not see it."
    ),
    "INVALID_ENTRY_ID": "Check the entry ID: the entry was deleted or belongs to another account.",
    "UPLOAD_TOKEN_NOT_FOUND": (
        "The upload token was deleted or belongs to another user. Run the task again; it starts a new upload."
    ),
    "UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD": (
        "The upload is already finished or cancelled. Run the task again; it looks what is there."
    ),
    "UPLOAD_TOKEN_CANNOT_RESUME": (
        "Kaltura has lost the beginning of the file. Run the task again; it starts a new upload."
    ),
    "UPLOAD_PASSED_MAX_RESUME_TIME_ALLOWED": (
        "The upload is older than 7 days. Run the task again; it starts a new one."
    ),
    "MAX_ALLOWED_CHUNK_COUNT_EXCEEDED": "Too many parts wait on the server. Run the task again with bigger parts.",
    "UPLOAD_TOKEN_FILE_TYPE_RESTRICTED_FOR_UPLOAD": (
        "The account does not accept this kind of file. Check that the file is what its extension says, or ask the"
        " Kaltura account manager to allow the type."
    ),
    "FILE_CONTENT_NOT_SECURE": "Kaltura refused the content: the file is empty or holds something it does not allow.",
    "UPLOAD_SIZE_MISMATCH": (
        "Kaltura holds another number of bytes than the source has. Run the task again; it starts a new upload."
    ),
    "ENTRY_WITHOUT_CONTENT": "The entry has no content yet. Give it its first one with addContent.",
    "ENTRY_ALREADY_WITH_CONTENT": "The entry has content already. To exchange it use media.updateContent.",
    "ENTRY_REPLACEMENT_ALREADY_EXISTS": "A replacement of this entry is running. Wait for it or cancel it in the KMC.",
    "ENTRY_NOT_READY": _STATUS,
    "REFERENCE_ID_IN_USE": "Choose another reference_id, or delete the other entry.",
    "RESOURCE_TYPE_NOT_SUPPORTED": "This kind of entry takes no such content. Check media_kind.",
    "ENTRY_TYPE_NOT_SUPPORTED": "This kind of entry takes no such content. Check media_kind.",
    "QUERY_EXCEEDED_MAX_MATCHES_ALLOWED": (
        "More than 10,000 objects match. Narrow the filter, or order by createdAt so that the client can go on."
    ),
    "SEARCH_TOO_GENERAL": "Too much matches. Narrow the filter or the days.",
    "REPORT_TOO_LARGE": (
        "Kaltura gives at most 12,000 rows of one report. Narrow it by entries, categories or countries and join "
        "the parts."
    ),
    "REPORT_NOT_FOUND": "Check the report type.",
    "INVALID_UI_CONF_ID": "Check the player ID (uiConf) in the KMC, Studio.",
    "INVALID_OBJECT_ID": "Check the ID; for a session, check the role named by setrole.",
    "CONVERSION_PROFILE_ID_NOT_FOUND": "Check conversionProfileId in the KMC, Settings > Transcoding Settings.",
    "ACCESS_CONTROL_ID_NOT_FOUND": "Check accessControlId in the KMC, Settings > Access Control.",
    "DEPENDENCY_FAILED": "Correct the request it depends on.",
}

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
    "category.add": "CONTENT_MANAGE_EDIT_CATEGORIES",
    "category.list": "CONTENT_MANAGE_ASSIGN_CATEGORIES",
    "categoryentry.add": "CONTENT_MANAGE_ASSIGN_CATEGORIES",
    "playlist.add": "PLAYLIST_ADD",
    "uiconf.list": "STUDIO_BASE",
    "uiconf.get": "STUDIO_BASE",
    "uiconf.add": "STUDIO_ADD_UICONF",
    "uiconf.clone": "STUDIO_ADD_UICONF",
    "uiconf.update": "STUDIO_UPDATE_UICONF",
    "conversionprofile.list": "TRANSCODING_BASE",
    "conversionprofile.get": "TRANSCODING_BASE",
    "conversionprofile.getdefault": "TRANSCODING_BASE",
    "conversionprofileassetparams.list": "TRANSCODING_BASE",
    "flavorparams.list": "TRANSCODING_BASE",
    "accesscontrolprofile.list": "ACCESS_CONTROL_BASE",
    "accesscontrolprofile.add": "ACCESS_CONTROL_ADD",
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
