"""What a deployment sets once for all three DAGs, read from the environment when a DAG file is parsed.

Environment variables rather than Airflow Variables: a DAG file is parsed every few seconds, and reading a
Variable there costs a database query each time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

ENVIRONMENT_PREFIX = "KALTURA_PIPELINE_"
_NUMBERS = frozenset(
    {
        "parallel",
        "part_size",
        "batch_size",
        "files_at_once",
        "transfer_tasks",
        "report_lookback",
        "report_settle_hours",
        "ingest_deadline",
        "report_deadline",
    }
)
_SWITCHES = frozenset({"approve_replacement", "check_media"})
_MAY_BE_EMPTY = ("state_prefix", "ingest_schedule", "report_schedule", "reconcile_schedule")


@dataclass(frozen=True)
class PipelineSettings:
    """Defaults of the DAGs; each field is the environment variable ``KALTURA_PIPELINE_<FIELD>`` in upper case.

    :param bucket: S3 bucket with the source files; the trigger form can name another one.
    :param prefix: only objects whose keys start with this are taken, for example ``lectures/``.
    :param state_bucket: bucket for ledger, plans, pages and reports; empty means ``bucket``.
    :param state_prefix: prefix of everything the pipeline writes.
    :param state_url: address below which a browser reads the state bucket, such as that of a CloudFront distribution;
        empty links to the console of AWS.
    :param aws_conn_id: Airflow connection to S3.
    :param kaltura_conn_id: Airflow connection to Kaltura.
    :param owner: whose the DAGs are, as Airflow's list of DAGs says.
    :param time_zone: IANA name of the zone whose days the reports are about.
    :param ingest_schedule: cron expression of ``kaltura_ingest``, in ``time_zone``; empty means only on demand.
    :param report_schedule: cron expression of ``kaltura_report``, in ``time_zone``; empty means only on demand.
    :param reconcile_schedule: cron expression of ``kaltura_reconcile``, in ``time_zone``; empty means only on demand.
    :param ingest_deadline: minutes after which a run of ``kaltura_ingest`` is to be done; else ``notifiers`` tell
        people, see :mod:`kaltura_pipeline.deadlines`. 0: no deadline.
    :param report_deadline: the same of ``kaltura_report``, with ``report_notifiers``.
    :param reports: Kaltura's reports of every night, names with commas between them; the pages need TOP_CONTENT.
        Reports on users, such as USER_ENGAGEMENT, name people: they are not among them unless you say so.
    :param report_lookback: days before the newest one that a scheduled run fetches again while they are provisional.
    :param report_settle_hours: hours after the end of a day in which its numbers are provisional.
    :param report_rules: JSON, when numbers are not taken over, see :class:`kaltura_pipeline.reporting.gate.GateRules`.
    :param report_notifiers: JSON, who gets the report of a day, see :mod:`kaltura_pipeline.notify`; e-mail has the page
        attached.
    :param parallel: upload requests at once for one file, 1 to 16; 0 chooses by size and distance.
    :param part_size: bytes of one upload request; 0 chooses by the size of the file.
    :param approve_replacement: ``true`` approves new content of an entry where the account asks for approval;
        otherwise a person does, in the KMC.
    :param check_media: whether media files are looked into before they are sent.
    :param batch_size: titles of one transfer task; with more than 100 times as many to transfer it grows.
    :param files_at_once: titles that one transfer task has in work at once.
    :param transfer_tasks: transfer tasks of a run that work at once.
    :param pool: Airflow pool of the transfer tasks.
    :param transfer_queue: queue of the transfer tasks, for Celery workers of their own; empty means the usual one.
    :param renditions: JSON, IDs of flavor params by the ending of a file name: ``{"_1080": 7}``.
    :param rules: JSON, what a media file must be like, see :class:`kaltura_pipeline.quality.rules.QualityRules`; the
        trigger form can name others.
    :param after_success: what happens to the source objects of a title that is live: ``nothing``, ``tag`` or ``move``.
    :param moved_prefix: where ``move`` moves them.
    :param notifiers: JSON, whom to tell of a run, see :mod:`kaltura_pipeline.notify`.
    :param ingest_queue: URL of an SQS queue with the bucket's notifications; ``kaltura_ingest`` starts by them.
    :param ingest_queue_region: AWS region of that queue, if it is not the connection's.
    :param max_failures: share of the titles of a run that may fail before the run does, from 0 to 1.
    :param player_name: name of the player that pages use; it is created when it does not exist.
    :param publish_approval: who approves entries before they get a page: ``none``, ``airflow`` or ``kaltura``; the
        trigger form can name another one.
    :param embed_type: how pages show the player: ``dynamic``, which host pages can drive; ``thumbnail``, which loads it
        after a click; or ``iframe``.
    :param page_language: language of the pages, such as ``de``.
    """

    bucket: str = ""
    prefix: str = ""
    state_bucket: str = ""
    state_prefix: str = "_kaltura/"
    state_url: str = ""
    aws_conn_id: str = "aws_default"
    kaltura_conn_id: str = "kaltura_default"
    owner: str = "kaltura"
    time_zone: str = "UTC"
    ingest_schedule: str = "*/15 * * * *"
    report_schedule: str = "0 6 * * *"
    reconcile_schedule: str = "0 4 * * 0"
    ingest_deadline: int = 0
    report_deadline: int = 0
    reports: str = "TOP_CONTENT,CONTENT_DROPOFF,TOP_SYNDICATION,PLATFORMS,BROWSERS,OPERATING_SYSTEM,MAP_OVERLAY_COUNTRY"
    report_lookback: int = 3
    report_settle_hours: int = 12
    report_rules: str = ""
    report_notifiers: str = ""
    parallel: int = 0
    part_size: int = 0
    approve_replacement: bool = False
    check_media: bool = True
    batch_size: int = 20
    files_at_once: int = 4
    transfer_tasks: int = 4
    pool: str = "default_pool"
    transfer_queue: str = ""
    renditions: str = ""
    rules: str = ""
    after_success: str = "nothing"
    moved_prefix: str = ""
    notifiers: str = ""
    ingest_queue: str = ""
    ingest_queue_region: str = ""
    max_failures: float = 0.0
    player_name: str = "Airflow pages"
    publish_approval: str = "none"
    embed_type: str = "dynamic"
    page_language: str = "en"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> PipelineSettings:
        """Read the settings from environment variables; what is not set keeps its default."""
        source = os.environ if environment is None else environment
        names = {field.name: ENVIRONMENT_PREFIX + field.name.upper() for field in fields(cls)}
        # An empty variable (a deployment file may set them all) means "default", save where empty means something.
        values: dict[str, Any] = {
            name: source[variable]
            for name, variable in names.items()
            if variable in source and (source[variable] or name in _MAY_BE_EMPTY)
        }
        for name in _NUMBERS & values.keys():
            try:
                values[name] = int(values[name])
            except ValueError:
                raise ValueError(f"{names[name]} must be a whole number, not {values[name]!r}") from None
        if "max_failures" in values:
            try:
                values["max_failures"] = float(values["max_failures"])
            except ValueError:
                raise ValueError(
                    f"{names['max_failures']} must be a number from 0 to 1, not {values['max_failures']!r}"
                ) from None
        for name in _SWITCHES & values.keys():
            values[name] = values[name].strip().lower() in ("1", "true", "yes")
        return cls(**values)

    def __post_init__(self) -> None:
        # Without the slash a prefix "kaltura" would also claim the source files below "kaltura-talks/".
        prefix = self.state_prefix.strip("/")
        object.__setattr__(self, "state_prefix", f"{prefix}/" if prefix else "")
