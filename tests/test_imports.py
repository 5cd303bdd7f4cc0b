"""Every module can be the first one that is imported: a task imports what it needs, in no particular order."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import importlib, pkgutil, sys
name = sys.argv[1]
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
print(len(modules))
print(*failed, sep=chr(10))
"""


@pytest.mark.parametrize("package", ["kaltura_pipeline", "kaltura_provider"])
def test_every_module_can_be_imported_first(package: str) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, package], capture_output=True, text=True, check=True)
    count, _, failed = done.stdout.rpartition("\n")[0].partition("\n")
    assert int(count) > 50
    assert failed.strip() == ""
