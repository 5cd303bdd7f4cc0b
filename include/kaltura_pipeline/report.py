"""The steps of the report DAG: the local day, and the page a person reads."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaltura_pipeline.settings import PipelineSettings

# Column of the report -> heading on the page. Minutes are Kaltura's unit for time viewed.
COLUMNS = {
    "entry_name": "Title",
    "object_id": "Entry",
    "count_plays": "Plays",
    "unique_known_users": "Viewers",
    "sum_time_viewed": "Minutes viewed",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plays on {{ day }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8886; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<main>
<h1>Plays on {{ day }}</h1>
<p>One local day in {{ time_zone }}. {{ rows | length }} titles, {{ plays }} plays.
The same numbers as a table: <a href="top_content.csv">top_content.csv</a>.</p>
{% if rows %}
<table>
<thead><tr>{% for column, title in columns.items() %}
<th scope="col"{% if column not in texts %} class="number"{% endif %}>{{ title }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}
<tr>{% for column in columns %}
<td{% if column not in texts %} class="number"{% endif %}>{{ row[column] }}</td>{% endfor %}</tr>{% endfor %}
</tbody>
</table>
{% else %}<p>Nothing was played on that day.</p>{% endif %}
</main>
</body>
</html>
"""


def report_day(chosen: str | None, moment: datetime, time_zone: str) -> str:
    """Return the local day a run is about, as ``YYYY-MM-DD``.

    :param chosen: a day from the trigger form; it wins.
    :param moment: the run's date; the report is about the day before, in ``time_zone``.
    :raises ValueError: ``chosen`` is not a date.
    """
    from zoneinfo import ZoneInfo

    if chosen:
        try:
            return date.fromisoformat(chosen).isoformat()
        except ValueError:
            raise ValueError(f"day {chosen!r} is not a date; write it as 2026-11-22") from None
    return (moment.astimezone(ZoneInfo(time_zone)).date() - timedelta(days=1)).isoformat()


def write_page(settings: PipelineSettings, table: Mapping[str, Any]) -> dict[str, Any]:
    """Render the report's page beside its table in S3.

    :param table: what :class:`KalturaReportToS3Operator` returned.
    :returns: address of the page, the day, and the number of plays.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    address = urlsplit(table["s3_uri"])
    bucket, key = address.netloc, address.path.lstrip("/")
    client: Any = S3Hook(aws_conn_id=settings.aws_conn_id).get_conn()
    text = client.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    html, plays = render_page(table["day"], settings.time_zone, rows)
    page_key = key.rsplit("/", 1)[0] + "/index.html"
    client.put_object(Bucket=bucket, Key=page_key, Body=html.encode(), ContentType="text/html; charset=utf-8")
    return {"uri": f"s3://{bucket}/{page_key}", "day": table["day"], "plays": plays, "titles": len(rows)}


def render_page(day: str, time_zone: str, rows: list[dict[str, str]]) -> tuple[str, int]:
    """Return the page's HTML and the sum of plays.

    :param rows: rows of TOP_CONTENT by column name; columns that are missing are left out of the page.
    """
    from jinja2 import Environment

    present = {column: title for column, title in COLUMNS.items() if not rows or column in rows[0]}
    plays = int(sum(float(row.get("count_plays") or 0) for row in rows))
    html = (
        Environment(autoescape=True, trim_blocks=True)
        .from_string(_PAGE)
        .render(
            day=day, time_zone=time_zone, rows=rows, columns=present, plays=plays, texts={"entry_name", "object_id"}
        )
    )
    return html, plays
