"""The provider's wheel, as `make dist` builds it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.packages.scan import build


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("dist")
    build(ROOT, to, "wheel")
    return next(to.glob("airflow_provider_kaltura-*.whl"))
