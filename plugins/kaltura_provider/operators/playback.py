"""Proving that entries play, and that those which must not do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api import PlaybackExpectation, PlaybackResult

ON_PROBLEM = ("fail", "warn", "return")
#: Entries whose problems go into the XCom; the log has all.
_MOST_ENTRIES = 100


class KalturaPlaybackCheckOperator(KalturaBaseOperator):
    """Check that viewers can play entries, as their player would (``baseEntry.getPlaybackContext``, ``playManifest``).

    Streams are followed to the first and last bytes of media, captions fetched as WebVTT, and the thumbnail; of images
    and documents the file. An entry that its dates keep back must not be playable. Nothing is changed in Kaltura, and
    of each file only the beginning is read. Many entries take few calls: give them all to one task.

    Returns ``{"checked": int, "ok": int, "states": {state: number}, "problems": {entry_id: [text, ...]}}``, with the
    problems of 100 entries at most; the log has those of all.

    :param entry_ids: one entry id, a list of them, or what upload tasks returned. Templated.
    :param expect: ``auto``: entries play, unless their ``startDate`` is in the future or their ``endDate`` has passed,
        when nobody may get them; ``plays``; or ``refused``, as behind access control. One for all, or a mapping of
        entry ids. Templated.
    :param durations: seconds by entry id that streams should last; what Kaltura says of the entry if left out.
        Templated.
    :param captions: captions that players must list, each by language, language code or label: a list for all, or a
        mapping of entry ids to lists. Captions that Kaltura has are checked in any case. Templated.
    :param viewer: ``anonymous``, as on a public page; or ``signed_in``: with a session that may view these entries.
        It is a user's, never an administrator's, who could play everything.
    :param viewer_user_id: the Kaltura user of a viewer who is signed in. Templated.
    :param tolerance: seconds by which a stream may be shorter or longer than expected.
    :param every_rendition: follow every rendition, not only the one that players begin with.
    :param on_problem: ``fail`` the task; ``warn`` in its log; or ``return`` the problems quietly.
    :param threads: entries whose files are fetched at once.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session that lists entries and captions. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry_ids",
        "expect",
        "durations",
        "captions",
        "viewer_user_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "entry_ids": "json",
        "expect": "json",
        "durations": "json",
        "captions": "json",
    }

    def __init__(
        self,
        *,
        entry_ids: str | Sequence[Any] | Mapping[str, Any],
        expect: str | Mapping[str, str] = "auto",
        durations: Mapping[str, float] | None = None,
        captions: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        viewer: Literal["anonymous", "signed_in"] = "anonymous",
        viewer_user_id: str = "",
        tolerance: float = 2.0,
        every_rendition: bool = False,
        on_problem: Literal["fail", "warn", "return"] = "fail",
        threads: int = 4,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry_ids = entry_ids
        self.expect = expect
        self.durations = durations
        self.captions = captions
        self.viewer = viewer
        self.viewer_user_id = viewer_user_id
        self.tolerance = tolerance
        self.every_rendition = every_rendition
        self.on_problem = on_problem
        self.threads = threads

    def execute(self, context: Context) -> dict[str, Any]:
        """Check the entries.

        :param context: the task's context.
        :return: numbers by state, and the problems by entry.
        :raises kaltura_provider.hooks.errors.KalturaPlaybackError: an entry has a problem, and ``on_problem`` is
            ``fail``.
        :raises kaltura_provider.api.KalturaError: Kaltura could not be asked.
        :raises ValueError: an argument has no meaning; names the fix.
        """
        from kaltura_provider.api import check_playback

        if self.on_problem not in ON_PROBLEM:
            raise ValueError(f"on_problem is {self.on_problem!r}: use {', '.join(ON_PROBLEM)}.")
        results = check_playback(
            self.hook.get_conn(),
            self._expectations(),
            viewer=self.viewer,
            user_id=self.viewer_user_id,
            tolerance=self.tolerance,
            every_rendition=self.every_rendition,
            cdn_url=self.hook.cdn_url,
            threads=self.threads,
        )
        return self._report(results)

    def _expectations(self) -> list[PlaybackExpectation]:
        from kaltura_provider.api import PlaybackExpectation
        from kaltura_provider.hooks.readiness import normalize_entry_ids

        entry_ids = normalize_entry_ids(self.entry_ids)
        for name in ("expect", "durations", "captions"):
            value = getattr(self, name)
            if isinstance(value, Mapping) and (unknown := sorted(value.keys() - set(entry_ids))):
                raise ValueError(f"{name} names {', '.join(unknown)}, not among entry_ids. Correct one of them.")
        if self.durations is not None and not isinstance(self.durations, Mapping):
            raise ValueError("durations must be a mapping of entry ids to seconds.")
        return [
            PlaybackExpectation(
                entry_id,
                expect=_for_entry(self.expect, entry_id) or "auto",
                duration=_for_entry(self.durations, entry_id),
                captions=_for_entry(self.captions, entry_id) or (),
            )
            for entry_id in entry_ids
        ]

    def _report(self, results: list[PlaybackResult]) -> dict[str, Any]:
        from kaltura_provider.api.playback.model import count_states
        from kaltura_provider.hooks.errors import KalturaPlaybackError

        lines = [f"{'entry':<14} {'state':<10} {'seconds':>9}  renditions  captions"]
        lines += [_line(result) for result in results]
        self.log.info("%d entries checked:\n%s", len(results), "\n".join(lines))
        problems = {result.entry_id: list(result.problems) for result in results if not result.ok}
        words = [f"{entry_id}: {problem}" for entry_id, found in problems.items() for problem in found]
        if words and self.on_problem == "warn":
            self.log.warning("%d of %d entries:\n%s", len(problems), len(results), "\n".join(words))
        elif words:
            self.log.info("%d of %d entries:\n%s", len(problems), len(results), "\n".join(words))
        if words and self.on_problem == "fail":
            shown = "\n".join(words[:10])
            more = f"\nand {len(words) - 10} more; the log above has all." if len(words) > 10 else ""
            raise KalturaPlaybackError(
                f"{len(problems)} of {len(results)} entries do not play as they should:\n{shown}{more}"
            )
        return {
            "checked": len(results),
            "ok": len(results) - len(problems),
            "states": count_states(results),
            "problems": dict(list(problems.items())[:_MOST_ENTRIES]),
        }


def _for_entry(value: Any, entry_id: str) -> Any:
    return value.get(entry_id) if isinstance(value, Mapping) else value


def _line(result: PlaybackResult) -> str:
    facts = result.facts
    duration = facts.get("duration")
    seconds = "" if duration is None else f"{duration:.1f}"
    renditions = len(facts.get("renditions") or ()) or ""
    captions = ", ".join(facts.get("captions") or ())
    return f"{result.entry_id:<14} {result.state:<10} {seconds:>9}  {renditions:>10}  {captions}".rstrip()
