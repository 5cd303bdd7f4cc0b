"""What a year of reports must say: the raw events counted directly, in SQL that shares nothing with the provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_FIGURES = """
    count(*) FILTER (event_type = 3) AS plays,
    count(*) FILTER (event_type = 2) AS loads,
    count(*) FILTER (event_type = 4) AS q25, count(*) FILTER (event_type = 5) AS q50,
    count(*) FILTER (event_type = 6) AS q75, count(*) FILTER (event_type = 7) AS q100,
    coalesce(sum(duration_ms) FILTER (event_type BETWEEN 4 AND 7), 0) / 4000 AS seconds,
    count(DISTINCT user_id) FILTER (event_type = 3 AND user_id <> '') AS users,
    count(DISTINCT unique_viewer) FILTER (event_type = 3) AS viewers,
    count(DISTINCT entry_id) FILTER (event_type = 3) AS videos
"""
_DEVICE = """CASE
    WHEN user_agent ILIKE '%iPad%' THEN 'Tablet'
    WHEN user_agent ILIKE '%Android%' AND user_agent NOT ILIKE '%Mobile%' THEN 'Tablet'
    WHEN user_agent ILIKE '%Mobile%' THEN 'Mobile'
    WHEN regexp_matches(user_agent, 'Windows|Mac OS X|Linux|CrOS') THEN 'Computer'
    ELSE 'Unknown' END"""
_PER_PLAY = "CASE WHEN plays = 0 THEN 0 ELSE seconds / plays END"
_DROP_OFF = "CASE WHEN plays = 0 THEN 0 ELSE (q25 + q50 + q75 + q100) / 4 / plays END"
_VIEWING = {
    "count_plays": "plays", "sum_time_viewed_seconds": "seconds", "avg_time_viewed_seconds": _PER_PLAY,
    "count_loads": "loads", "load_play_ratio": "CASE WHEN loads = 0 THEN 0 ELSE plays / loads END",
    "avg_view_drop_off_ratio": _DROP_OFF, "sum_view_period_seconds": "seconds", "avg_view_period_seconds": _PER_PLAY,
    "avg_completion_ratio": f"least({_DROP_OFF}, 1)",
}  # fmt: skip

#: By report: its key column, what that is of an event, and its figures.
REPORTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "TOP_CONTENT": ("object_id", "entry_id", {**_VIEWING, "unique_known_users": "users"}),
    "CONTENT_DROPOFF": (
        "object_id", "entry_id",
        {
            "count_plays": "plays", "count_plays_25": "q25", "count_plays_50": "q50", "count_plays_75": "q75",
            "count_plays_100": "q100", "count_loads": "loads",
            "play_through_ratio": "CASE WHEN plays = 0 THEN 0 ELSE q100 / plays END",
        },
    ),
    "USER_ENGAGEMENT": (
        "user_id", "CASE WHEN user_id = '' THEN 'Unknown' ELSE user_id END", {**_VIEWING, "unique_videos": "videos"},
    ),
    "PLATFORMS": ("device", _DEVICE, {**_VIEWING, "unique_known_users": "users", "unique_viewers": "viewers"}),
}  # fmt: skip


class DirectCount:
    """Raw events, counted by local day.

    :param events: CSV files as the sandbox's export writes them; none has an event that is in another.
    :param time_zone: IANA name.
    :param first: first local day, as text.
    :param last: last local day.
    """

    def __init__(self, events: list[Path], time_zone: str, days: list[str]) -> None:
        import duckdb

        self._database = duckdb.connect()
        self._database.execute("SET threads = 2; SET memory_limit = '3GB'")
        self._database.execute("CREATE TABLE days AS SELECT unnest($1::DATE[]) AS day", [days])
        self._database.execute(
            """CREATE TABLE events AS
            SELECT timezone($zone, to_timestamp(occurred_at))::DATE AS day, event_type, entry_id,
                   coalesce(user_id, '') AS user_id, unique_viewer, user_agent, duration_ms
            FROM read_csv($files, header = true, all_varchar = false, types = {'user_id': 'VARCHAR'})
            WHERE timezone($zone, to_timestamp(occurred_at))::DATE IN (SELECT day FROM days)""",
            {"zone": time_zone, "files": [str(file) for file in events]},
        )

    @property
    def events(self) -> int:
        """How many raw events there are in these days."""
        return int(self._one("SELECT count(*) FROM events")[0])

    def differences(self, report: str, folder: Path) -> list[str]:
        """Hold a table against the count; return what differs, in words.

        :param report: a key of :data:`REPORTS`. A figure that is empty is no difference, see :meth:`gaps`.
        :param folder: with ``day=<day>/data.parquet`` of each day.
        """
        key, of_event, figures = REPORTS[report]
        shown = ", ".join(f"{value} AS {name}" for name, value in figures.items())
        self._database.execute(
            f"""CREATE OR REPLACE TEMP TABLE expected AS
            SELECT day, key, {shown} FROM (SELECT day, {of_event} AS key, {_FIGURES} FROM events GROUP BY ALL)"""
        )
        self._database.execute(
            f"""CREATE OR REPLACE TEMP TABLE found AS SELECT day::DATE AS day, {key} AS key, {", ".join(figures)}
            FROM read_parquet('{folder}/day=*/data.parquet', hive_partitioning = true)"""
        )
        wrong = []
        twice = self._one(
            "SELECT count(*), any_value(key) FROM (SELECT key FROM found GROUP BY day, key HAVING count(*) > 1)"
        )
        missing = self._one(
            "SELECT count(*), any_value([day::TEXT, key]) FROM expected ANTI JOIN found USING (day, key)"
        )
        surplus = self._one(
            "SELECT count(*), any_value([day::TEXT, key]) FROM found ANTI JOIN expected USING (day, key)"
        )
        for what, (count, example) in (("are there twice", twice), ("are missing", missing), ("are too much", surplus)):
            if count:
                wrong.append(f"{report}: {count} rows {what}, such as {example}")
        for name in figures:
            differ = _differ(name)
            count, example = self._one(
                f"""SELECT count(*), any_value([day::TEXT, key, found.{name}::TEXT, expected.{name}::TEXT])
                FROM found JOIN expected USING (day, key) WHERE {differ}"""
            )
            if count:
                wrong.append(f"{report}: {name} differs in {count} rows, such as (day, key, found, counted) {example}")
        return wrong

    def gaps(self, report: str) -> dict[tuple[str, str], list[str]]:
        """Return the figures that a table leaves empty, by day and key; of the one that :meth:`differences` saw last.

        :param report: that one.
        """
        _, _, figures = REPORTS[report]
        empty = ", ".join(f"CASE WHEN {name} IS NULL THEN '{name}' END" for name in figures)
        names = f"list_filter([{empty}], lambda name: name IS NOT NULL)"
        query = f"SELECT day::TEXT, key, {names} AS names FROM found WHERE len(names) > 0"
        return {(day, key): names for day, key, names in self._database.execute(query).fetchall()}

    def rows(self, report: str) -> dict[str, int]:
        """Return how many rows a report has each day, by the count."""
        _, of_event, _ = REPORTS[report]
        found = self._database.execute(f"SELECT day, count(DISTINCT {of_event}) FROM events GROUP BY day").fetchall()
        return {str(day): int(count) for day, count in found}

    def _one(self, query: str) -> Any:
        return self._database.execute(query).fetchone()


def _differ(name: str) -> str:
    if name.endswith("_seconds"):
        # Milliseconds are kept; which way a half of one is rounded is left open.
        return f"abs(found.{name} - expected.{name}) > 0.0005 + 1e-9 OR found.{name} <> round(found.{name}, 3)"
    if name.endswith("_ratio"):
        return f"abs(found.{name} - expected.{name}) > 1e-6"
    return f"found.{name} <> expected.{name}"
