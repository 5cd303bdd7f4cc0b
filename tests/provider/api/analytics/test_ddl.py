"""Tables over the files of reports: run where the database is at hand, parsed where it is not."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow.parquet as parquet
import pytest
import sqlglot
from sqlglot import expressions
from tests.postgres import PORT, postgres_server
from tests.provider.api.analytics.conftest import EXAM_DAY

from kaltura_provider.api import REPORT_TYPES, DayReport, EntryDetails, KalturaClient, ddl, write_day
from kaltura_provider.api.analytics.__main__ import main
from kaltura_provider.api.analytics.ddl import Dialect, quoted, quoted_table
from kaltura_provider.api.analytics.tables import table_columns

KNOWN = [name for name, report in REPORT_TYPES.items() if report.columns]
DIALECTS: tuple[Dialect, ...] = ("duckdb", "snowflake", "bigquery", "redshift", "postgresql")
HOSTILE = 'it\'s "quoted", `ticked` and \\ back; DROP TABLE x --'


def statements(report: str, dialect: Dialect, **more: Any) -> list[expressions.Expr]:
    """The statements of a definition, all of them understood."""
    text = ddl(report, dialect, **more)
    if dialect == "bigquery":
        # Clauses of external tables that the parser does not know.
        kept = [line for line in text.splitlines() if not line.startswith(("WITH PARTITION", "WITH CONNECTION"))]
        text = "\n".join(kept)
    found = sqlglot.parse(text, read={"postgresql": "postgres"}.get(dialect, dialect))
    assert None not in found
    parsed = [each for each in found if each is not None]
    assert not any(isinstance(each, expressions.Command) for each in parsed)
    return parsed


def created(parsed: list[expressions.Expr]) -> expressions.Create:
    """The first table or view that is made."""
    return next(each for each in parsed if isinstance(each, expressions.Create) and each.kind in ("TABLE", "VIEW"))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("report", KNOWN)
def test_definitions_are_sql_of_their_dialect(report: str, dialect: Dialect) -> None:
    parsed = statements(report, dialect, location="s3://bucket/it's/here/")
    made = created(parsed)
    names = [each.name for each in table_columns(report)]
    if dialect == "duckdb":
        shown = made.expression.named_selects
    else:
        shown = [each.name for each in made.this.expressions if isinstance(each, expressions.ColumnDef)]
    # BigQuery's partitions are a clause of their own.
    assert shown == (names if dialect == "bigquery" else ["day", *names])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_are_quoted(dialect: Dialect) -> None:
    parsed = statements("TOP_CONTENT", dialect, table=f"analytics.{HOSTILE}", location=HOSTILE)
    made = created(parsed)
    table = made.find(expressions.Table)
    assert table is not None
    assert (table.db, table.name) == ("analytics", HOSTILE)
    assert sum(isinstance(each, expressions.Drop) for each in parsed) == (dialect == "redshift")


def test_bigquery_partitions() -> None:
    near = ddl("TOP_CONTENT", "bigquery", location="gs://bucket/analytics/top_content/")
    assert "WITH PARTITION COLUMNS (`day` DATE)" in near
    assert "uris = ['gs://bucket/analytics/top_content/*.parquet']" in near
    assert "hive_partition_uri_prefix = 'gs://bucket/analytics/top_content'" in near
    assert "CONNECTION" not in near
    assert "WITH CONNECTION `PROJECT.aws-REGION.CONNECTION`" in ddl("TOP_CONTENT", "bigquery")


@pytest.fixture(scope="module")
def lake(busy: KalturaClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of a report, laid out as in S3, in a folder with a name that needs quoting."""
    root = tmp_path_factory.mktemp("it's a lake") / "top_content"
    for day in (EXAM_DAY, "2026-03-19"):
        folder = root / f"day={day}"
        folder.mkdir(parents=True)
        write_day(
            DayReport(busy, "TOP_CONTENT", day), folder, fetched_at=datetime.datetime.now(datetime.timezone.utc),
            provisional=False, formats=("parquet", "csv"), details=EntryDetails(busy),
        )  # fmt: skip
    return root


def test_duckdb_reads_the_files(lake: Path) -> None:
    connection = duckdb.connect()
    connection.execute(ddl("TOP_CONTENT", "duckdb", table="Plays", location=str(lake)))
    table = parquet.read_table(lake / f"day={EXAM_DAY}" / "data.parquet")
    plays = f"SELECT count(*), sum(count_plays), any_value(day) FROM \"Plays\" WHERE day = DATE '{EXAM_DAY}'"
    rows, total, day = connection.execute(plays).fetchone() or ()
    assert (rows, total) == (len(table), sum(table["count_plays"].to_pylist()))
    assert str(day) == EXAM_DAY
    assert len(connection.execute('SELECT DISTINCT day FROM "Plays"').fetchall()) == 2
    comments = dict(
        connection.execute("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'Plays'").fetchall()
    )
    assert comments["count_plays"] == "plays"


def test_duckdb_reads_days_from_before_a_column_was_new(lake: Path, tmp_path: Path) -> None:
    for name, columns in (("day=2026-01-01", -1), ("day=2026-01-02", None)):
        (tmp_path / name).mkdir()
        table = parquet.read_table(lake / f"day={EXAM_DAY}" / "data.parquet", partitioning=None)
        parquet.write_table(table.select(table.schema.names[:columns]), tmp_path / name / "data.parquet")
    connection = duckdb.connect()
    connection.execute(ddl("TOP_CONTENT", "duckdb", location=str(tmp_path)))
    found = connection.execute("SELECT day, count(entry_duration_seconds) > 0 FROM top_content GROUP BY 1 ORDER BY 1")
    assert [row[1] for row in found.fetchall()] == [False, True]


def test_postgresql_makes_all_tables_and_makes_them_again() -> None:
    with (
        postgres_server() as socket,
        psycopg.connect(host=str(socket), port=PORT, user="postgres", dbname="postgres", autocommit=True) as connection,
    ):
        for report in KNOWN:
            for _ in range(2):
                connection.execute(ddl(report, "postgresql"))
            query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum"
            names = [row[0] for row in connection.execute(query, [report.lower()])]
            assert names == ["day", *(each.name for each in table_columns(report))]


def test_what_cannot_be_defined_is_named() -> None:
    with pytest.raises(ValueError, match="use one of duckdb, snowflake, bigquery, redshift, postgresql"):
        ddl("TOP_CONTENT", "oracle")
    with pytest.raises(ValueError, match=r"columns of TOP_CREATORS are not known .* write a day of it"):
        ddl("TOP_CREATORS", "duckdb")
    for name in ("", "a..b", "a\x00"):
        with pytest.raises(ValueError, match="cannot be a name"):
            quoted_table(name, "duckdb")
    with pytest.raises(ValueError, match="63 bytes"):
        quoted("ü" * 32, "postgresql")


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["ddl", "--dialect", "snowflake", "TOP_CONTENT", "--location", "s3://b/top_content"]
    assert main(arguments) == 0
    assert capsys.readouterr().out == ddl("TOP_CONTENT", "snowflake", location="s3://b/top_content/")
    assert main(["columns", "top_content", "--no-details"]) == 0
    lines = {line.split()[0]: line.split()[1:3] for line in capsys.readouterr().out.splitlines()}
    assert lines["sum_time_viewed_seconds"] == ["double", "seconds"]
    assert "title" not in lines
    assert main(["columns", "TOP_CONTNT"]) == 2
    assert "TOP_CONTNT" in capsys.readouterr().err
