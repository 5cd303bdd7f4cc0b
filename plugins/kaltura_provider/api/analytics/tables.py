"""The columns of a report's table, as files and databases have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kaltura_provider.api.analytics.columns import COLUMNS
from kaltura_provider.api.analytics.details import DETAILS
from kaltura_provider.api.analytics.report_types import ReportType, report_type

_ARROW_TYPES = {"text": "string", "count": "int64", "number": "double"}
_UNITS = ("seconds", "ratio", "mb")


@dataclass(frozen=True)
class TableColumn:
    """A column of a table.

    :param name: its name.
    :param type: its type in Arrow: ``string``, ``int64`` or ``double``.
    :param meaning: what it says, in words.
    """

    name: str
    type: str
    meaning: str

    @property
    def unit(self) -> str:
        """Its unit, ``seconds``, ``ratio`` or ``mb``; empty if it has none."""
        ending = self.name.rpartition("_")[2]
        return ending if self.type == "double" and ending in _UNITS else ""


def table_columns(report: int | str | ReportType, *, details: bool = True) -> list[TableColumn]:
    """Return the columns of a report's table, without the day.

    :param report: a name such as ``TOP_CONTENT``, or a number.
    :param details: whether those are among them that are added to entries (title, owner, ...).
    :raises ValueError: the report is unknown, or its columns are; names the fix.
    """
    found = report_type(report)
    if not found.columns:
        raise ValueError(
            f"The columns of {found.name} are not known before it is fetched: write a day of it with "
            "KalturaReportToS3Operator, then load that with KalturaReportToPostgresOperator or query the file itself"
        )
    columns = [TableColumn(each.output, _ARROW_TYPES[each.kind], each.meaning) for each in found.described()]
    if details and found.dimension == "entry":
        columns += [TableColumn(name, kind, meaning) for name, kind, meaning in DETAILS]
    return columns


def columns_of_schema(schema: Iterable[Mapping[str, str]]) -> list[TableColumn]:
    """Return the columns that a manifest names.

    :param schema: its ``schema``.
    """
    return [TableColumn(each["name"], each["type"], each.get("meaning", "")) for each in schema]


def key_columns(report: ReportType, columns: Sequence[TableColumn]) -> list[str]:
    """Return the columns that, with the day, tell a row from all others.

    :param report: the report.
    :param columns: those of the table.
    :return: their names; none if the day alone does, or if nothing is known to.
    """
    names = [COLUMNS[name].output for name in report.keys]
    return names if {each.name for each in columns} >= set(names) else []


def has_key(report: ReportType, columns: Sequence[TableColumn]) -> bool:
    """Tell whether it is known what tells the rows of a table apart."""
    return bool(report.columns) and (not report.keys or bool(key_columns(report, columns)))
