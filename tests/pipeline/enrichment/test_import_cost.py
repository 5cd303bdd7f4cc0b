"""A DAG file may import what it likes of this: nothing heavy comes with it."""

from __future__ import annotations

import subprocess
import sys


def test_importing_costs_no_xml_http_or_airflow() -> None:
    modules = "apply, captions, resolved, resolver, thumbnail"
    code = f"import sys; from kaltura_pipeline.enrichment import {modules}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "kaltura_pipeline.enrichment.resolver" in loaded
    assert not {"lxml", "requests", "airflow", "boto3", "filetype"} & set(loaded)
