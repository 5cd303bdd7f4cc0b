"""Tables over the files of reports, in the SQL of warehouses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from kaltura_provider.api.analytics.report_types import ReportType, report_type
from kaltura_provider.api.analytics.tables import TableColumn, has_key, key_columns, table_columns

Dialect = Literal["duckdb", "snowflake", "bigquery", "redshift", "postgresql"]

#: A day to be put in the place of this one.
EXAMPLE_DAY = "2026-01-31"

_DAY = TableColumn("day", "date", "the local day")
_TYPES: Mapping[str, Mapping[str, str]] = {
    "duckdb": {"date": "DATE", "string": "VARCHAR", "int64": "BIGINT", "double": "DOUBLE"},
    "snowflake": {"date": "DATE", "string": "VARCHAR", "int64": "NUMBER(38, 0)", "double": "DOUBLE"},
    "bigquery": {"date": "DATE", "string": "STRING", "int64": "INT64", "double": "FLOAT64"},
    # A VARCHAR without a length has 256 bytes there; titles and categories have more.
    "redshift": {"date": "DATE", "string": "VARCHAR(65535)", "int64": "BIGINT", "double": "DOUBLE PRECISION"},
    "postgresql": {"date": "date", "string": "text", "int64": "bigint", "double": "double precision"},
}
# In these a backslash within quotes begins an escape sequence.
_BACKSLASH_ESCAPES = ("snowflake", "bigquery")


def ddl(
    report: int | str | ReportType,
    dialect: Dialect | str,
    *,
    table: str | None = None,
    location: str | None = None,
    details: bool = True,
) -> str:
    """Return the SQL that makes a report's days a table, with a comment on each column.

    ``duckdb``: a view over the files. ``snowflake``: a stage, a table, and how a day is put into it. ``bigquery``: an
    external table. ``redshift``: a table, and how a day is put into it. ``postgresql``: a table with a primary key;
    :class:`~kaltura_provider.transfers.s3_to_postgres.KalturaReportToPostgresOperator` fills it. Loading a day again
    replaces it.

    :param report: a name such as ``TOP_CONTENT``, or a number.
    :param dialect: whose SQL.
    :param table: its name, with schema (and database) before it, separated by dots. Default: the report's name.
    :param location: where the report's days are, such as ``s3://BUCKET/analytics/top_content/``, or a local folder.
    :param details: whether the files have the columns that are added to entries.
    :return: statements, each with a semicolon at its end.
    :raises ValueError: report, dialect or name are wrong, or the columns of the report are not known.
    """
    if dialect not in _WRITERS:
        raise ValueError(f"dialect {dialect!r} is unknown: use one of {', '.join(_WRITERS)}")
    found = report_type(report)
    columns = table_columns(found, details=details)
    name = quoted_table(table or found.name.lower(), dialect)
    place = (location or f"s3://BUCKET/analytics/{found.name.lower()}").rstrip("/")
    return "\n".join(_WRITERS[dialect](found, name, columns, place)) + "\n"


def quoted(name: str, dialect: str) -> str:
    """Return a name as an identifier.

    :raises ValueError: it is empty, or cannot be a name.
    """
    if not name or "\x00" in name:
        raise ValueError(f"{name!r} cannot be a name in a database: use letters, digits and underscores")
    if dialect == "postgresql" and len(name.encode()) > 63:
        raise ValueError(f"{name!r} is too long for PostgreSQL, which cuts names at 63 bytes: choose a shorter one")
    if dialect == "bigquery":
        return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
    return '"' + name.replace('"', '""') + '"'


def quoted_table(table: str, dialect: str) -> str:
    """Return the name of a table as an identifier.

    :param table: with schema (and database) before it, separated by dots.
    :raises ValueError: a part is empty, or cannot be a name.
    """
    return ".".join(quoted(part, dialect) for part in table.split("."))


def literal(text: str, dialect: str) -> str:
    """Return a text as a literal."""
    if dialect in _BACKSLASH_ESCAPES:
        text = text.replace("\\", "\\\\")
    return "'" + (text.replace("'", "\\'") if dialect == "bigquery" else text.replace("'", "''")) + "'"


def postgres_table(report: ReportType, name: str, columns: Sequence[TableColumn]) -> list[str]:
    """Return the statements that make a table in PostgreSQL.

    :param report: the report; its keys and the day are the primary key.
    :param name: the name, quoted.
    :param columns: without the day.
    """
    parts = [_defined(each, "postgresql") for each in (_DAY, *columns)]
    if has_key(report, columns):
        keys = ", ".join(quoted(each, "postgresql") for each in ("day", *key_columns(report, columns)))
        parts.append(f"PRIMARY KEY ({keys})")
    made = [f"CREATE TABLE IF NOT EXISTS {name} (", *_listed(parts), ");"]
    if not has_key(report, columns):
        made.append(f'CREATE INDEX ON {name} ("day");')
    return [*made, _about_table(report, name, "postgresql"), *_comments(name, columns, "postgresql")]


def postgres_column(name: str, column: TableColumn) -> list[str]:
    """Return the statements that add a column to a table in PostgreSQL.

    :param name: the table's, quoted.
    :param column: what is new.
    """
    return [
        f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {_defined(column, 'postgresql')};",
        *_comments(name, [column], "postgresql"),
    ]


def _postgresql(report: ReportType, name: str, columns: Sequence[TableColumn], place: str) -> list[str]:
    return postgres_table(report, name, columns)


def _duckdb(report: ReportType, name: str, columns: Sequence[TableColumn], place: str) -> list[str]:
    kinds = _TYPES["duckdb"]
    picked = [
        f"CAST({quoted(each.name, 'duckdb')} AS {kinds[each.type]}) AS {quoted(each.name, 'duckdb')}"
        for each in (_DAY, *columns)
    ]
    files = literal(f"{place}/day=*/data.parquet", "duckdb")
    return [
        *(["-- Once: INSTALL httpfs; and CREATE SECRET (TYPE s3, PROVIDER credential_chain);"] * ("://" in place)),
        f"CREATE OR REPLACE VIEW {name} AS SELECT",
        *_listed(picked),
        # Days before and after a column was new are one table.
        f"FROM read_parquet({files}, hive_partitioning = true, hive_types_autocast = false, union_by_name = true);",
        _about_table(report, name, "duckdb", kind="VIEW"),
        *_comments(name, columns, "duckdb"),
    ]


def _snowflake(report: ReportType, name: str, columns: Sequence[TableColumn], place: str) -> list[str]:
    def commented(column: TableColumn) -> str:
        return f"{_defined(column, 'snowflake')} COMMENT {literal(column.meaning, 'snowflake')}"

    schema, dot, last = name.rpartition(".")
    stage = f'{schema}{dot}"{last[1:-1]}_files"'
    kinds = _TYPES["snowflake"]
    picked = [f"$1:{quoted(each.name, 'snowflake')}::{kinds[each.type]}" for each in columns]
    names = ", ".join(quoted(each.name, "snowflake") for each in (_DAY, *columns))
    return [
        "-- Put the name of your storage integration in the place of INTEGRATION.",
        f"CREATE STAGE IF NOT EXISTS {stage}",
        f"  URL = {literal(place + '/', 'snowflake')}",
        "  STORAGE_INTEGRATION = INTEGRATION",
        "  FILE_FORMAT = (TYPE = PARQUET);",
        f"CREATE TABLE IF NOT EXISTS {name} (",
        *_listed([commented(each) for each in (_DAY, *columns)]),
        f") COMMENT = {literal(_about(report), 'snowflake')};",
        "-- A day, as often as you like. FORCE, as a file that was replaced has the name of the one before.",
        "BEGIN;",
        f"DELETE FROM {name} WHERE \"day\" = '{EXAMPLE_DAY}';",  # noqa: S608  quoted by the caller
        f"COPY INTO {name} ({names})",
        f"FROM (SELECT '{EXAMPLE_DAY}'::DATE,",
        *_listed(picked),
        f"FROM @{stage}/day={EXAMPLE_DAY}/data.parquet)",
        "FORCE = TRUE;",
        "COMMIT;",
    ]


def _bigquery(report: ReportType, name: str, columns: Sequence[TableColumn], place: str) -> list[str]:
    described = [
        f"{_defined(each, 'bigquery')} OPTIONS(description={literal(each.meaning, 'bigquery')})" for each in columns
    ]
    # BigQuery reads S3 where it runs in that region, over a connection.
    far = place.startswith("s3://")
    return [
        *(["-- Put your BigQuery connection to AWS in the place of PROJECT.aws-REGION.CONNECTION."] * far),
        f"CREATE OR REPLACE EXTERNAL TABLE {name} (",
        *_listed(described),
        ")",
        "WITH PARTITION COLUMNS (`day` DATE)",
        *(["WITH CONNECTION `PROJECT.aws-REGION.CONNECTION`"] * far),
        "OPTIONS (",
        *_listed([
            "format = 'PARQUET'",
            f"uris = [{literal(place + '/*.parquet', 'bigquery')}]",
            f"hive_partition_uri_prefix = {literal(place, 'bigquery')}",
            f"description = {literal(_about(report), 'bigquery')}",
        ]),
        ");",
    ]  # fmt: skip


def _redshift(report: ReportType, name: str, columns: Sequence[TableColumn], place: str) -> list[str]:
    names = ", ".join(quoted(each.name, "redshift") for each in columns)
    return [
        f"CREATE TABLE IF NOT EXISTS {name} (",
        # No key: Redshift would believe in it without looking.
        *_listed([_defined(each, "redshift") for each in (_DAY, *columns)]),
        ') DISTSTYLE AUTO SORTKEY ("day");',
        _about_table(report, name, "redshift"),
        *_comments(name, columns, "redshift"),
        "-- A day, as often as you like. The file has no column for it, and COPY takes columns by their order.",
        "-- Put the ARN of your role in the place of ROLE.",
        "BEGIN;",
        'CREATE TEMPORARY TABLE "kaltura_day" (',
        *_listed([_defined(each, "redshift") for each in columns]),
        ");",
        f'COPY "kaltura_day" FROM {literal(f"{place}/day={EXAMPLE_DAY}/data.parquet", "redshift")}',
        "IAM_ROLE 'ROLE' FORMAT AS PARQUET;",
        f"DELETE FROM {name} WHERE \"day\" = '{EXAMPLE_DAY}';",  # noqa: S608  quoted by the caller
        f'INSERT INTO {name} ("day", {names}) SELECT \'{EXAMPLE_DAY}\'::DATE, {names} FROM "kaltura_day";',  # noqa: S608
        'DROP TABLE "kaltura_day";',
        "COMMIT;",
    ]


_WRITERS: dict[str, Callable[[ReportType, str, Sequence[TableColumn], str], list[str]]] = {
    "duckdb": _duckdb,
    "snowflake": _snowflake,
    "bigquery": _bigquery,
    "redshift": _redshift,
    "postgresql": _postgresql,
}


def _defined(column: TableColumn, dialect: str) -> str:
    kind = _TYPES[dialect].get(column.type, _TYPES[dialect]["string"])
    return f"{quoted(column.name, dialect)} {kind}" + (" NOT NULL" if column == _DAY else "")


def _about_table(report: ReportType, name: str, dialect: str, kind: str = "TABLE") -> str:
    return f"COMMENT ON {kind} {name} IS {literal(_about(report), dialect)};"


def _comments(name: str, columns: Sequence[TableColumn], dialect: str) -> list[str]:
    return [
        f"COMMENT ON COLUMN {name}.{quoted(each.name, dialect)} IS {literal(each.meaning, dialect)};"
        for each in columns
        if each.meaning
    ]


def _about(report: ReportType) -> str:
    return f"Kaltura's report {report.name} by local day; a row a day and key"


def _listed(parts: Sequence[str]) -> list[str]:
    return [f"  {part}," for part in parts[:-1]] + [f"  {part}" for part in parts[-1:]]
