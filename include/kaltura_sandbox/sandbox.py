"""One sandbox: its settings, data and background jobs."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import services
from .files import Files
from .jobs import Jobs
from .receiving.costs import Meter
from .registry import CHECKS, PARTNER_STEPS
from .sessions import Sessions
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .settings import Settings


def load_services() -> None:
    """Import every service module, which declares its types and actions."""
    for module in pkgutil.iter_modules(services.__path__):
        importlib.import_module(f"{services.__name__}.{module.name}")


class Sandbox:
    """The state that all requests share.

    :param settings: what this sandbox is made of.
    :raises RuntimeError: another process uses the data directory, or it does not go with the settings.
    """

    def __init__(self, settings: Settings) -> None:
        load_services()
        self.settings = settings
        self.files = Files(settings.data)
        self.files.claim()
        self.store = Store(settings.data / "sandbox.sqlite3", settings.index_lag)
        self.meter = Meter(settings.costs)
        self.sessions = Sessions(self.store, settings)
        self.jobs = Jobs(self)
        self.url = ""
        self.stopping = threading.Event()
        self._locks: dict[str, tuple[threading.RLock, int]] = {}
        self._locks_guard = threading.Lock()
        try:
            for check in CHECKS:
                check(self)
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        """Make what every account has, then begin to run background jobs."""
        for partner in self.settings.partners:
            for step in PARTNER_STEPS:
                step(self, partner.id)
        self.jobs.start()

    def stop(self) -> None:
        """Finish running jobs and close the data directory.

        Whoever waits does so with ``stopping.wait(seconds)`` and gives up once it is set.
        """
        self.stopping.set()
        self.jobs.stop()
        self.store.close()
        self.meter.close()
        self.files.release()

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Let one thread at a time work on something, for example ``token:0_abc``; reentrant.

        Unlike a transaction it may be held while waiting, and does not stop work on anything else.
        """
        with self._locks_guard:
            lock, users = self._locks.get(name, (threading.RLock(), 0))
            self._locks[name] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._locks_guard:
                lock, users = self._locks[name]
                if users == 1:
                    del self._locks[name]
                else:
                    self._locks[name] = (lock, users - 1)
