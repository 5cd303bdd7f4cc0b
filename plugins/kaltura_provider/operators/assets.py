"""What the operators for captions and thumbnails share: many entries in, counts and problems out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.base import KalturaBaseOperator
from kaltura_provider.operators.entry import require_entry_id

if TYPE_CHECKING:
    from kaltura_provider.api.enrichment.enrich import Enrichment
    from kaltura_provider.transfers.asset_files import AssetFiles

# As many as travel together: their files are in memory then.
_TOGETHER = 20
_THREADS = 8
_MOST_SHOWN = 20
_LEVELS = {"fail": logging.ERROR, "warn": logging.WARNING, "return": logging.INFO}


class KalturaEntryAssetsOperator(KalturaBaseOperator):
    """Gives many entries what goes with them. An entry with a problem stops no other one.

    :param entry_id: the entry, if it is one. Templated.
    :param entries: what several entries are to have: a mapping by entry id, or a list of mappings with ``entry_id`` and
        the name of what they are to have. Templated.
    :param s3_bucket: the bucket of files that are named by their key alone. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param conn_id: ID of the connection to another object store, for paths that name none. Templated.
    :param on_problem: ``fail`` the task when all entries had their turn; ``warn`` in its log; or ``return`` the
        problems quietly.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry_id",
        "entries",
        "s3_bucket",
        "aws_conn_id",
        "conn_id",
    )

    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "entries": "json",
    }

    def __init__(
        self,
        *,
        entry_id: str | None = None,
        entries: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        s3_bucket: str | None = None,
        aws_conn_id: str | None = "aws_default",
        conn_id: str | None = None,
        on_problem: Literal["fail", "warn", "return"] = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if on_problem not in _LEVELS:
            raise ValueError(f"on_problem is {on_problem!r}: use {', '.join(_LEVELS)}.")
        self.entry_id = entry_id
        self.entries = entries
        self.s3_bucket = s3_bucket
        self.aws_conn_id = aws_conn_id
        self.conn_id = conn_id
        self.on_problem = on_problem

    def wanted_by_entry(self, name: str) -> dict[str, Any]:
        """Return what each entry is to have.

        :param name: the argument that says it of one entry.
        :raises ValueError: an entry is named twice or not at all, or nothing is said of it.
        """
        one = getattr(self, name)
        if self.entries is None:
            if self.entry_id is None:
                raise ValueError(f"Set either entry_id and {name}, or entries for several entries at once.")
            return {require_entry_id(self.entry_id): one}
        if self.entry_id is not None or one is not None:
            raise ValueError(f"Set either entries, or entry_id and {name}, not both.")
        found: dict[str, Any] = {}
        for entry_id, value in _pairs(self.entries, name):
            if (known := require_entry_id(entry_id)) in found:
                raise ValueError(f"entries names {known} twice; put what it is to have into one item.")
            found[known] = value
        return found

    def files(self, limit: int) -> AssetFiles:
        """Return what finds files.

        :param limit: bytes a file may have at most.
        """
        from kaltura_provider.transfers.asset_files import AssetFiles

        return AssetFiles(s3_bucket=self.s3_bucket, aws_conn_id=self.aws_conn_id, conn_id=self.conn_id, limit=limit)

    def apply(self, wanted: Mapping[str, Any], wish: Callable[[str, Any], Enrichment], part: str) -> dict[str, Any]:
        """Bring the entries up to date, and tell what changed.

        :param wanted: what each entry is to have.
        :param wish: makes the wish for an entry of it; a ValueError or OSError is the entry's problem.
        :param part: the part whose changes are counted.
        :return: ``{"entries": {entry_id: {..., "problem": str | None}}, "problems": int, ...}`` with counts.
        :raises kaltura_provider.hooks.errors.EntriesFailedError: an entry has a problem, and that is to fail the task.
        """
        from kaltura_provider.api.enrichment.enrich import enrich
        from kaltura_provider.hooks.errors import EntriesFailedError

        problems: dict[str, Exception] = {}
        changes: dict[str, dict[str, int]] = {entry_id: {} for entry_id in wanted}
        for result in enrich(self.hook.get_conn(), self._wishes(wanted, wish, problems)):
            changes[result.entry_id] = result.changes.get(part, {})
            if result.error is not None:
                problems[result.entry_id] = result.error
        total: Counter[str] = Counter()
        for counts in changes.values():
            total.update(counts)
        for entry_id, problem in problems.items():
            self.log.log(_LEVELS[self.on_problem], "Entry %s: %s", entry_id, problem)
        summary = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in total.items())
        self.log.info("%s of %d entries: %s.", part.capitalize(), len(wanted), summary or "nothing to do")
        if problems and self.on_problem == "fail":
            shown = [f"{entry_id}: {problem}" for entry_id, problem in list(problems.items())[:_MOST_SHOWN]]
            message = f"{len(problems)} of {len(wanted)} entries have a problem; the others are done. Correct these and"
            raise EntriesFailedError("\n".join([f"{message} clear the task:", *shown])) from _cause(problems)
        return {
            "entries": {
                entry_id: {**counts, "problem": str(problems[entry_id]) if entry_id in problems else None}
                for entry_id, counts in changes.items()
            },
            **total,
            "problems": len(problems),
        }

    def _wishes(
        self, wanted: Mapping[str, Any], wish: Callable[[str, Any], Enrichment], problems: dict[str, Exception]
    ) -> Iterator[Enrichment]:
        def make(entry_id: str) -> Enrichment | None:
            try:
                return wish(entry_id, wanted[entry_id])
            except (ValueError, OSError) as error:
                problems[entry_id] = error
                return None

        ids = list(wanted)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="files") as threads:
            for start in range(0, len(ids), _TOGETHER):
                yield from filter(None, threads.map(make, ids[start : start + _TOGETHER]))


def _pairs(entries: Any, name: str) -> Iterator[tuple[Any, Any]]:
    if isinstance(entries, Mapping):
        yield from entries.items()
        return
    hint = "If it comes from a template, set render_template_as_native_obj=True on the DAG."
    if isinstance(entries, str) or not isinstance(entries, Sequence):
        raise ValueError(f"entries must be a mapping by entry id, or a list, not {type(entries).__name__}. {hint}")
    for number, item in enumerate(entries, 1):
        if not isinstance(item, Mapping) or set(item) != {"entry_id", name}:
            raise ValueError(f"entries, item {number}: write a mapping with entry_id and {name}.")
        yield item["entry_id"], item[name]


def _cause(problems: Mapping[str, Exception]) -> Exception:
    """Return the problem that decides whether another try makes sense: one that may pass, if there is one."""
    from kaltura_provider.api import KalturaError

    passing = (
        error
        for error in problems.values()
        if isinstance(error, OSError) or (isinstance(error, KalturaError) and error.retryable)
    )
    return next(passing, next(iter(problems.values())))
