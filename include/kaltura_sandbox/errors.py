"""Kaltura's error codes with their message templates, and the exception that carries one to the answer."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An error as Kaltura answers it: HTTP 200 with a code, a message and named arguments.

    :param code: Kaltura's error code, for example ``ENTRY_ID_NOT_FOUND``.
    :param message: the final text, placeholders already filled in.
    :param args: Kaltura's named arguments, in the order of the answer; values are always text.
    """

    def __init__(self, code: str, message: str, args: dict[str, str]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.api_args = args


class ServerCrash(Exception):
    """A fault that ends Kaltura's script: HTTP 500 with an empty text/html body."""


# One row an error: message template with @NAME@ placeholders. A key "CODE/variant" gives a second wording of the
# same code.
MESSAGES: dict[str, str] = {
    # requests
    "ACTION_DOES_NOT_EXISTS": 'Action "@ACTION_NAME@" does not exists for service "@SERVICE_NAME@"',
    "INTERNAL_DATABASE_ERROR": "Internal database error",
    "INTERNAL_SERVERL_ERROR": "Internal server error occurred",
    "INVALID_ENUM_VALUE": (
        'Invalid enumeration value "@ENUM_VAL@" for parameter "@PARAM_NAME@", expecting enumeration type "@ENUM_TYPE@"'
    ),
    "INVALID_OBJECT_ID": "Invalid object id [@ID@]",
    "INVALID_PARAMETER_CHAR": 'Invalid char in "@XML_FIELD@" field',
    "MANDATORY_PARAMETER_MISSING": "Mandatory parameter missing [@PARAM@]",
    "MISSING_MANDATORY_PARAMETER": 'Missing parameter "@PARAM_NAME@"',
    "OBJECT_TYPE_ABSTRACT": 'The object type "@OBJ_TYPE@" is abstract, use one of the object implementations',
    "PROPERTY_VALIDATION_CANNOT_BE_NULL": 'The property "@PROP_NAME@" cannot be null',
    "PROPERTY_VALIDATION_MAX_LENGTH": 'The property "@PROP_NAME@" cannot have more than @MAX_LEN@ characters',
    "PROPERTY_VALIDATION_MAX_VALUE": 'The property "@PROP_NAME@" must have a max value of @MAX_VAL@',
    "PROPERTY_VALIDATION_MIN_LENGTH": 'The property "@PROP_NAME@" must have a min length of @MIN_LEN@ characters',
    "PROPERTY_VALIDATION_MIN_VALUE": 'The property "@PROP_NAME@" must have a min value of @MIN_VAL@',
    "PROPERTY_VALIDATION_NOT_UPDATABLE": 'The property "@PROP_NAME@" cannot be updated',
    "PROPERTY_VALIDATION_WRONG_FORMAT": 'The property "@PROP_NAME@" must match format @FORMAT@',
    "PROPERTY_VALIDATION_ADMIN_PROPERTY": 'The property "@PROP_NAME@" is updatable with admin session only',
    "PROPERTY_VALIDATION_ENTRY_STATUS": 'The property "@PROP_NAME@" cannot be set for entry status "@STATUS@"',
    "QUERY_EXCEEDED_MAX_MATCHES_ALLOWED": "Unable to generate list. max matches value was reached",
    "RESPONSE_PROFILE_ID_NOT_FOUND": "Response profile id [@ID@] not found",
    "RESPONSE_PROFILE_NAME_NOT_FOUND": "Response profile system name [@SYSTEM_NAME@] not found",
    "SERVICE_DOES_NOT_EXISTS": 'Service "@SRV_NAME@" does not exists',
    "SERVICE_FORBIDDEN": "The access to service [@SERVICE@] is forbidden",
    "SERVICE_FORBIDDEN_CONTENT_BLOCKED": (
        "The access to this service is forbidden since the specified partner is blocked"
    ),
    "SERVICE_NOT_SPECIFIED": "Service name was not specified, please specify one",
    "UNKNOWN_RESPONSE_FORMAT": "Response format provided [@FORMAT@] is not supported by server",
    "WRONG_REQUEST_LANGUAGE": (' Language must be set to MULTI when adding MultiLingualString. Given ["@LANGUAGE@"]'),
    "SYSTEM_NAME_ALREADY_EXISTS": "System name [@SYS_NAME@] already exists",
    # sessions
    "APP_TOKEN_EXPIRED": 'Application token id "@ID@" expired',
    "APP_TOKEN_ID_NOT_FOUND": 'Application token id "@ID@" not found',
    "APP_TOKEN_NOT_ACTIVE": 'Application token id "@ID@" not active',
    "INVALID_APP_TOKEN_HASH": "Invalid application token hash",
    "INVALID_KS": 'Invalid KS "@KSID@", Error "@ERR_CODE@,@ERR_DESC@"',
    "INVALID_WIDGET_ID": "Unknown widget [@WIDGET_ID@]",
    "START_SESSION_ERROR": "Error while starting session for partner [@PID@]",
    "DUPLICATE_USER_BY_ID": "User with id [@UID@] already exists in system",
    "INVALID_USER_ID": "Invalid user id",
    "USER_WRONG_PASSWORD": "Wrong password supplied",
    # uploads
    "FILE_CONTENT_NOT_SECURE": "File content contains potential security risks",
    "UPLOAD_ERROR": "Upload failed",
    "UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE": "Failed to match expected file size",
    "UPLOAD_TOKEN_CANNOT_RESUME": "Cannot resume the upload, original file was not found",
    "UPLOAD_TOKEN_FILE_TYPE_RESTRICTED_FOR_UPLOAD": "File type is restricted for upload",
    "UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD": (
        "Upload token is in an invalid status for uploading a file, maybe the file was already uploaded"
    ),
    "UPLOAD_TOKEN_MISSING_FILE_SIZE": "FileSize is mandatory when enabling autoFinalize",
    "UPLOAD_TOKEN_NOT_FOUND": "Upload token not found",
    # entries
    "ENTRY_ALREADY_WITH_CONTENT": "Entry already associated with content",
    "ENTRY_ID_NOT_FOUND": 'Entry id "@ENTRY_ID@" not found',
    "ENTRY_ID_NOT_REPLACED": 'Entry id "@ENTRY_ID@" not replaced',
    "ENTRY_REPLACEMENT_ALREADY_EXISTS": "Entry already in replacement",
    "ENTRY_TYPE_NOT_SUPPORTED": 'Entry type "@ENTRY_TYPE@" not supported',
    "INVALID_ENTRY_ID": 'Invalid entry id ["@ID@"]',
    "INVALID_ENTRY_ID/type": "Unknown @ENTRY_TYPE@ [@ENTRY_ID@]",
    "INVALID_ENTRY_SCHEDULE_DATES": "Invalid entry schedule dates",
    "RESOURCE_TYPE_NOT_SUPPORTED": 'Resource type "@RES_TYPE@" not suppported',
    # assets and what hangs on entries
    "ACCESS_CONTROL_ID_NOT_FOUND": 'Access control id "@ID@" not found',
    "ATTACHMENT_ASSET_ID_NOT_FOUND": 'Attachment asset id "@ASSET_ID@" not found',
    "BULK_UPLOAD_NOT_FOUND": 'Bulk upload id "@ID@" not found',
    "CAPTION_ASSET_ID_NOT_FOUND": 'Caption asset id "@ASSET_ID@" not found',
    "CATEGORY_ENTRY_ALREADY_EXISTS": "Entry already assigned to this category",
    "CATEGORY_NOT_FOUND": 'Category id "@ID@" not found',
    "CONVERSION_PROFILE_ID_NOT_FOUND": 'Conversion profile id "@ID@" not found',
    "DUPLICATE_CATEGORY": 'The category "@CATEGORY@" already exists',
    "ENTRY_IS_NOT_ASSIGNED_TO_CATEGORY": "Entry doesn't assigned to category",
    "FLAVOR_ASSET_ID_NOT_FOUND": 'Flavor asset id "@ID@" not found',
    "FLAVOR_PARAMS_ID_NOT_FOUND": 'Flavor params id "@ID@" not found',
    "INVALID_METADATA_DATA": "invalid metadata data: @ERR_MSG@",
    "INVALID_METADATA_VERSION": "invalid metadata version [@VERSION@]",
    "INVALID_UI_CONF_ID": "Unknown uiConf [@UI_CONF_ID@]",
    "METADATA_ALREADY_EXISTS": "Metadata already exists id [@ID@]",
    "METADATA_NOT_FOUND": "metadata not found, id [@ID@]",
    "METADATA_OBJECT_ID_NOT_FOUND": "Object Id [@ID@], not found",
    "METADATA_PROFILE_NOT_FOUND": "metadata profile not found, id [@ID@]",
    "MUST_FILTER_ON_ENTRY_OR_CATEGORY": "Must filter on entry id or category",
    "MUST_FILTER_ON_OBJECT_ID": "Must filter on object id",
    "REPORT_NOT_FOUND": 'Report id "@ID@" not found',
    "THUMB_ASSET_ID_NOT_FOUND": 'The Thumbnail asset id "@ID@" not found',
    "THUMB_ASSET_IS_DEFAULT": 'Thumbnail asset "@ASSET@" is default and could not be deleted',
}


def register_error(code: str, message: str) -> None:
    """Add an error to the catalogue, or a second wording of one under ``CODE/variant``.

    :param code: the error code; registering one twice with another text is a programming error.
    :param message: template with ``@NAME@`` placeholders.
    :raises ValueError: the code exists with another text.
    """
    if MESSAGES.setdefault(code, message) != message:
        raise ValueError(f"{code} is already in the catalogue with another text; use a variant {code}/name")


def fail(code: str, **args: Any) -> ApiError:
    """Make the exception for an error of the catalogue; raise what it returns.

    :param code: a key of :data:`MESSAGES`, with ``/variant`` where there are several wordings.
    :param args: Kaltura's named arguments, in the order of the answer. Arguments that the template does not
        mention are sent all the same.
    :raises KeyError: the code is not in the catalogue.
    """
    message = MESSAGES[code]
    texts = {name: str(value) for name, value in args.items()}
    for name, text in texts.items():
        message = message.replace(f"@{name}@", text)
    return ApiError(code.partition("/")[0], message, texts)
