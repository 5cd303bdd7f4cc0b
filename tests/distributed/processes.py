"""Starts each service of docker-compose.yaml with its own command and environment, without containers.

What containers would give is put in place: host names become the loopback interface with free ports, folders of the
image become folders of a state directory, and a service that ends is started again if the file says so.
"""

from __future__ import annotations

import os
import pwd
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from demo.compose_file import Service, read_env, read_services
from demo.processes import HOST, free_port

from tests.postgres import cluster_programs

ROOT = Path(__file__).resolve().parents[2]
#: Ports by service, as the file has them.
PORTS = {"postgres": 5432, "redis": 6379, "api-server": 8080, "kaltura": 8123, "s3": 5555}
_HEALTH_OF_SCHEDULER = 8974
# The order in which they are started; each waits until the one before is there.
_SERVERS = ("redis", "kaltura", "s3")
_ONCE = ("bucket", "init")
_WORKERS = ("worker", "worker-uploads")
_AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer", *_WORKERS)


@dataclass
class Running:
    """A service that runs.

    :param process: its process, which leads a group.
    :param starts: how often it was started.
    """

    service: Service
    environment: dict[str, str]
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        """Start it, its output appended to its log."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, stdout=output, stderr=subprocess.STDOUT, env=self.environment, start_new_session=True
            )
        self.starts += 1

    def memory(self) -> float:
        """Return what the processes of its group hold, in MB: proportional set size."""
        total = 0
        for each in self._all():
            try:
                total += each.memory_full_info().pss
            except psutil.Error:
                continue
        return total / 1e6

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to all its processes at once, also to those that lead a group of their own."""
        for each in self._all():
            try:
                each.send_signal(number)
            except psutil.Error:
                continue

    def _all(self) -> list[psutil.Process]:
        if self.process is None or self.process.poll() is not None:
            return []
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.Error:
            return []


@dataclass
class Stack:
    """The services of the file.

    :param state: a folder for everything they keep.
    :param local: run tasks in the scheduler's own processes, as many at once as the workers take together, without
        Redis and workers: what the file's stack is compared with.
    :param airflow: start Airflow's processes, too, and not only the servers and what runs once before them.
    """

    state: Path
    local: bool = False
    airflow: bool = True
    running: dict[str, Running] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state.mkdir(parents=True)
        # PostgreSQL does not run as root, and must reach its folder.
        self.state.chmod(0o755)
        env = self.state / ".env"
        subprocess.run(
            [sys.executable, str(ROOT / "deploy" / "env.py"), "--sandbox", "--file", str(env)], check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.variables = read_env(env)
        self.services = read_services(ROOT / "docker-compose.yaml", self.variables)
        self.ports = {name: free_port() for name in PORTS}
        self._health_port = free_port()
        self._ending = threading.Event()
        self._watch = threading.Thread(target=self._restart, daemon=True)

    @property
    def airflow_url(self) -> str:
        """Where Airflow's API is."""
        return f"http://{HOST}:{self.ports['api-server']}"

    @property
    def password(self) -> str:
        """Password of the user ``admin``."""
        return self.variables["AIRFLOW_ADMIN_PASSWORD"]

    def url(self, name: str) -> str:
        """Return the address of a service."""
        return f"http://{HOST}:{self.ports[name]}"

    def __enter__(self) -> Stack:
        try:
            self._start_postgres()
            for name in self._without(_SERVERS):
                self._start(name)
                self.await_health(name, 60)
            for name in _ONCE:
                self._once(name)
            airflow = self._without(_AIRFLOW) if self.airflow else []
            for name in airflow:
                self._start(name)
            self._watch.start()
            for name in airflow:
                self.await_health(name, 240)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for number in (signal.SIGTERM, signal.SIGKILL):
            for each in reversed(self.running.values()):
                each.kill(number)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and any(each._all() for each in self.running.values()):
                time.sleep(0.1)

    def _without(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if not (self.local and name in ("redis", *_WORKERS))]

    # -- starting

    def _start_postgres(self) -> None:
        """Debian's PostgreSQL in place of the image, with the user, password and database that the file names."""
        given, programs = self.services["postgres"].environment, cluster_programs()
        data, secret = self.state / "postgres", self.state / "postgres-password"
        secret.write_text(given["POSTGRES_PASSWORD"])
        data.mkdir()
        as_owner: list[str] = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (data, secret):
                os.chown(path, owner.pw_uid, owner.pw_gid)
            as_owner = ["runuser", "-u", "postgres", "--"]
        user, database = given["POSTGRES_USER"], given["POSTGRES_DB"]
        made = [
            *as_owner, str(programs / "initdb"), f"-D{data}", f"--username={user}", f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
        ]  # fmt: skip
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=self.state)
        command = [
            *as_owner, str(programs / "postgres"), f"-D{data}", f"-p{self.ports['postgres']}",
            f"-clisten_addresses={HOST}", f"-cunix_socket_directories={data}", "-cmax_connections=200",
        ]  # fmt: skip
        self._run("postgres", command, dict(os.environ))
        import psycopg

        place: dict[str, Any] = {
            "host": HOST, "port": self.ports["postgres"], "user": user, "password": given["POSTGRES_PASSWORD"]
        }  # fmt: skip
        deadline = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(**place, dbname="postgres", autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {database}".encode())
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _start(self, name: str) -> None:
        command, environment = self._command(name), self._environment(name)
        self._run(name, command, environment)

    def _run(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        running = Running(self.services[name], environment, command, self.state / f"{name}.log")
        self.running[name] = running
        running.start()

    def _once(self, name: str) -> None:
        log = self.state / f"{name}.log"
        with log.open("wb") as output:
            done = subprocess.run(
                self._command(name), env=self._environment(name), stdout=output, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode:
            raise RuntimeError(f"{name} ended with {done.returncode}:\n{log.read_text()[-2000:]}")

    def _restart(self) -> None:
        while not self._ending.wait(0.5):
            for each in list(self.running.values()):
                if each.service.restarts and each.process is not None and each.process.poll() is not None:
                    each.start()

    def await_health(self, name: str, seconds: float) -> None:
        """Wait until the file's own health check says yes."""
        kind, *words = self.services[name].health
        command = [self._local(word) for word in words]
        if kind == "CMD-SHELL":
            command = ["sh", "-c", *command]
        deadline = time.monotonic() + seconds
        environment = self._environment(name)
        while True:
            done = subprocess.run(command, env=environment, capture_output=True, check=False)
            if done.returncode == 0:
                return
            if time.monotonic() > deadline:
                log = (self.state / f"{name}.log").read_text()[-2000:]
                raise RuntimeError(f"{name} is not well after {seconds:.0f} s: {done.stderr.decode()[-500:]}\n{log}")
            time.sleep(1)

    # -- what containers would give

    def _command(self, name: str) -> list[str]:
        service = self.services[name]
        words = [self._local(word) for word in service.command]
        if service.image == "kaltura-airflow" and words[0] != "python":
            # The image's entrypoint puts the program before.
            words = ["airflow", *words]
        if words[:3] == ["airflow", "celery", "worker"]:
            words += ["--celery-hostname", f"celery@{name}"]
        return words

    def _environment(self, name: str) -> dict[str, str]:
        (self.state / "data").mkdir(exist_ok=True)
        dockerfile = dict(re.findall(r"(AIRFLOW__\w+)=(\S+)", (ROOT / "Dockerfile").read_text()))
        given = {**dockerfile, **self.services[name].environment}
        environment = {key: self._local(value) for key, value in given.items()}
        folder = self.state / "airflow"
        for each in (folder, self.state / "auth"):
            each.mkdir(exist_ok=True)
        known = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "KALTURA"))}
        known.pop("PYTHONDONTWRITEBYTECODE", None)
        if self.local and "AIRFLOW__CORE__EXECUTOR" in environment:
            at_once = int(environment["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
            environment["AIRFLOW__CORE__EXECUTOR"] = "LocalExecutor"
            environment["AIRFLOW__CORE__PARALLELISM"] = str(at_once * len(_WORKERS))
        return {
            **known,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "AIRFLOW_HOME": str(folder),
            **environment,
            # Each container has ports of its own.
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(self.ports["api-server"]),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self._health_port),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
            "HOSTNAME": name if name.startswith("worker") else os.uname().nodename,
        }

    def _local(self, text: str) -> str:
        for name, port in PORTS.items():
            here = str(self.ports[name])
            text = re.sub(rf"(?<=[@/]){name}:{port}\b", f"{HOST}:{here}", text)
            text = text.replace(f'"http://{name}", "port": {port}', f'"http://{HOST}", "port": {here}')
            text = re.sub(rf"localhost:{port}\b", f"{HOST}:{here}", text)
            text = re.sub(rf"(--port |-p ){port}\b", rf"\g<1>{here}", text)
            text = here if text == str(port) else text
        text = text.replace(f"localhost:{_HEALTH_OF_SCHEDULER}", f"{HOST}:{self._health_port}")
        text = text.replace("0.0.0.0", HOST).replace("/opt/airflow/kaltura", str(ROOT))
        text = text.replace("--dir /data", f"--dir {self.state / 'data'}")
        return text.replace("/opt/airflow", str(self.state))
