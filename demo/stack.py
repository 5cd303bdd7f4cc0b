"""Airflow, the Kaltura sandbox and an S3 server on this machine, wired together."""

from __future__ import annotations

import json
import os
import secrets
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.bucket import (
    ACCESS_KEY,
    BUCKET,
    REGION,
    SECRET_KEY,
    open_to_all,
    restore_bucket,
    s3_client,
    save_bucket,
)
from demo.processes import HOST, Child, Processes, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

ROOT = Path(__file__).resolve().parent.parent
PARTNER_ID = 102
TIME_ZONE = "UTC"
USER = "admin"


class LocalStack:
    """All servers of the demonstration; a context manager.

    :param state: directory that keeps everything between runs.
    :param ports: preferred ports by name (``airflow``, ``kaltura``, ``s3``); a taken one is replaced by a free one.
    :param settings: further environment variables of Airflow, such as the pipeline's settings.
    :param open_bucket: whether browsers may read the bucket, so that links in Airflow lead there, and curl put files.
    """

    #: Folder of the DAGs.
    dags = ROOT / "dags"
    #: Further options of the sandbox's command line.
    kaltura_options: tuple[str, ...] = ()

    def __init__(
        self,
        state: Path,
        ports: dict[str, int] | None = None,
        settings: Mapping[str, str] | None = None,
        *,
        open_bucket: bool = False,
    ) -> None:
        self.state = state.resolve()
        self._settings = dict(settings or {})
        self._open_bucket = open_bucket
        self._processes = Processes(self.state)
        wanted = {"airflow": 0, "kaltura": 0, "s3": 0, **(ports or {})}
        self.ports = {name: free_port(port) for name, port in wanted.items()}
        self.airflow_url = f"http://{HOST}:{self.ports['airflow']}"
        self.kaltura_url = f"http://{HOST}:{self.ports['kaltura']}"
        self.s3_url = f"http://{HOST}:{self.ports['s3']}"
        self._secrets = self._load_secrets()
        self._s3_server: Any = None
        self._airflow: Child | None = None

    @property
    def password(self) -> str:
        """Password of the Airflow user ``admin``."""
        return self._secrets["password"]

    @property
    def admin_secret(self) -> str:
        """Admin secret of the sandbox's partner."""
        return self._secrets["admin_secret"]

    @property
    def airflow_pid(self) -> int:
        """ID of the process that all of Airflow's processes descend from; only while it runs."""
        assert self._airflow is not None  # noqa: S101 - started in __enter__
        return self._airflow.process.pid

    @property
    def s3(self) -> Any:
        """A boto3 client for the S3 server."""
        return s3_client(self.s3_url)

    def __enter__(self) -> Self:
        try:
            self.start_airflow()
            self.start_s3()
            self.start_kaltura()
        except BaseException:
            self._processes.stop()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        self._processes.stop()
        if self._s3_server is not None:
            save_bucket(self.s3, self.state / "s3")
            self._s3_server.stop()

    def start_s3(self) -> None:
        """Start moto's S3 server in this process, with the objects of the last run."""
        import logging

        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._s3_server = ThreadedMotoServer(ip_address=HOST, port=self.ports["s3"], verbose=False)
        self._s3_server.start()
        restore_bucket(self.s3, self.state / "s3")
        if self._open_bucket:
            open_to_all(self.s3)

    def start_kaltura(self) -> None:
        """Start the Kaltura sandbox and wait until it answers."""
        command = [
            sys.executable, "-m", "kaltura_sandbox", "--host", HOST, "--port", str(self.ports["kaltura"]),
            "--data", str(self.state / "kaltura"), "--partner-id", str(PARTNER_ID),
            "--admin-secret", self.admin_secret, "--user-secret", self._secrets["user_secret"], *self.kaltura_options,
        ]  # fmt: skip
        child = self._processes.start("kaltura", command, os.environ)
        address = f"{self.kaltura_url}/api_v3/service/system/action/ping?format=1"
        self._processes.await_ready(child, lambda: self._answers(address), seconds=30)

    def start_airflow(self) -> None:
        """Start Airflow's processes; :meth:`await_airflow` waits for them, so that other servers start meanwhile."""
        home = self.state / "airflow"
        home.mkdir(parents=True, exist_ok=True)
        (home / "passwords.json").write_text(json.dumps({USER: self.password}))
        self._airflow = self._processes.start(
            "airflow", [sys.executable, "-m", "airflow", "standalone"], self.airflow_environment()
        )

    def await_airflow(self) -> None:
        """Wait until Airflow's API answers and knows the DAGs; then give it its connections."""
        from demo.airflow_api import AirflowApi

        assert self._airflow is not None  # noqa: S101 - started in __enter__
        health = f"{self.airflow_url}/api/v2/monitor/health"
        self._processes.await_ready(self._airflow, lambda: self._answers(health), seconds=180)
        api = AirflowApi(self.airflow_url, USER, self.password)
        wanted = {path.stem for path in self.dags.glob("kaltura_*.py")}
        self._processes.await_ready(self._airflow, lambda: wanted <= api.dag_ids(), seconds=120)
        # In Airflow's database, not in its environment, so that they can be seen and tested in the UI.
        api.put_connection("aws_default", self.s3_connection())
        api.put_connection("kaltura_default", self.kaltura_connection())

    def airflow_environment(self) -> dict[str, str]:
        """Return the environment of Airflow's processes: its settings and the pipeline's."""
        home = self.state / "airflow"
        environment = {
            **os.environ,
            # `airflow standalone` starts its parts as `airflow ...`.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW__CORE__FERNET_KEY": self._secrets["fernet_key"],
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.airflow_url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(self.ports["airflow"]),
            "AIRFLOW__API__BASE_URL": self.airflow_url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secrets["jwt_secret"],
            "AIRFLOW__API__SECRET_KEY": self._secrets["jwt_secret"],
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            # A file that changes is read at once all the same.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT": "False",
            "KALTURA_PIPELINE_BUCKET": BUCKET,
            "KALTURA_PIPELINE_TIME_ZONE": TIME_ZONE,
            "KALTURA_PIPELINE_INGEST_SCHEDULE": "",
            "KALTURA_PIPELINE_REPORT_SCHEDULE": "",
            "KALTURA_PIPELINE_STATE_URL": f"{self.s3_url}/{BUCKET}" if self._open_bucket else "",
            **self._settings,
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return environment

    def s3_connection(self) -> dict[str, Any]:
        """Return the Airflow connection to the S3 server."""
        return {
            "conn_type": "aws",
            "login": ACCESS_KEY,
            "password": SECRET_KEY,
            "extra": {"endpoint_url": self.s3_url, "region_name": REGION},
        }

    def kaltura_connection(self) -> dict[str, Any]:
        """Return the Airflow connection to the sandbox."""
        return {
            "conn_type": "kaltura",
            "host": f"http://{HOST}",
            "port": self.ports["kaltura"],
            "login": str(PARTNER_ID),
            "extra": {"admin_secret": self.admin_secret, "privileges": "disableentitlement", "user_id": "airflow"},
        }

    def _load_secrets(self) -> dict[str, str]:
        """Read the secrets of this state directory, or make them; only the user may read the file."""
        import base64

        path = self.state / "secrets.json"
        if not path.exists():
            values = {
                "password": secrets.token_urlsafe(12),
                "admin_secret": secrets.token_hex(16),
                "user_secret": secrets.token_hex(16),
                "jwt_secret": secrets.token_hex(64),
                "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            }
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                json.dump(values, file)
        loaded: dict[str, str] = json.loads(path.read_text())
        return loaded

    @staticmethod
    def _answers(address: str) -> bool:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310  # nosec B310  # a loopback address
            return bool(answer.status == 200)
