"""The process that is killed: it does what a task of ``kaltura_ingest`` does, for one file.

``python -m tests.chaos.worker`` is a server of such processes: it imports everything once, then forks for each line on
its standard input, so that a worker starts in milliseconds and can be killed like any other process.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient

PARTNER = 102
ADMIN_SECRET = "admin-secret-for-chaos"
AWS_SECRET = "aws-secret-for-chaos"


@dataclass(frozen=True)
class Job:
    """What one worker is to do.

    :param folder: where it logs (``log.txt``) and leaves its result (``result.json``).
    :param plan: file with the address of the plan; made first if it is not there.
    :param kaltura_url: Kaltura.
    :param s3_url: S3.
    :param bucket: where the file is, and the state.
    :param owner: names the task in the ledger.
    :param known_files: what the plan does with files that failed before.
    :param part_size: bytes of a part.
    :param first_size: bytes of the first part.
    :param parallel: parts in flight.
    :param settle: seconds to look for what a request with a lost answer made.
    :param read_timeout: seconds.
    """

    folder: str
    plan: str
    kaltura_url: str
    s3_url: str
    bucket: str
    owner: str
    known_files: str
    part_size: int
    first_size: int
    parallel: int
    settle: float
    read_timeout: float


def make_small(job: Job) -> None:
    """Cut small files into many parts, and be impatient: the one place that knows how to tell the engine."""
    from kaltura_provider.api import entries, upload_parts, upload_plan, uploads
    from kaltura_provider.transfers import s3_source

    changes = [
        (upload_plan, "MIN_PART_SIZE", job.part_size),
        (upload_plan, "MAX_DEFAULT_PART_SIZE", job.part_size),
        (upload_plan, "MAX_FAR_PART_SIZE", job.part_size),
        (upload_plan, "ONE_REQUEST_SIZE", job.part_size),
        (upload_plan, "ONE_NEAR_REQUEST_SIZE", job.part_size),
        (upload_plan, "FIRST_PART", job.first_size),
        (upload_plan, "DEFAULT_PARALLEL", job.parallel),
        (upload_plan, "MAX_DEFAULT_PARALLEL", job.parallel),
        (upload_parts, "PART_READ_TIMEOUT", 2 * job.read_timeout),
        (entries, "ATTACH_READ_TIMEOUT", 2 * job.read_timeout),
        (uploads, "FINISH_LOOKS", 2),
        (uploads, "TICK", 0.1),
        (s3_source, "_REOPEN_PAUSES", (0.05, 0.1, 0.2)),
    ]
    # A default of a function, as it is a parameter of the engine.
    defaults: Any = entries.put_content.__kwdefaults__
    defaults["settle"] = job.settle
    for module, name, value in changes:
        if not hasattr(module, name):
            raise AttributeError(f"{module.__name__} has no {name} any more: change make_small()")
        setattr(module, name, value)


def work(job: Job) -> dict[str, Any]:
    """Do the job.

    :return: the summaries of the batches, as the tasks return them.
    """
    from kaltura_pipeline.ingest import ingest_batch
    from kaltura_pipeline.options import RunOptions
    from kaltura_pipeline.planning import plan_ingest
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient, SessionSpec

    make_small(job)
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(aws_connection(job.s3_url, job.read_timeout))
    settings = PipelineSettings(bucket=job.bucket)
    plan = Path(job.plan)
    if not plan.exists():
        # A task of its own in the DAG, which hands on where the plan lies.
        options = RunOptions(bucket=job.bucket, known_files=job.known_files, check_media=False)
        _, planned = plan_ingest(settings, options, run_id=job.owner, kaltura=_not_asked)
        temporary = plan.with_suffix(".new")
        temporary.write_text(json.dumps(planned["batches"]))
        temporary.replace(plan)
    config = ClientConfig(
        job.kaltura_url, PARTNER, connect_timeout=2.0, read_timeout=job.read_timeout, max_attempts=5,
        backoff_initial=0.02, backoff_max=0.3, rate_limit_wait=0.05,
    )  # fmt: skip
    session = SessionSpec(user_id="airflow", privileges="disableentitlement")
    with KalturaClient(config, AdminSecretCredentials(ADMIN_SECRET), session) as kaltura:
        summaries = [
            ingest_batch(settings, batch, bucket=job.bucket, run_id=job.owner, owner=job.owner, kaltura=kaltura)
            for batch in json.loads(plan.read_text())
        ]
    return {"summaries": summaries}


def _not_asked() -> KalturaClient:
    raise AssertionError("the plan of one file without a description asks Kaltura for nothing")


def aws_connection(url: str, read_timeout: float) -> dict[str, Any]:
    """The Airflow connection to S3."""
    config = {
        "connect_timeout": 2, "read_timeout": read_timeout, "retries": {"mode": "standard", "total_max_attempts": 3},
    }  # fmt: skip
    extra = {"endpoint_url": url, "region_name": "us-east-1", "config_kwargs": config}
    return {"conn_type": "aws", "login": "chaos", "password": AWS_SECRET, "extra": extra}


def run(job: Job) -> None:
    """Do the job in this process, with log and result in its folder."""
    folder = Path(job.folder)
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s",
        datefmt="%H:%M:%S", force=True,
    )  # fmt: skip
    started = time.monotonic()
    try:
        result = work(job)
    except Exception as error:
        logging.exception("the task fails")
        result = {"error": f"{type(error).__name__}: {error}"}
    result["seconds"] = round(time.monotonic() - started, 3)
    temporary = folder / "result.new"
    temporary.write_text(json.dumps(result))
    temporary.replace(folder / "result.json")


def warm_up() -> None:
    """Import what a worker needs, and load what boto3 loads for its first client."""
    import botocore.httpsession
    import requests
    import tenacity
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    import kaltura_pipeline.outcome
    import kaltura_provider.transfers.s3_source

    assert all((botocore.httpsession, kaltura_pipeline, kaltura_provider, requests, tenacity))
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(aws_connection("http://127.0.0.1:9", 1.0))
    S3Hook("aws_default").get_conn()


def serve() -> None:
    """Fork a worker for each job on standard input; answer with its process id."""
    # Nobody waits for the workers here: whoever ordered one watches its process.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm_up()
    _say("ready")
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run(Job(**json.loads(line)))
            os._exit(0)
        _say(str(process))


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def order(job: Job) -> str:
    """The line that orders a job."""
    return json.dumps(asdict(job)) + "\n"


if __name__ == "__main__":
    serve()
