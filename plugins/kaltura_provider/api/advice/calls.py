"""Errors about a request as such: its service, its parameters, its load; and errors of the server itself."""

from __future__ import annotations

from kaltura_provider.api.advice.model import (
    KALTURA,
    PERMANENT,
    RETRY,
    TIME,
    YOU,
    Advice,
)

_AGAIN = "This usually passes: run the task again; if it stays, send Kaltura support the X-Kaltura-Session number."
_INPUT = "Correct this parameter; the Kaltura API documentation of the action lists what it takes."

ADVICE = (
    Advice(
        "INTERNAL_SERVERL_ERROR", RETRY, KALTURA,
        "Kaltura had an internal error. It may also hide a wrong value, such as a name of more than some thousand "
        "characters.",
        _AGAIN,
    ),
    Advice("INTERNAL_SERVER_ERROR", RETRY, KALTURA, "Kaltura had an internal error.", _AGAIN),
    Advice("INTERNAL_DATABASE_ERROR", RETRY, KALTURA, "Kaltura's database had an error.", _AGAIN),
    Advice("SEARCH_ENGINE_QUERY_FAILED", RETRY, KALTURA, "Kaltura's search had an error.", _AGAIN),
    Advice(
        "LOCK_TIMED_OUT", RETRY, TIME,
        "Something else is changing the same object.",
        "Run the task again.",
    ),
    Advice(
        "ACTION_BLOCKED", RETRY, YOU,
        "Either too many calls in a short time, or the action is blocked for this account.",
        "Lower the parallelism (an Airflow pool helps) and run again; if it stays, ask Kaltura support.",
    ),
    Advice(
        "RATE_LIMITED", RETRY, YOU,
        "Too many calls in a short time.",
        "Lower the parallelism (an Airflow pool helps) and run again.",
    ),
    Advice(
        "MULTIREQUEST_PROXY_FAILED", RETRY, KALTURA,
        "Kaltura could not pass the call on to its other data centre.",
        "Send the upload as a call of its own.",
    ),
    Advice(
        "DRUID_QUERY_TIMED_OUT", RETRY, YOU,
        "The analytics query took too long.",
        "Ask for fewer days or entries, or run the task again.",
    ),
    Advice(
        "SERVICE_NOT_SPECIFIED", PERMANENT, YOU,
        "Kaltura did not read the request: it was too big for the server, or a proxy changed its Content-Type.",
        "Use smaller upload parts, or have the proxy corrected.",
    ),
    Advice(
        "SERVICE_DOES_NOT_EXISTS", PERMANENT, YOU,
        "The server has no such service; the plugin it belongs to may not be installed.",
        "Check the name of the service; services of plugins have a prefix, such as caption_captionAsset.",
    ),
    Advice(
        "ACTION_DOES_NOT_EXISTS", PERMANENT, YOU,
        "The service has no such action.",
        "Check the name of the action in the Kaltura API documentation.",
    ),
    Advice(
        "MISSING_MANDATORY_PARAMETER", PERMANENT, YOU,
        "A parameter is missing. If it was sent, the request was too big for the server.",
        "Add this parameter.",
    ),
    Advice(
        "MANDATORY_PARAMETER_MISSING", PERMANENT, YOU,
        "A parameter is missing that this form of answer needs.",
        "Add this parameter, or ask for JSON (format 1).",
    ),
    Advice(
        "UNKNOWN_RESPONSE_FORMAT", PERMANENT, YOU,
        "Kaltura does not know this format of answers.",
        "Ask for JSON (format 1).",
    ),
    Advice("INVALID_ENUM_VALUE", PERMANENT, YOU, "A parameter has a value that its list does not hold.", _INPUT),
    Advice(
        "INVALID_PARAMETER_CHAR", PERMANENT, YOU,
        "A text holds control characters.",
        "Remove the control characters from this text.",
    ),
    Advice(
        "INVALID_LANGUAGE_CODE", PERMANENT, YOU,
        "Kaltura does not know this language of a request.",
        "Use two letters, such as en, or multi.",
    ),
    Advice(
        "OBJECT_TYPE_ABSTRACT", PERMANENT, YOU,
        "The kind of a nested object is not clear.",
        "Add objectType, which names the kind of the nested object.",
    ),
    Advice(
        "PROPERTY_VALIDATION_NOT_UPDATABLE", PERMANENT, YOU,
        "Kaltura sets this field itself.",
        "Leave this field out.",
    ),
    Advice("PROPERTY_VALIDATION_CANNOT_BE_NULL", PERMANENT, YOU, "A field is not set.", "Set this field."),
    Advice("PROPERTY_VALIDATION_MIN_LENGTH", PERMANENT, YOU, "A text is too short.", "Use a longer text."),
    Advice("PROPERTY_VALIDATION_MAX_LENGTH", PERMANENT, YOU, "A text is too long.", "Use a shorter text."),
    Advice("PROPERTY_VALIDATION_MIN_VALUE", PERMANENT, YOU, "A number is too small.", "Use a larger number."),
    Advice("PROPERTY_VALIDATION_MAX_VALUE", PERMANENT, YOU, "A number is too large.", "Use a smaller number."),
    Advice("PROPERTY_VALIDATION_WRONG_FORMAT", PERMANENT, YOU, "A field has the wrong form.", _INPUT),
    Advice(
        "PROPERTY_VALIDATION_UNTIL_NOT_VALID", PERMANENT, YOU,
        "An end lies before its start, or both must be set.",
        "Correct start and end.",
    ),
    Advice(
        "PROPERTY_VALIDATION_ENTRY_STATUS", PERMANENT, YOU,
        "This field can no longer be set, now that the entry has content.",
        "Set it when the entry is made, or leave it out.",
    ),
    Advice(
        "PROPERTY_VALIDATION_*", PERMANENT, YOU,
        "A field has a value that Kaltura does not take.",
        "Correct this field; the Kaltura API documentation lists what it takes.",
    ),
    Advice(
        "WRONG_REQUEST_LANGUAGE", PERMANENT, YOU,
        "A text was sent in the form for several languages.",
        "Send a plain text, not an empty value.",
    ),
    Advice(
        "QUERY_EXCEEDED_MAX_MATCHES_ALLOWED", PERMANENT, YOU,
        "More than 10,000 objects match.",
        "Narrow the filter, or order by createdAt so that the client can go on.",
    ),
    Advice(
        "SEARCH_TOO_GENERAL", PERMANENT, YOU,
        "Too much matches.",
        "Narrow the filter or the days.",
    ),
    Advice(
        "MUST_FILTER_ON_OBJECT_ID", PERMANENT, YOU,
        "This list needs the ID of an object.",
        "Add objectIdEqual or objectIdIn to the filter.",
    ),
    Advice(
        "MUST_FILTER_ON_OBJECT_TYPE", PERMANENT, YOU,
        "This list needs the type of the objects.",
        "Add metadataObjectTypeEqual to the filter.",
    ),
    Advice(
        "MUST_FILTER_ON_ENTRY_OR_CATEGORY", PERMANENT, YOU,
        "This list needs the ID of an entry or of a category.",
        "Add entryIdEqual or categoryIdEqual to the filter.",
    ),
    Advice(
        "MUST_FILTER_ENTRY_ID_EQUAL", PERMANENT, YOU,
        "This list needs the ID of an entry.",
        "Add entryIdEqual to the filter.",
    ),
    Advice(
        "REPORT_TOO_LARGE", PERMANENT, YOU,
        "Kaltura gives at most 12,000 rows of one report.",
        "Narrow it by entries, categories or countries and join the parts.",
    ),
    Advice(
        "REPORT_DRIFT", PERMANENT, YOU,
        "A report lacks columns that it had when this package was written.",
        "Look at the columns the message names; on_drift='warn' goes on with those that are there.",
    ),
    Advice(
        "REPORT_DISAGREES", RETRY, TIME,
        "The rows of a report do not add up to its total: events were still arriving, or its ranking is approximate.",
        "Fetch the day again later; tolerance allows a share, on_disagreement='warn' takes it as it is.",
    ),
    Advice("REPORT_NOT_FOUND", PERMANENT, YOU, "There is no such report.", "Check the report type."),
    Advice(
        "REPORT_PARAMETER_MISSING", PERMANENT, YOU,
        "The report needs another parameter.",
        "Add the parameter the message names.",
    ),
    Advice(
        "RESPONSE_PROFILE_ID_NOT_FOUND", PERMANENT, YOU,
        "There is no such response profile.",
        "Check its ID, or leave the response profile out.",
    ),
    Advice(
        "RESPONSE_PROFILE_NAME_NOT_FOUND", PERMANENT, YOU,
        "There is no response profile of this name.",
        "Check its system name, or leave the response profile out.",
    ),
    Advice(
        "RESPONSE_PROFILE_MAX_NESTING_LEVEL", PERMANENT, YOU,
        "The response profile asks for objects nested too deep.",
        "Ask for fewer levels of related profiles.",
    ),
    Advice(
        "DEPENDENCY_FAILED", PERMANENT, YOU,
        "Another request of the same multirequest failed, and this one needed its result.",
        "Correct the request it depends on.",
    ),
    Advice(
        "RESULT_MISSING", RETRY, KALTURA,
        "Kaltura answered fewer requests of a multirequest than it was sent.",
        "Run the task again; if it stays, send fewer requests at once.",
    ),
    Advice(
        "KALTURA_ERROR_*", PERMANENT, KALTURA,
        "Kaltura stopped with a number instead of a message.",
        "Run the task again; if it stays, send Kaltura support the number and the X-Kaltura-Session number.",
    ),
    Advice(
        "UNKNOWN_ERROR", PERMANENT, KALTURA,
        "Kaltura reported an error without a code.",
        "Send Kaltura support the message and the X-Kaltura-Session number.",
    ),
)  # fmt: skip
