"""Every module can be the first one that is imported: a task imports what it needs, in no particular order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import importlib, json, pathlib, pkgutil, sys
name, answer = sys.argv[1:]
package = importlib.import_module(name)
modules = [each.name for each in pkgutil.walk_packages(package.__path__, name + ".")]
failed = []
for module in modules:
    if module.endswith("__main__"):
        continue
    for known in [known for known in sys.modules if known.split(".")[0] == name]:
        del sys.modules[known]
    try:
        importlib.import_module(module)
    except ImportError as error:
        failed.append(f"{module}: {error}")
pathlib.Path(answer).write_text(json.dumps({"modules": len(modules), "failed": failed}))
"""


@pytest.mark.parametrize("package", ["kaltura_pipeline", "kaltura_provider"])
def test_every_module_can_be_imported_first(package: str, tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"  # not its output: Airflow logs there what other libraries warn of
    subprocess.run([sys.executable, "-c", CODE, package, str(answer)], capture_output=True, check=True)
    told = json.loads(answer.read_text())
    assert told["modules"] > 50
    assert told["failed"] == []
