"""``python -m kaltura_provider.api.analytics``: print a report's columns, or the SQL of a table of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from kaltura_provider.api.analytics.ddl import ddl
from kaltura_provider.api.analytics.tables import table_columns


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    :param arguments: the command line; the process's own by default.
    :return: the exit status: 0, or 2 when report, dialect or name are wrong.
    """
    parser = argparse.ArgumentParser(
        prog="python -m kaltura_provider.api.analytics", description="What the tables of Kaltura's reports hold."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    columns = commands.add_parser("columns", help="print the columns with type, unit and meaning")
    sql = commands.add_parser("ddl", help="print the SQL that makes the days in S3 a table")
    sql.add_argument("--dialect", required=True, help="duckdb, snowflake, bigquery, redshift or postgresql")
    sql.add_argument("--table", help="name of the table, such as analytics.top_content; default: the report's name")
    sql.add_argument("--location", help="where the report's days are, such as s3://BUCKET/analytics/top_content/")
    for each in (columns, sql):
        each.add_argument("report", metavar="REPORT", help="name or number, such as TOP_CONTENT")
        each.add_argument("--no-details", action="store_true", help="without title, owner, ... of entries")
    options = parser.parse_args(arguments)
    try:
        if options.command == "columns":
            for column in table_columns(options.report, details=not options.no_details):
                print(f"{column.name:<32}{column.type:<8}{column.unit:<9}{column.meaning}")
        else:
            given = {"table": options.table, "location": options.location, "details": not options.no_details}
            print(ddl(options.report, options.dialect, **given), end="")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
