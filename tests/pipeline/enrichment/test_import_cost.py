"""A DAG file may import what it likes of this: nothing heavy comes with it."""

from __future__ import annotations

import subprocess
import sys


def test_importing_costs_no_xml_http_or_airflow() -> None:
    code = (
        "import sys; from kaltura_pipeline.enrichment import resolved, resolver; "
        "from kaltura_provider.api.enrichment import enrich; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"kaltura_pipeline.enrichment.resolver", "kaltura_provider.api.enrichment.enrich"} <= set(loaded)
    assert not {"lxml", "requests", "airflow", "boto3", "filetype"} & set(loaded)
