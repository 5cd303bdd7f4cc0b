"""Analytics from S3 to PostgreSQL: a real S3 server on one side, a real database on the other."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from airflow.providers.postgres.hooks import postgres as hook_module
from airflow.sdk import DAG
from tests.postgres import PORT, postgres_server, report_database
from tests.provider.airflow_fixtures import BUCKET, render
from tests.provider.entries import ready_entry
from tests.provider.transfers.reports import play

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.analytics.day_files import DayFile, DayFiles
from kaltura_provider.api.analytics.reading import schema_of
from kaltura_provider.api.analytics.report_types import report_type
from kaltura_provider.hooks.s3_partitions import S3Partitions
from kaltura_provider.transfers.kaltura_to_s3 import KalturaReportToS3Operator
from kaltura_provider.transfers.s3_to_postgres import KalturaReportToPostgresOperator

DAY = "2026-01-31"
#: What a text may hold and COPY could take for something else.
NASTY = [
    "tab\there", "line\nbreak\r\n", "back\\slash \\N \\.", "\\.", "a\n\\.\nb", "\\N", 'quo"te \'s', "", "Ünï 🎓", " "
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with postgres_server() as socket:
        yield socket


@pytest.fixture
def database(server: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    with report_database(server, monkeypatch) as connection:
        yield connection


PutDay = Callable[..., dict[str, Any]]


@pytest.fixture
def put_day(s3: Any, tmp_path: Path) -> PutDay:
    """Write a day as the other operator does, with rows of the test's own."""

    def put(rows: list[dict[str, Any]], day: str = DAY, report: str = "TOP_CONTENT", more: Any = ()) -> dict[str, Any]:
        schema = schema_of(report_type(report).described())
        for name, kind in more:
            schema = schema.append(pa.field(name, kind))
        path = tmp_path / "data.parquet"
        parquet.write_table(pa.Table.from_pylist(rows, schema), path)
        fields = [{"name": each.name, "type": str(each.type)} for each in schema]
        body = path.read_bytes()
        file = DayFile(path, "application/vnd.apache.parquet", len(body), hashlib.sha256(body).hexdigest())
        manifest = {
            "report": report, "day": day, "rows": len(rows), "schema": fields, "provisional": False,
            "files": {"data.parquet": {"bytes": file.bytes, "sha256": file.sha256}},
        }  # fmt: skip
        S3Partitions("aws_default", BUCKET, "r/").put(DayFiles(manifest, {"data.parquet": file}))
        return manifest

    return put


def load(context: Any, **more: Any) -> dict[str, Any]:
    arguments = {"report_type": "TOP_CONTENT", "day": DAY, "s3_bucket": BUCKET, "s3_prefix": "r/", **more}
    done: dict[str, Any] = KalturaReportToPostgresOperator(task_id="load", **arguments).execute(context)
    json.dumps(done)
    return done


def rows_of(database: psycopg.Connection[Any], table: str = "top_content") -> list[tuple[Any, ...]]:
    return database.execute(f"SELECT * FROM {table} ORDER BY day, object_id").fetchall()


def rows(*plays: int) -> list[dict[str, Any]]:
    return [{"object_id": f"0_{number}", "count_plays": each} for number, each in enumerate(plays)]


def test_from_kaltura_to_the_database(
    s3: Any, client: KalturaClient, database: psycopg.Connection[Any], context: Any
) -> None:
    entry_id = ready_entry(client, name='Ünï "quoted", and | more')
    play(client, entry_id, "2026-01-31T12:00")
    written = KalturaReportToS3Operator(
        task_id="report", report_type="TOP_CONTENT", day=DAY, s3_bucket=BUCKET, s3_prefix="r/"
    ).execute(context)
    told = load(context)
    assert told == {
        "table": "top_content", "report": "TOP_CONTENT", "day": DAY, "rows": written["rows"], "replaced": 0,
        "added_columns": [], "provisional": False, "s3_uri": written["s3_uri"],
    }  # fmt: skip
    query = "SELECT day::text, count_plays, title FROM top_content WHERE object_id = %s"
    assert database.execute(query, [entry_id]).fetchall() == [(DAY, 1, 'Ünï "quoted", and | more')]
    before = rows_of(database)
    assert load(context)["replaced"] == len(before)
    assert rows_of(database) == before
    key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'top_content'::regclass"
    assert database.execute(key).fetchone() == ("PRIMARY KEY (day, object_id)",)
    comment = "SELECT col_description('top_content'::regclass, 2)"
    assert "id of what the row is about" in str(database.execute(comment).fetchone())


@pytest.mark.parametrize("psycopg3", [True, False], ids=["psycopg3", "psycopg2"])
def test_every_value_survives(
    put_day: PutDay, database: psycopg.Connection[Any], context: Any, monkeypatch: pytest.MonkeyPatch, psycopg3: bool
) -> None:
    monkeypatch.setattr(hook_module, "USE_PSYCOPG3", psycopg3)
    with closing(hook_module.PostgresHook().get_conn()) as connection:
        assert type(connection).__module__.partition(".")[0] == ("psycopg" if psycopg3 else "psycopg2")
    given: list[dict[str, Any]] = [
        {"object_id": f"0_{number:02}", "entry_name": text, "count_plays": 2**53 + number, "load_play_ratio": 1 / 3}
        for number, text in enumerate(NASTY)
    ]
    given.append({"object_id": "1_null", "entry_name": None, "count_plays": None, "load_play_ratio": None})
    put_day(given)
    load(context)
    query = "SELECT object_id, entry_name, count_plays, load_play_ratio FROM top_content ORDER BY object_id"
    assert database.execute(query).fetchall() == [tuple(each.values()) for each in given]
    put_day([{"object_id": "0_a", "entry_name": "zero \x00 byte"}])
    assert load(context)["replaced"] == len(given)
    assert database.execute("SELECT entry_name FROM top_content").fetchall() == [("zero \ufffd byte",)]


def test_other_days_stay(put_day: PutDay, database: psycopg.Connection[Any], context: Any) -> None:
    put_day(rows(1, 2, 3))
    put_day(rows(7), day="2026-02-01")
    load(context)
    load(context, day="2026-02-01")
    put_day(rows(4))
    assert load(context)["replaced"] == 3
    assert [row[3] for row in rows_of(database)] == [4, 7]
    put_day([])
    assert load(context)["rows"] == 0
    assert [row[3] for row in rows_of(database)] == [7]


def test_new_columns_are_added(put_day: PutDay, database: psycopg.Connection[Any], context: Any) -> None:
    put_day(rows(1), day="2026-01-30")
    load(context, day="2026-01-30")
    put_day([{**rows(2)[0], 'a "new" one': "x%s"}], more=[('a "new" one', pa.string())])
    assert load(context)["added_columns"] == ['a "new" one']
    assert [row[-1] for row in rows_of(database)] == [None, "x%s"]


def test_a_table_with_any_name_in_a_schema(put_day: PutDay, database: psycopg.Connection[Any], context: Any) -> None:
    put_day(rows(1))
    table = 'Ana"lytics.Top; DROP TABLE x'
    with pytest.raises(ValueError, match=r"Create the schema .* or name one that exists in `table`"):
        load(context, table=table)
    database.execute('CREATE SCHEMA "Ana""lytics"')
    assert load(context, table=table)["table"] == table
    assert len(rows_of(database, '"Ana""lytics"."Top; DROP TABLE x"')) == 1


@pytest.mark.parametrize("key", [True, False], ids=["key", "no-key"])
def test_several_at_once(put_day: PutDay, database: psycopg.Connection[Any], context: Any, key: bool) -> None:
    put_day(rows(*range(500)))
    put_day(rows(1), day="2026-02-01")
    if not key:
        database.execute("CREATE TABLE top_content (day date, object_id text)")
    start = threading.Barrier(5)
    failed: list[BaseException] = []

    def run(day: str) -> None:
        start.wait()
        try:
            load(context, day=day)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=[day]) for day in (DAY, DAY, DAY, DAY, "2026-02-01")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    assert len(rows_of(database)) == 501


KILLED = f"""
from kaltura_provider.transfers.s3_to_postgres import KalturaReportToPostgresOperator
KalturaReportToPostgresOperator(
    task_id="load", report_type="TOP_CONTENT", day="{DAY}", s3_bucket="{BUCKET}", s3_prefix="r/"
).execute({{}})
"""


def test_killed_in_between_leaves_the_rows_of_before(
    put_day: PutDay, database: psycopg.Connection[Any], context: Any, server: Path
) -> None:
    put_day(rows(1, 2, 3))
    load(context)
    before = rows_of(database)
    put_day([{"object_id": "0_new", "count_plays": 9}])
    waiting = "SELECT pid, query FROM pg_stat_activity WHERE datname = 'reports' AND wait_event_type = 'Lock'"
    with psycopg.connect(host=str(server), port=PORT, user="postgres", dbname="reports") as other:
        # The old rows are deleted; the new one waits for the end of this transaction, which has its key.
        other.execute("INSERT INTO top_content (day, object_id) VALUES (%s, '0_new')", [DAY])
        process = subprocess.Popen([sys.executable, "-c", KILLED], env=dict(os.environ), stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while not (found := database.execute(waiting).fetchall()):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        assert found[0][1].startswith("COPY")
        process.kill()
        process.wait()
        other.rollback()
    left = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
    while database.execute(left, [found[0][0]]).fetchone() != (0,):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert rows_of(database) == before
    load(context)
    assert [row[1] for row in rows_of(database)] == ["0_new"]


def test_a_file_that_does_not_fit_its_manifest(
    s3: Any, put_day: PutDay, database: psycopg.Connection[Any], context: Any
) -> None:
    put_day(rows(1))
    load(context)
    before = rows_of(database)
    put_day(rows(2, 3))
    manifest = s3.get_object(Bucket=BUCKET, Key=f"r/top_content/day={DAY}/_manifest.json")["Body"].read()
    put_day(rows(4))
    s3.put_object(Bucket=BUCKET, Key=f"r/top_content/day={DAY}/_manifest.json", Body=manifest)
    with pytest.raises(ValueError, match=r"data.parquet does not fit its manifest.*write the day again, then clear"):
        load(context)
    assert rows_of(database) == before


def test_what_cannot_be_loaded_is_named(
    s3: Any, put_day: PutDay, database: psycopg.Connection[Any], context: Any
) -> None:
    with pytest.raises(ValueError, match=r"top_content/day=2026-01-31/ has no manifest: let KalturaReportToS3Operator"):
        load(context)
    put_day(rows(1))
    s3.delete_object(Bucket=BUCKET, Key=f"r/top_content/day={DAY}/data.parquet")
    with pytest.raises(ValueError, match=r"has no data.parquet: .*with parquet among its formats"):
        load(context)
    with pytest.raises(ValueError, match="TOP_CONTNT"):
        load(context, report_type="TOP_CONTNT")
    with pytest.raises(ValueError, match="use the form 2026-01-31"):
        load(context, day="31.01.2026")
    with pytest.raises(ValueError, match="cannot be a name"):
        load(context, table="reports.")


def test_tables_that_cannot_be_used_are_named(
    put_day: PutDay, database: psycopg.Connection[Any], context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_day([*rows(1), *rows(2)])
    with pytest.raises(ValueError, match=r"Two rows of the day have one key\. Drop the table's primary key"):
        load(context)
    database.execute("ALTER TABLE top_content DROP CONSTRAINT top_content_pkey")
    assert load(context)["rows"] == 2
    database.execute("ALTER TABLE top_content ALTER entry_name TYPE bigint USING NULL")
    put_day([{"object_id": "0_a", "entry_name": "a talk"}])
    with pytest.raises(ValueError, match=r"another type than the file"):
        load(context)
    database.execute("CREATE TABLE other (id bigint)")
    with pytest.raises(ValueError, match="was not made by this operator"):
        load(context, table="other")
    database.execute("CREATE ROLE reader LOGIN")
    name = "AIRFLOW_CONN_POSTGRES_DEFAULT"
    monkeypatch.setenv(name, os.environ[name].replace('"login": "postgres"', '"login": "reader"'))
    with pytest.raises(ValueError, match="Grant the connection's user CREATE on the schema"):
        load(context, table="third")
    database.execute("DROP ROLE reader")


def test_reports_without_a_known_key(put_day: PutDay, database: psycopg.Connection[Any], context: Any) -> None:
    more = [("device_name", pa.string())]
    put_day([{"device_name": "a"}, {"device_name": "a"}], report="TOP_CREATORS", more=more)
    assert load(context, report_type=20, table="creators")["rows"] == 2
    assert load(context, report_type="TOP_CREATORS", table="creators")["replaced"] == 2


def test_templates_and_mapping() -> None:
    task = KalturaReportToPostgresOperator(
        task_id="load", report_type=1, day="{{ ds }}", s3_bucket=BUCKET, table="reports_{{ ds_nodash }}"
    )
    render(task, ds="2026-01-31", ds_nodash="20260131")
    assert (task.day, task.table) == ("2026-01-31", "reports_20260131")
    with DAG("mapped", schedule=None):
        KalturaReportToPostgresOperator.partial(task_id="load", report_type=1, s3_bucket=BUCKET).expand(
            day=["2026-01-30", "2026-01-31"]
        )
