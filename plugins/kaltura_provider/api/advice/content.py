"""Errors about entries and their content: uploads, replacements, source files."""

from __future__ import annotations

from kaltura_provider.api.advice.model import (
    ADMINISTRATOR,
    KALTURA,
    PERMANENT,
    RETRY,
    STORAGE,
    TIME,
    YOU,
    Advice,
)

_NEW_UPLOAD = "Run the task again; it starts a new upload."
_GO_ON = "Run the task again; it continues where the upload stopped."
_KIND = "Check media_kind, and that the file is what its extension says."

ADVICE = (
    Advice(
        "ENTRY_ID_NOT_FOUND", PERMANENT, YOU,
        "The entry was deleted, belongs to another account, or the session may not see it.",
        "Check the entry ID.",
    ),
    Advice(
        "ENTRY_MODERATION_ERROR", PERMANENT, YOU,
        "The entry waits for approval or was rejected, so viewers do not get it.",
        "Approve it in the KMC, Moderation, or with media.approve.",
    ),
    Advice(
        "INVALID_ENTRY_ID", PERMANENT, YOU,
        "The entry was deleted or belongs to another account, or it is of another kind.",
        "Check the entry ID.",
    ),
    Advice(
        "INVALID_ENTRY_STATUS", PERMANENT, YOU,
        "The entry is not in a state that allows this.",
        "Wait until it is ready, then run the task again.",
    ),
    Advice(
        "INVALID_ENTRY_SCHEDULE_DATES", PERMANENT, YOU,
        "The end of the schedule does not lie after its start.",
        "The start date must lie before the end date.",
    ),
    Advice(
        "ENTRY_NOT_READY", PERMANENT, YOU,
        "The entry is not ready; it may have been changed in the KMC at the same time.",
        "Look at the entry in the KMC, or wait for it with KalturaEntryReadySensor.",
    ),
    Advice(
        "ENTRY_WITHOUT_CONTENT", PERMANENT, YOU,
        "The entry has no content yet.",
        "Give it its first one with addContent.",
    ),
    Advice(
        "ENTRY_ALREADY_WITH_CONTENT", PERMANENT, YOU,
        "The entry has content already.",
        "To exchange it use media.updateContent.",
    ),
    Advice(
        "ENTRY_REPLACEMENT_ALREADY_EXISTS", PERMANENT, YOU,
        "A replacement of this entry is running.",
        "Wait for it or cancel it in the KMC.",
    ),
    Advice(
        "ENTRY_ID_NOT_REPLACED", PERMANENT, YOU,
        "No replacement of this entry is running; it may have been approved or cancelled already.",
        "Look at the entry in the KMC, and run the task again if it still has its old content.",
    ),
    Advice(
        "REPLACEMENT_NOT_APPROVED", PERMANENT, ADMINISTRATOR,
        "The new content of the entry waits for approval.",
        "Approve it in the KMC or with media.approveReplace.",
    ),
    Advice(
        "REPLACEMENT_FAILED", PERMANENT, YOU,
        "The new content of the entry could not be converted.",
        "Cancel the replacement (media.cancelReplace) and try another file.",
    ),
    Advice(
        "REFERENCE_ID_IN_USE", PERMANENT, YOU,
        "An entry of another kind has this reference ID.",
        "Choose another reference_id, or delete the other entry.",
    ),
    Advice("RESOURCE_TYPE_NOT_SUPPORTED", PERMANENT, YOU, "This kind of entry takes no such content.", _KIND),
    Advice("ENTRY_TYPE_NOT_SUPPORTED", PERMANENT, YOU, "This kind of entry takes no such content.", _KIND),
    Advice("ENTRY_MEDIA_TYPE_NOT_SUPPORTED", PERMANENT, YOU, "This kind of entry does not allow this action.", _KIND),
    Advice(
        "ENTRY_DISPLAY_IN_SEARCH_VALUE_NOT_ALLOWED", PERMANENT, YOU,
        "Kaltura sets this value of displayInSearch itself.",
        "Use 1 (shown in lists) or 0, or leave the field out.",
    ),
    Advice(
        "UPLOAD_ERROR", RETRY, TIME,
        "Kaltura could not store this part of the file.",
        _GO_ON,
    ),
    Advice(
        "UPLOAD_NOT_FINISHED", RETRY, TIME,
        "Kaltura still joins the parts of the file.",
        _GO_ON,
    ),
    Advice(
        "UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE", RETRY, TIME,
        "Kaltura has not put all parts of the file together.",
        _GO_ON,
    ),
    Advice(
        "FILE_PENDING", RETRY, TIME,
        "Kaltura still moves the file.",
        "Run the task again in some minutes.",
    ),
    Advice(
        "UPLOAD_TOKEN_NOT_FOUND", PERMANENT, YOU,
        "The upload token was deleted or belongs to another user.",
        _NEW_UPLOAD,
    ),
    Advice(
        "UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD", PERMANENT, YOU,
        "The upload is already finished or cancelled.",
        "Run the task again; it looks what is there.",
    ),
    Advice(
        "UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY", PERMANENT, YOU,
        "The upload token is not complete, or was used for something else.",
        _NEW_UPLOAD,
    ),
    Advice(
        "UPLOADED_FILE_NOT_FOUND_BY_TOKEN", PERMANENT, YOU,
        "Kaltura no longer has the file of this upload token.",
        _NEW_UPLOAD,
    ),
    Advice(
        "UPLOAD_TOKEN_CANNOT_RESUME", PERMANENT, YOU,
        "Kaltura has lost the beginning of the file.",
        _NEW_UPLOAD,
    ),
    Advice(
        "UPLOAD_PASSED_MAX_RESUME_TIME_ALLOWED", PERMANENT, YOU,
        "The upload is older than 7 days.",
        _NEW_UPLOAD,
    ),
    Advice(
        "MAX_ALLOWED_CHUNK_COUNT_EXCEEDED", PERMANENT, YOU,
        "Too many parts wait on the server.",
        "Run the task again with bigger parts.",
    ),
    Advice(
        "UPLOAD_TOKEN_MISSING_FILE_SIZE", PERMANENT, YOU,
        "An upload that ends by itself needs the size of the file.",
        "Set fileSize of the upload token, or leave autoFinalize out.",
    ),
    Advice(
        "UPLOAD_TOKEN_FILE_TYPE_RESTRICTED_FOR_UPLOAD", PERMANENT, ADMINISTRATOR,
        "The account does not accept this kind of file.",
        "Check that the file is what its extension says, or ask the Kaltura account manager to allow the type.",
    ),
    Advice(
        "FILE_CONTENT_NOT_SECURE", PERMANENT, YOU,
        "Kaltura refused the content: the file is empty or holds something it does not allow.",
        "Look into the file, and upload another one.",
    ),
    Advice(
        "MAX_FILE_SIZE_EXCEEDED", PERMANENT, YOU,
        "The file is larger than Kaltura takes.",
        "Upload a smaller file, or ask Kaltura support for the limit of the account.",
    ),
    Advice(
        "UPLOAD_SIZE_MISMATCH", RETRY, TIME,
        "Kaltura holds another number of bytes than the source has.",
        _NEW_UPLOAD,
    ),
    Advice(
        "UPLOAD_CHECKSUM_MISMATCH", RETRY, STORAGE,
        "The bytes that were sent are not those the source's checksum was made of. The upload was thrown away.",
        "Run the task again; if it stays, write the source file again.",
    ),
    Advice(
        "FILE_NOT_FOUND", PERMANENT, KALTURA,
        "Kaltura has the record of a file and not the file itself.",
        "Run the task again; if it stays, send Kaltura support the ID of the entry.",
    ),
    Advice(
        "FILE_DOESNT_EXIST", PERMANENT, KALTURA,
        "Kaltura has the record of a file and not the file itself.",
        "Run the task again; if it stays, send Kaltura support the ID of the entry.",
    ),
    Advice(
        "BULK_UPLOAD_NOT_FOUND", PERMANENT, YOU,
        "There is no such bulk upload.",
        "Check the ID; it belongs to another account, or was removed.",
    ),
    Advice(
        "MEDIA_REFUSED", PERMANENT, YOU,
        "The file is nothing that Kaltura makes an entry of, or not what its name says.",
        "Write it again from its original; the message says what is wrong with it.",
    ),
    Advice(
        "SOURCE_CHANGED", RETRY, TIME,
        "The source file changed while it was being uploaded.",
        "Run the task again when the file is written completely.",
    ),
    Advice(
        "SOURCE_UNAVAILABLE", RETRY, STORAGE,
        "The store of the source file, or the way to it, is in trouble.",
        "Run the task again; if it stays, check the AWS connection, and that the object is still there.",
    ),
    Advice(
        "SOURCE_NOT_FOUND", PERMANENT, STORAGE,
        "The source object is gone.",
        "Put it back under the same key; the next run takes it.",
    ),
    Advice(
        "SOURCE_FORBIDDEN", PERMANENT, STORAGE,
        "The AWS identity of the connection may not read the object.",
        "Give it s3:GetObject on the bucket, and kms:Decrypt on the key of encrypted objects.",
    ),
    Advice(
        "UPLOAD_STOPPED", RETRY, YOU,
        "The upload was stopped on purpose.",
        "Run the task again; it continues where the upload stopped.",
    ),
)  # fmt: skip
