"""Errors about orders of captions, translations and the like (REACH), which cost money."""

from __future__ import annotations

from kaltura_provider.api.advice.model import ADMINISTRATOR, KALTURA, PERMANENT, RETRY, TIME, YOU, Advice

ADVICE = (
    Advice(
        "REACH_PROFILE_NOT_FOUND", PERMANENT, ADMINISTRATOR,
        "The account has no such active REACH profile.",
        "Check its name or ID in the KMC, Services Dashboard.",
    ),
    Advice(
        "CATALOG_ITEM_NOT_FOUND", PERMANENT, YOU,
        "There is no such catalog item of REACH.",
        "Name language and service instead, or an ID that reach_vendorcatalogitem.list shows.",
    ),
    Advice(
        "CATALOG_ITEM_NOT_ENABLED_FOR_ACCOUNT", PERMANENT, KALTURA,
        "The account may not order this catalog item.",
        "Order one that reach_vendorcatalogitem.list shows, or ask for this one.",
    ),
    Advice(
        "ENTRY_VENDOR_TASK_NOT_FOUND", PERMANENT, YOU,
        "There is no such order.",
        "Check the ID: it belongs to another account, or is none of an order.",
    ),
    Advice(
        "ENTRY_VENDOR_TASK_DUPLICATION", PERMANENT, YOU,
        "The same was ordered for this content of the entry already.",
        "Use what that order brings; nothing needs to be done.",
    ),
    Advice(
        "EXCEEDED_MAX_CREDIT_ALLOWED", PERMANENT, ADMINISTRATOR,
        "The credit of the REACH profile does not pay for this order.",
        "Have credit added, order something cheaper, or use another profile; a dry run shows price and credit.",
    ),
    Advice(
        "CREDIT_EXPIRED", PERMANENT, ADMINISTRATOR,
        "The time in which the credit of the REACH profile may be spent is over, or has not begun.",
        "Have it renewed, or use another profile.",
    ),
    Advice(
        "FEATURE_TYPE_NOT_SUPPORTED_FOR_ENTRY", PERMANENT, YOU,
        "This cannot be ordered for such an entry; captions need a video or sound.",
        "Leave the entry out, or order something else.",
    ),
    Advice(
        "REQUIRE_CAPTION", PERMANENT, YOU,
        "This translation is made from captions that the order must name.",
        "Order another catalog item, or name a caption in taskJobData with KalturaCallOperator.",
    ),
    Advice(
        "PARTNER_DATA_NOT_VALID_JSON_STRING", PERMANENT, YOU,
        "The partnerData of an order must be JSON.",
        "Write it as JSON text.",
    ),
    Advice(
        "ENTRY_VENDOR_TASK_ACTION_NOT_ALLOWED", PERMANENT, ADMINISTRATOR,
        "The order belongs to somebody else.",
        "Act as the user who ordered, or as an administrator.",
    ),
    Advice(
        "CANNOT_APPROVE_NOT_MODERATED_TASK", PERMANENT, YOU,
        "The order does not wait for approval.",
        "Look at its status; nothing may need to be done.",
    ),
    Advice(
        "CANNOT_REJECT_NOT_MODERATED_TASK", PERMANENT, YOU,
        "The order does not wait for approval.",
        "Cancel it with entryVendorTask.abort, if the work has not begun.",
    ),
    Advice(
        "CANNOT_ABORT_NOT_MODERATED_TASK", PERMANENT, YOU,
        "The vendor works on the order, or it has ended.",
        "Wait for its end.",
    ),
    Advice(
        "CANNOT_UPDATE_STATUS_OF_TASK_WHICH_IS_IN_FINAL_STATE", PERMANENT, YOU,
        "The order has ended.",
        "Order again, if it did not end well.",
    ),
    Advice(
        "ORDER_OUTCOME_UNKNOWN", PERMANENT, YOU,
        "The answer to an order was lost, and Kaltura does not show the order.",
        "Look in the KMC, Services Dashboard, whether it is there, then clear the task: what is there is not ordered "
        "again.",
    ),
    Advice(
        "ORDER_NOT_LISTED", RETRY, TIME,
        "Kaltura says that the same was ordered already, and its search does not show that order yet.",
        "Run the task again.",
    ),
)  # fmt: skip
