"""What a run says of itself in one line: Airflow shows it as the note of the run, as does the page *Kaltura*.

A task hands the line on by XCom; :mod:`kaltura_pipeline.airflow_plugin.notes` makes it the note when the run ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Key of the XCom.
NOTE = "note"
#: What a run is about: one, and more of them.
TITLES, ENTRIES = ("title", "titles"), ("entry", "entries")


def say(context: Mapping[str, Any], text: str) -> None:
    """Hand on what a run says of itself. Numbers and addresses, no names of files: those may hold anything.

    :param context: the task's context.
    :param text: one line; what a later task says takes its place.
    """
    context["ti"].xcom_push(key=NOTE, value=text)


def in_numbers(counts: Mapping[str, int], nouns: tuple[str, str], *, wrong: int, matter: str, page: str) -> str:
    """Put the outcome of a run into a line.

    :param counts: how many had each result.
    :param nouns: what they are: one, and more of them.
    :param wrong: how many are not as they should be.
    :param matter: what is the matter with these, such as ``failed``.
    :param page: where all of them are named.
    """
    total = sum(counts.values())
    parts = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()) if count)
    state = f"{wrong:,} {matter}" if wrong else "all fine"
    return f"{total:,} {nouns[total != 1]}, {state} ({parts}). Each of them, and why: {page}"


def of_plan(totals: Mapping[str, Any], uri: str, *, dry_run: bool) -> str:
    """Put a plan into a line, for a run that ends at it.

    :param totals: the totals of the plan.
    :param uri: address of the plan.
    :param dry_run: whether that was wanted.
    """
    from kaltura_pipeline.plan import ACTIONS

    parts = ", ".join(f"{action} {totals[action]:,}" for action in ACTIONS if totals[action]) or "nothing"
    return f"{'dry run' if dry_run else 'planned, and no more recorded'}: {parts}. The plan, title by title: {uri}"
