"""Errors about what hangs on entries: captions, thumbnails, flavors, metadata, categories, players, profiles."""

from __future__ import annotations

from kaltura_provider.api.advice.model import (
    ADMINISTRATOR,
    PERMANENT,
    RETRY,
    TIME,
    YOU,
    Advice,
)

_ID = "Check the ID: the object was deleted or belongs to another account."
_TASK = "Run the task again."
_DONE = "It is there already: nothing needs to be done."

ADVICE = (
    Advice("INVALID_OBJECT_ID", PERMANENT, YOU, "There is no such object.", "Check the ID; for a session, check the "
           "role named by setrole."),
    Advice(
        "SYSTEM_NAME_ALREADY_EXISTS", PERMANENT, YOU,
        "Another object of the account has this system name.",
        "Choose another system name, or use the object there is.",
    ),
    Advice(
        "ASSET_CONTENT_IS_MISSING", PERMANENT, YOU,
        "The asset was given no content.",
        "Send its content with setContent.",
    ),
    # captions and attachments
    Advice("CAPTION_ASSET_ID_NOT_FOUND", PERMANENT, YOU, "There is no such caption.", _ID),
    Advice("CAPTION_ASSET_ALREADY_EXISTS", PERMANENT, YOU, "The entry has a caption of this kind.", _DONE),
    Advice(
        "CAPTION_ASSET_PARSING_FAILED", PERMANENT, YOU,
        "Kaltura cannot read the caption file.",
        "Open it in a caption editor, correct the line the message names, and upload it again.",
    ),
    Advice("ATTACHMENT_ASSET_ID_NOT_FOUND", PERMANENT, YOU, "There is no such attachment.", _ID),
    Advice("ATTACHMENT_ASSET_IS_NOT_READY", PERMANENT, YOU, "The attachment has no content.", "Send its content with "
           "setContent."),
    Advice(
        "ATTACHMENT_ASSET_DOWNLOAD_FAILED", PERMANENT, YOU,
        "Kaltura could not fetch the attachment from its address.",
        "Check that the address can be reached from the internet, or upload the file.",
    ),
    # thumbnails
    Advice("THUMB_ASSET_ID_NOT_FOUND", PERMANENT, YOU, "There is no such thumbnail.", _ID),
    Advice("THUMB_ASSET_ALREADY_EXISTS", PERMANENT, YOU, "The entry has this thumbnail.", _DONE),
    Advice("THUMB_ASSET_IS_NOT_READY", PERMANENT, TIME, "Kaltura still makes the thumbnail.", "Run the task again "
           "in some minutes."),
    Advice(
        "THUMB_ASSET_IS_DEFAULT", PERMANENT, YOU,
        "The default thumbnail of an entry cannot be deleted.",
        "Make another one the default first (thumbAsset.setAsDefault).",
    ),
    Advice(
        "THUMB_ASSET_DOWNLOAD_FAILED", PERMANENT, YOU,
        "Kaltura could not fetch the thumbnail from its address.",
        "Check that the address can be reached from the internet, or upload the file.",
    ),
    # flavors and conversion
    Advice("FLAVOR_ASSET_ID_NOT_FOUND", PERMANENT, YOU, "There is no such flavor.", _ID),
    Advice(
        "FLAVOR_NOT_FOUND", PERMANENT, YOU,
        "The entry has no flavor that can be played or downloaded.",
        "Look at its flavors in the KMC: wait until one is ready, or upload the file again with media.updateContent.",
    ),
    Advice("FLAVOR_ASSET_ALREADY_EXISTS", PERMANENT, YOU, "The entry has this flavor.", _DONE),
    Advice("FLAVOR_ASSET_IS_NOT_READY", PERMANENT, TIME, "Kaltura still converts the flavor.", "Run the task again "
           "in some minutes."),
    Advice(
        "ORIGINAL_FLAVOR_ASSET_IS_MISSING", PERMANENT, YOU,
        "The entry has lost its source, so nothing can be converted from it.",
        "Upload the file again with media.updateContent.",
    ),
    Advice(
        "FLAVOR_PARAMS_ID_NOT_FOUND", PERMANENT, ADMINISTRATOR,
        "The account has no such flavor parameters.",
        "Check the ID in the KMC, Settings > Transcoding Settings.",
    ),
    Advice(
        "CONVERSION_PROFILE_ID_NOT_FOUND", PERMANENT, ADMINISTRATOR,
        "The account has no such conversion profile.",
        "Check conversionProfileId in the KMC, Settings > Transcoding Settings.",
    ),
    Advice(
        "CONVERSION_PROFILE_ASSET_PARAMS_NOT_FOUND", PERMANENT, ADMINISTRATOR,
        "The conversion profile does not hold these flavor parameters.",
        "Check the profile in the KMC, Settings > Transcoding Settings.",
    ),
    Advice(
        "CANNOT_DELETE_DEFAULT_CONVERSION_PROFILE", PERMANENT, ADMINISTRATOR,
        "The default conversion profile of an account cannot be deleted.",
        "Make another one the default first.",
    ),
    # access and players
    Advice(
        "ACCESS_CONTROL_ID_NOT_FOUND", PERMANENT, ADMINISTRATOR,
        "The account has no such access control profile.",
        "Check accessControlId in the KMC, Settings > Access Control.",
    ),
    Advice(
        "CANNOT_DELETE_DEFAULT_ACCESS_CONTROL", PERMANENT, ADMINISTRATOR,
        "The default access control profile of an account cannot be deleted.",
        "Make another one the default first.",
    ),
    Advice(
        "MAX_NUMBER_OF_ACCESS_CONTROLS_REACHED", PERMANENT, ADMINISTRATOR,
        "The account has as many access control profiles as it may have.",
        "Delete one that is not used, or use one there is.",
    ),
    Advice(
        "INVALID_UI_CONF_ID", PERMANENT, YOU,
        "There is no such player.",
        "Check the player ID (uiConf) in the KMC, Studio.",
    ),
    # custom metadata
    Advice(
        "INVALID_METADATA_DATA", PERMANENT, YOU,
        "The custom metadata do not fit the profile.",
        "Correct the field the message names; the profile's fields are in the KMC, Settings > Custom Data.",
    ),
    Advice(
        "INVALID_METADATA_OBJECT", PERMANENT, YOU,
        "The object the custom metadata are for does not exist or may not be changed.",
        "Check its ID and its type.",
    ),
    Advice(
        "INVALID_METADATA_VERSION", PERMANENT, YOU,
        "Somebody else changed the custom metadata meanwhile.",
        _TASK,
    ),
    Advice(
        "INVALID_METADATA_PROFILE_SCHEMA", PERMANENT, ADMINISTRATOR,
        "The schema of the metadata profile is wrong.",
        "Correct the XSD where the message says.",
    ),
    Advice(
        "INCOMPATIBLE_METADATA_PROFILE_OBJECT_TYPE", PERMANENT, YOU,
        "The metadata profile is for another type of object.",
        "Use a profile for entries (KMC, Settings > Custom Data).",
    ),
    Advice("METADATA_NOT_FOUND", PERMANENT, YOU, "There are no such custom metadata.", _ID),
    Advice("METADATA_OBJECT_ID_NOT_FOUND", PERMANENT, YOU, "The object of the custom metadata does not exist.", _ID),
    Advice(
        "METADATA_PROFILE_NOT_FOUND", PERMANENT, ADMINISTRATOR,
        "The account has no such metadata profile.",
        "Check the profile in the KMC, Settings > Custom Data.",
    ),
    Advice(
        "METADATA_ALREADY_EXISTS", PERMANENT, YOU,
        "The object has custom metadata of this profile.",
        "Change them with metadata.update; the message has their ID.",
    ),
    Advice(
        "MULTI_ATTEMPTS_TO_UPDATE_METADATA", RETRY, TIME,
        "Something else changes the same metadata.",
        _TASK,
    ),
    # categories
    Advice(
        "CATEGORIES_LOCKED", RETRY, TIME,
        "Categories are being changed at the same time.",
        _TASK,
    ),
    Advice(
        "CATEGORY_NOT_FOUND", PERMANENT, ADMINISTRATOR,
        "There is no such category, or the session may not see it.",
        "Check its name or ID in the KMC, or have it made there.",
    ),
    Advice("CATEGORY_ENTRY_ALREADY_EXISTS", PERMANENT, YOU, "The entry is in this category.", _DONE),
    Advice(
        "CANNOT_ACTIVATE_CATEGORY_ENTRY", PERMANENT, YOU,
        "The entry does not wait for a moderator of this category: it is in it, or was kept out of it.",
        "Look at the entry's categories in the KMC; to put it forward again, use categoryEntry.add.",
    ),
    Advice(
        "CANNOT_REJECT_CATEGORY_ENTRY", PERMANENT, YOU,
        "The entry does not wait for a moderator of this category: it is in it, or was kept out of it.",
        "To take it out of the category, use categoryEntry.delete.",
    ),
    Advice("DUPLICATE_CATEGORY", PERMANENT, YOU, "There is a category of this name at this place.", _DONE),
    Advice(
        "ENTRY_IS_NOT_ASSIGNED_TO_CATEGORY", PERMANENT, YOU,
        "The entry is not in this category.",
        "Check the category; if the entry was to be removed from it, nothing needs to be done.",
    ),
    Advice(
        "MAX_CATEGORIES_FOR_ENTRY_REACHED", PERMANENT, YOU,
        "The entry is in as many categories as the account allows; that is 32 where nothing else is set.",
        "Name fewer categories, or ask the Kaltura account manager for more.",
    ),
    Advice(
        "PARENT_CATEGORY_IS_CHILD", PERMANENT, YOU,
        "A category cannot be moved below one of its own children.",
        "Choose another parent.",
    ),
    # members of categories
    Advice("CATEGORY_USER_ALREADY_EXISTS", PERMANENT, YOU, "The user is a member of this category.", _DONE),
    Advice("INVALID_CATEGORY_USER_ID", PERMANENT, YOU, "The user is no member of this category.", "Check both, or make "
           "the user a member with categoryUser.add."),
    Advice(
        "MUST_FILTER_USERS_OR_CATEGORY", PERMANENT, YOU,
        "Members are listed by category or by user.",
        "Add categoryIdEqual, categoryIdIn, userIdEqual or userIdIn to the filter.",
    ),
    Advice(
        "CANNOT_OVERRIDE_MANUAL_CHANGES", PERMANENT, YOU,
        "A person set what this member may do.",
        "Set override to true in categoryUser.update, if it is to be changed all the same.",
    ),
    Advice(
        "CANNOT_UPDATE_CATEGORY_USER_OWNER", PERMANENT, ADMINISTRATOR,
        "The owner of a category stays its manager.",
        "Give the category another owner first.",
    ),
    Advice(
        "CATEGORY_INHERIT_MEMBERS", PERMANENT, ADMINISTRATOR,
        "The category has the members of the one above it.",
        "Change the members of that one, or let this one have its own (inheritanceType 2).",
    ),
    Advice("*_NOT_FOUND", PERMANENT, YOU, "There is no such object.", _ID),
)  # fmt: skip
