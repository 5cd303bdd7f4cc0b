"""What the operators for captions and thumbnails share: many entries in, counts and problems out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from kaltura_provider.operators.base import KalturaBaseOperator
from kaltura_provider.operators.entry import require_entry_id

if TYPE_CHECKING:
    from kaltura_provider.api.enrichment.enrich import Enrichment
    from kaltura_provider.transfers.asset_files import AssetFiles

# As many as travel together: their files are in memory then.
_TOGETHER = 20
_THREADS = 8
_MOST_SHOWN = 20


class KalturaEntryAssetsOperator(KalturaBaseOperator):
    """Gives many entries what goes with them. An entry with a problem stops no other one.

    :param entry_id: the entry, if it is one. Templated.
    :param s3_bucket: the bucket of files that are named by their key alone. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param conn_id: ID of the connection to another object store, for paths that name none. Templated.
    :param fail_on_problems: whether the task fails in the end if an entry has a problem.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry_id",
        "s3_bucket",
        "aws_conn_id",
        "conn_id",
    )

    def __init__(
        self,
        *,
        entry_id: str | None = None,
        s3_bucket: str | None = None,
        aws_conn_id: str | None = "aws_default",
        conn_id: str | None = None,
        fail_on_problems: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry_id = entry_id
        self.s3_bucket = s3_bucket
        self.aws_conn_id = aws_conn_id
        self.conn_id = conn_id
        self.fail_on_problems = fail_on_problems

    def entries(self, wanted: Any, name: str) -> dict[str, Any]:
        """Return what each entry is to have.

        :param wanted: it is for one entry if ``entry_id`` is set, else a mapping by entry id.
        :param name: the argument's name, for the message.
        :raises ValueError: it is no mapping, or names no entry.
        """
        if self.entry_id is not None:
            return {require_entry_id(self.entry_id): wanted}
        if not isinstance(wanted, Mapping):
            raise ValueError(
                f"{name} must be a mapping by entry id, or set entry_id for one entry. If it comes from a template, "
                "set render_template_as_native_obj=True on the DAG."
            )
        return {require_entry_id(entry_id): value for entry_id, value in wanted.items()}

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
            self.log.error("Entry %s: %s", entry_id, problem)
        summary = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in total.items())
        self.log.info("%s of %d entries: %s.", part.capitalize(), len(wanted), summary or "nothing to do")
        if problems and self.fail_on_problems:
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


def _cause(problems: Mapping[str, Exception]) -> Exception:
    """Return the problem that decides whether another try makes sense: one that may pass, if there is one."""
    from kaltura_provider.api import KalturaError

    passing = (
        error
        for error in problems.values()
        if isinstance(error, OSError) or (isinstance(error, KalturaError) and error.retryable)
    )
    return next(passing, next(iter(problems.values())))
