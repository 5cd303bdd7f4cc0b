"""Errors about cue points: chapters, annotations, code."""

from __future__ import annotations

from kaltura_provider.api.advice.model import PERMANENT, YOU, Advice

ADVICE = (
    Advice(
        "INVALID_CUE_POINT_ID", PERMANENT, YOU,
        "There is no such cue point.",
        "Check the ID: it was deleted or belongs to another account.",
    ),
    Advice(
        "CUE_POINT_SYSTEM_NAME_EXISTS", PERMANENT, YOU,
        "The entry has a cue point of this system name.",
        "Change that one with cuePoint.update; the message has its ID.",
    ),
    Advice(
        "START_TIME_CANNOT_BE_LESS_THAN_0", PERMANENT, YOU,
        "A cue point cannot begin before its entry.",
        "Correct startTime.",
    ),
    Advice(
        "START_TIME_IS_BIGGER_THAN_ENTRY_END_TIME", PERMANENT, YOU,
        "The cue point begins after the end of the entry; the message has both in milliseconds.",
        "Correct its time, or check that the entry has the right content.",
    ),
    Advice(
        "END_TIME_IS_BIGGER_THAN_ENTRY_END_TIME", PERMANENT, YOU,
        "The cue point ends after the end of the entry; the message has both in milliseconds.",
        "Correct endTime.",
    ),
    Advice("END_TIME_WITHOUT_START_TIME", PERMANENT, YOU, "The cue point has an end and no beginning.", "Set its "
           "startTime."),
    Advice(
        "END_TIME_CANNOT_BE_LESS_THAN_START_TIME", PERMANENT, YOU,
        "The cue point ends before it begins.",
        "Correct startTime or endTime.",
    ),
    Advice(
        "PARENT_ANNOTATION_NOT_FOUND", PERMANENT, YOU,
        "The annotation that this one is to hang on does not exist.",
        "Check parentId, or leave it out.",
    ),
    Advice(
        "PARENT_ANNOTATION_DO_NOT_BELONG_TO_THE_SAME_ENTRY", PERMANENT, YOU,
        "The annotation that this one is to hang on belongs to another entry.",
        "Check parentId and entryId.",
    ),
)  # fmt: skip
