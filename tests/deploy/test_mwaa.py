"""What goes to Amazon MWAA: the same bytes each time, no secret, and pip installs it as MWAA would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from deploy.mwaa.build import PLUGINS, main
from deploy.pins import PINNED
from packaging.requirements import Requirement
from tests.conftest import ROOT
from tests.packages.scan import SECRET

from kaltura_pipeline.settings import ENVIRONMENT_PREFIX, PipelineSettings

STARTUP = ROOT / "deploy" / "mwaa" / "startup.sh"


def built(to: Path, wheel: Path, *arguments: str) -> tuple[Path, str]:
    assert main(["--wheel", str(wheel), "--to", str(to), *arguments]) == 0
    return to / "plugins.zip", (to / "requirements.txt").read_text()


def stub(folder: Path, name: str, version: str, tags: str = "py3-none-any") -> Path:
    """Make a wheel of nothing."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-{tags}.whl"
    info = f"{name}-{version}.dist-info"
    with ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tags}\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_the_zip_is_the_wheel_alone_and_the_same_each_time(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, text = built(tmp_path / "a", wheel)
    os.utime(wheel, (1, 1_700_000_000))
    wheel.chmod(0o600)
    monkeypatch.setenv("TZ", "Pacific/Chatham")
    second, again = built(tmp_path / "b", wheel)
    assert first.read_bytes() == second.read_bytes()
    assert text == again
    with ZipFile(first) as archive:
        assert archive.namelist() == [wheel.name]
        assert archive.read(wheel.name) == wheel.read_bytes()
    assert [path.name for path in sorted(first.parent.iterdir())] == ["plugins.zip", "requirements.txt"]


def test_the_order_of_the_wheels_does_not_matter(tmp_path: Path) -> None:
    from deploy.mwaa.build import write_zip

    wheels = [stub(tmp_path, name, "1.0") for name in ("b", "a")]
    write_zip(tmp_path / "1.zip", wheels)
    write_zip(tmp_path / "2.zip", wheels[::-1])
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_no_secret_is_in_the_zip(wheel: Path, tmp_path: Path) -> None:
    path, text = built(tmp_path, wheel)
    assert not SECRET.search(text.encode())
    with ZipFile(path) as archive:
        for name in archive.namelist():
            with ZipFile(BytesIO(archive.read(name))) as inner:
                assert [member for member in inner.namelist() if SECRET.search(inner.read(member))] == []


def test_requirements_name_airflows_constraints_and_the_wheel_where_mwaa_unpacks_it(
    wheel: Path, tmp_path: Path
) -> None:
    _, text = built(tmp_path, wheel, "--airflow", "3.2.1")
    first, provider, *others = text.splitlines()
    # MWAA looks for this very form, and applies constraints of its own without it.
    assert first == (
        '--constraint "https://raw.githubusercontent.com/apache/airflow/constraints-3.2.1/constraints-3.12.txt"'
    )
    requirement = Requirement(provider)
    assert requirement.url == f"file://{PLUGINS}/{wheel.name}"
    assert requirement.extras == {"quality", "report"}
    assert {Requirement(line).name for line in others} == PINNED


def test_what_a_constraints_file_pins_is_left_to_it(wheel: Path, tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("# made by hand\nPillow==12.0.0  # as tested\nflask==3.1.3\n")
    path, text = built(tmp_path / "out", wheel, "--constraints", str(file))
    assert text.startswith('--constraint "/usr/local/airflow/dags/constraints.txt"\n')
    assert "pillow" not in text
    assert "av==" in text
    assert (path.parent / "constraints.txt").read_bytes() == file.read_bytes()


def test_pip_installs_the_files_without_a_network_and_the_provider_is_there(wheel: Path, tmp_path: Path) -> None:
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    folder, file = tmp_path / "wheels", tmp_path / "file.txt"
    file.write_text("flask==3.1.3\n")
    _, text = built(tmp_path / "first", wheel, "--python", python)
    for line in text.splitlines()[2:]:
        pin = Requirement(line)
        stub(folder, pin.name, str(pin.specifier).removeprefix("=="))
    path, text = built(
        tmp_path / "out", wheel, "--python", python, "--wheels", str(folder), "--constraints", str(file)
    )  # fmt: skip
    assert "--no-index" in text

    # As in an environment of MWAA, but for the folder.
    plugins, target = tmp_path / "plugins", tmp_path / "target"
    with ZipFile(path) as archive:
        archive.extractall(plugins)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        text.replace(PLUGINS, str(plugins)).replace("/usr/local/airflow/dags/constraints.txt", str(file))
    )
    pip = [str(ROOT / ".tools" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--isolated"]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--no-compile", "--target", str(target), "-r", str(requirements)],
        check=True, capture_output=True, env={**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:9/"},
    )  # fmt: skip
    code = (
        "import importlib.metadata as m, kaltura_provider, kaltura_pipeline.settings as s\n"
        "d = m.distribution('airflow-provider-kaltura')\n"
        "points = {(e.group, e.name): e.load() for e in d.entry_points}\n"
        "info = points[('apache_airflow_provider', 'provider_info')]()\n"
        "print(kaltura_provider.__file__, s.__file__, info['connection-types'][0]['connection-type'], len(points))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(target)}, check=True, capture_output=True,
        text=True,
    ).stdout.split()  # fmt: skip
    assert told == [
        str(target / "kaltura_provider" / "__init__.py"),
        str(target / "kaltura_pipeline" / "settings.py"),
        "kaltura",
        "2",
    ]


@pytest.mark.parametrize(
    ("name", "tags", "message"),
    [
        ("apache_airflow_core", "py3-none-any", "would exchange the environment's Airflow"),
        ("av", "cp311-cp311-manylinux_2_28_x86_64", "av-1.0.* is not for Python 3.12 on Linux x86_64.*pip download"),
        ("av", "cp312-cp312-macosx_11_0_arm64", "is not for Python 3.12 on Linux x86_64"),
    ],
)
def test_a_wheel_that_would_break_the_environment_is_refused(
    wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, tags: str, message: str
) -> None:
    folder, file = tmp_path / "wheels", tmp_path / "file.txt"
    stub(folder, name, "1.0", tags)
    file.write_text("")
    arguments = ["--wheel", str(wheel), "--to", str(tmp_path / "out"), "--wheels", str(folder)]
    assert main([*arguments, "--constraints", str(file)]) == 1
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_other_files_two_versions_and_a_missing_constraints_file_are_named(
    wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, file = tmp_path / "wheels", tmp_path / "file.txt"
    arguments = ["--wheel", str(wheel), "--to", str(tmp_path / "out"), "--wheels", str(folder)]
    assert main(arguments) == 1
    assert "has no wheels" in capsys.readouterr().err
    stub(folder, "av", "1.0", "cp312-cp312-manylinux_2_28_x86_64")
    assert main(arguments) == 1
    assert "--constraints" in capsys.readouterr().err
    file.write_text("")
    stub(folder, "av", "1.1", "cp311-abi3-manylinux_2_28_x86_64")
    assert main([*arguments, "--constraints", str(file)]) == 1
    assert "are of one package" in capsys.readouterr().err
    (folder / "av-1.0.tar.gz").write_bytes(b"")
    assert main([*arguments, "--constraints", str(file)]) == 1
    assert "av-1.0.tar.gz is no wheel" in capsys.readouterr().err
    file.write_text("flask=3\n")
    (folder / "av-1.0.tar.gz").unlink()
    (folder / "av-1.1-cp311-abi3-manylinux_2_28_x86_64.whl").unlink()
    assert main([*arguments, "--constraints", str(file)]) == 1
    assert "file.txt, line 1: 'flask=3' is no requirement" in capsys.readouterr().err


def test_the_startup_script_sets_settings_that_exist_and_no_queue() -> None:
    code = f'. "{STARTUP}"; env'
    told = subprocess.run(["sh", "-euc", code], env={}, check=True, capture_output=True, text=True).stdout
    names = {line.partition("=")[0] for line in told.splitlines()} - {"PWD", "_", "SHLVL", "OLDPWD"}
    known = {ENVIRONMENT_PREFIX + field.name.upper() for field in fields(PipelineSettings)}
    assert names
    assert names <= known - {f"{ENVIRONMENT_PREFIX}TRANSFER_QUEUE"}
