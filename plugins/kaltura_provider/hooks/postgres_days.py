"""Days of analytics in PostgreSQL: one table a report, whose rows of a day are replaced as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from kaltura_provider.api.analytics.report_types import ReportType
    from kaltura_provider.api.analytics.tables import TableColumn

_ROWS_AT_ONCE = 10_000
# What COPY takes for more than itself. PostgreSQL's texts hold no zero byte at all.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": "\ufffd"})
_NULL = "\\N"

# By SQLSTATE: what to do.
_FIXES = {
    "23505": "Two rows of the day have one key. Drop the table's primary key (ALTER TABLE ... DROP CONSTRAINT ...); "
    "loading a day again replaces it without one, too",
    "22P02": "A column of the table has another type than the file. Compare the table with what `python -m "
    "kaltura_provider.api.analytics ddl --dialect postgresql REPORT` prints, and alter the column",
    "3F000": "Create the schema (CREATE SCHEMA ...), or name one that exists in `table`",
    "42501": "Grant the connection's user CREATE on the schema, or let the owner of the table load it: creating it, "
    "adding columns, SELECT, INSERT and DELETE are needed",
    "42703": "The table was not made by this operator. Name another one in `table`, or rename that one",
}


def replace_day(
    connection: Any, table: str, report: ReportType, day: str, data: pa.Table, columns: Sequence[TableColumn]
) -> dict[str, Any]:
    """Put a day's rows in the place of those that are there, in one transaction.

    The table is made when it is missing, and gets columns that are new, before that and on their own. Of two that load
    one day at once, one waits for the other. Who dies in between leaves the rows of before.

    :param connection: of psycopg2 or psycopg 3, without a transaction that is under way.
    :param table: name of the table, with schema before it.
    :param report: the report; it decides the primary key of a new table.
    :param day: the day, ``YYYY-MM-DD``.
    :param data: the rows, without the day. A zero byte in a text, which PostgreSQL cannot hold, becomes ``U+FFFD``.
    :param columns: its columns.
    :return: ``added_columns``, and ``replaced``, the number of rows that were there.
    :raises ValueError: the table cannot be used like this; names the fix.
    """
    from kaltura_provider.api.analytics.ddl import quoted, quoted_table

    name = quoted_table(table, "postgresql")
    names = ", ".join(quoted(each, "postgresql") for each in ("day", *data.schema.names))
    try:
        with connection.cursor() as cursor:
            oid, added = _prepare(cursor, name, report, columns)
            connection.commit()
            # What another one wrote while this one waited for the lock must be seen.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            _lock(cursor, f"{oid}/{day}")
            cursor.execute(f'DELETE FROM {name} WHERE "day" = %s::date', [day])  # noqa: S608  quoted above
            replaced = cursor.rowcount
            _copy(cursor, f"COPY {name} ({names}) FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')", _lines(day, data))
            connection.commit()
    except Exception as error:
        # Of psycopg 3 and of psycopg2.
        fix = _FIXES.get(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")
        if fix is None:
            raise
        raise ValueError(
            f"{report.name} of {day} cannot be loaded into {table}: {str(error).strip()}. {fix}."
        ) from error
    return {"added_columns": added, "replaced": replaced}


def _prepare(cursor: Any, name: str, report: ReportType, columns: Sequence[TableColumn]) -> tuple[int, list[str]]:
    """Make the table or add columns to it; return its oid, and the columns that were added to an older one."""
    from kaltura_provider.api.analytics.ddl import postgres_column, postgres_table

    # Two that make one table at once would hinder each other, even with IF NOT EXISTS.
    _lock(cursor, name)
    added: list[str] = []
    oid = _oid(cursor, name)
    if oid is None:
        cursor.execute("\n".join(postgres_table(report, name, columns)))
        oid = _oid(cursor, name)
    else:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::oid AND attnum > 0 AND NOT attisdropped", [oid]
        )
        known = {str(row[0]) for row in cursor.fetchall()}
        for column in columns:
            if column.name not in known:
                cursor.execute("\n".join(postgres_column(name, column)))
                added.append(column.name)
    return int(oid or 0), added


def _oid(cursor: Any, name: str) -> int | None:
    cursor.execute("SELECT to_regclass(%s)::oid", [name])
    (found,) = cursor.fetchone()
    return None if found is None else int(found)


def _lock(cursor: Any, subject: str) -> None:
    """Wait until nobody else works on this; the lock ends with the transaction."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 0))", [f"kaltura_provider {subject}"])


def _copy(cursor: Any, statement: str, lines: Iterable[bytes]) -> None:
    if hasattr(cursor, "copy"):
        with cursor.copy(statement) as copy:
            for block in lines:
                copy.write(block)
        return
    # psycopg2 reads from a file.
    import tempfile

    with tempfile.TemporaryFile() as file:
        file.writelines(lines)
        file.seek(0)
        cursor.copy_expert(statement, file)


def _lines(day: str, data: pa.Table) -> Iterator[bytes]:
    """Yield the rows in COPY's text format."""
    for batch in data.to_batches(max_chunksize=_ROWS_AT_ONCE):
        cells = [[_NULL if each is None else _cell(each) for each in column.to_pylist()] for column in batch.columns]
        yield "".join("\t".join((day, *row)) + "\n" for row in zip(*cells, strict=True)).encode()


def _cell(value: Any) -> str:
    # repr() of a float is the shortest text that gives the same one back.
    return value.translate(_ESCAPES) if isinstance(value, str) else repr(value)
