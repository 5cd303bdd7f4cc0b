"""`make audit` finds what it is there to find, and does not say "clean" when it knows nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets as random_secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.audit import licences, sbom, secrets, vulnerabilities
from tests.audit.__main__ import main
from tests.audit.pins import ROOT, Pin, read_pins
from tests.audit.settings import read_settings

from kaltura_sandbox.ks import sign_v1, sign_v2

# Vulnerabilities


def advisory(folder: Path, name: str, number: int, *, fixed: str | None = None, **more: Any) -> str:
    """Write an advisory on all versions of a package before a fixed one, in OSV's format."""
    ends = f"[{{introduced: '0'}}{f', {{fixed: {fixed!r}}}' if fixed else ''}]"
    path = folder / "vulns" / name / f"PYSEC-2026-{number}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"id: PYSEC-2026-{number}\nmodified: '2026-01-02T00:00:00Z'\npublished: '2026-01-02T00:00:00Z'\n"
        f"aliases: [CVE-2026-{number}]\ndetails: It leaks.\n"
        f"affected: [{{package: {{name: {name}, ecosystem: PyPI}}, ranges: [{{type: ECOSYSTEM, events: {ends}}}]}}]\n"
    )
    return path.stem


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    """A folder like PyPA's advisory-database, with three advisories."""
    folder = tmp_path / "advisory-database"
    advisory(folder, "leaky", 1, fixed="2.0")
    advisory(folder, "unfixed", 2)
    advisory(folder, "forgotten", 3)
    return folder


def test_known_vulnerabilities_of_pins_fail(
    advisories: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text(
        "# pinned\nLeaky==1.9 ; python_version < '3'\nleaky==2.0 ; python_version >= '3'\n"
        "unfixed==1\nforgotten==1\nsound==1\n"
    )
    today = date.today()
    settings = tmp_path / "settings.toml"
    settings.write_text(
        "[tool.audit.vulnerabilities]\n"
        f'CVE-2026-2 = {{ reason = "nothing calls it", until = {today + timedelta(2)} }}\n'
        f'PYSEC-2026-3 = {{ reason = "not yet", until = {today - timedelta(2)} }}\n'
    )
    arguments = ["vulnerabilities", str(pins), "--advisories", str(advisories), "--settings", str(settings)]
    assert main([*arguments, "--lenient"]) == 1
    told = capsys.readouterr().out
    # For a Python that does not run here, too.
    assert "leaky==1.9 (pins.txt): PYSEC-2026-1, CVE-2026-1; fixed in 2.0. It leaks." in told
    assert "leaky==2.0" not in told
    assert "known and borne: unfixed==1" in told
    assert "nothing calls it" in told
    assert f"it was to be looked at again on {today - timedelta(2)}; no fix yet" in told

    pins.write_text("leaky==2.0\nunfixed==1\nsound==1\n")
    assert main(arguments) == 0
    assert "3 pinned versions, no vulnerability but those known." in capsys.readouterr().out


def test_no_answer_is_no_all_clear(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text("sound==1\n")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        arguments = ["vulnerabilities", str(pins), "--osv-url", f"http://127.0.0.1:{closed.getsockname()[1]}/"]
        assert main(arguments) == 1
        assert "Not audited" in capsys.readouterr().err
        assert main([*arguments, "--lenient"]) == 0
    told = capsys.readouterr()
    assert "WARNING: not audited: no service tells of vulnerabilities" in told.err
    assert "ADVISORIES=" in told.err
    assert told.out == ""


def test_a_package_that_the_service_does_not_know_is_told_of() -> None:
    told: list[dict[str, Any]] = [
        {"name": "here", "version": "1", "vulns": []},
        {"name": "elsewhere", "skip_reason": "Dependency not found on PyPI"},
    ]
    verdict = vulnerabilities.judge(told, {("here", "1"): ["pins.txt"]}, {}, date(2026, 1, 1))
    assert (verdict.audited, verdict.unknown) == (1, ["elsewhere: Dependency not found on PyPI"])


@pytest.mark.parametrize(
    "entry",
    ['reason = "it is fine"', "until = 2030-01-01", 'reason = "", until = 2030-01-01', 'reason = "x", until = "soon"'],
)
def test_an_exception_needs_a_reason_and_a_day(entry: str, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[tool.audit.vulnerabilities]\nPYSEC-2026-1 = {{ {entry} }}\n")
    with pytest.raises(ValueError, match=r"pyproject\.toml, tool\.audit\.vulnerabilities\.PYSEC-2026-1: write"):
        read_settings(path)


def test_a_line_that_pins_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("a==1\nb>=2\n")
    with pytest.raises(ValueError, match=r"requirements\.txt, line 2: 'b>=2' pins no version; run `make requirements`"):
        list(read_pins(path))


# Secrets


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit and nothing to hide."""
    root = tmp_path / "repository"
    root.mkdir()
    (root / "README.md").write_text("Nothing here.\n")
    git(root, "init", "--quiet")
    commit(root)
    return root


def git(root: Path, *arguments: str) -> None:
    who = {f"GIT_{role}_{what}": "a@b.invalid" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=root, env={**os.environ, **who}, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Change")


def aws_key() -> str:
    return "AKIA" + "".join(random_secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))


def session(sign: Callable[..., str]) -> str:
    return sign(random_secrets.token_hex(16), 424242, "someone", 2, int(time.time()) + 3600, "edit:*")


def test_secrets_are_found_in_files_and_in_history_and_not_told(repository: Path) -> None:
    planted = {
        "aws.ini": ("aws_access_key_id = {}", aws_key()),
        "token.py": ('Credentials(app_token="{}")', random_secrets.token_hex(16)),
        "account.json": ('{{"adminSecret": "{}", "id": 424242}}', random_secrets.token_hex(16)),
        "call.sh": ("curl https://kaltura.invalid/api_v3?ks={}", session(sign_v2)),
        "old.yaml": ("ks: {}", session(sign_v1)),
    }

    def found() -> set[str]:
        verdict = secrets.scan(repository)
        assert not verdict.clean
        assert [secret for _, secret in planted.values() if secret in verdict.told] == []
        return set(re.findall(r"File: +(\S+)", verdict.told))

    for name, (line, secret) in planted.items():
        (repository / name).write_text(line.format(secret) + "\n")
    assert found() == set(planted), "not committed yet, and there for all to see"
    commit(repository)
    for name in planted:
        (repository / name).unlink()
    commit(repository)
    assert found() == set(planted), "taken out, and there for all who look into the history"


def test_nothing_is_found_where_nothing_is(repository: Path) -> None:
    verdict = secrets.scan(repository)
    assert (verdict.clean, verdict.commits) == (True, 1)
    shutil.rmtree(repository / ".git")
    verdict = secrets.scan(repository)
    assert (verdict.clean, verdict.commits) == (True, 0)


def test_a_program_that_gitleaks_did_not_release_is_not_run(tmp_path: Path) -> None:
    program = tmp_path / "gitleaks"
    with pytest.raises(secrets.UnknownProgramError, match="has no program for this system"):
        secrets.check(program)
    program.write_bytes(Path(secrets.program()).read_bytes() + b"\n")
    with pytest.raises(secrets.UnknownProgramError, match="is not what gitleaks released"):
        secrets.check(program)


# Unsafe code


def test_bandit_still_finds_what_matters(tmp_path: Path) -> None:
    path = tmp_path / "unsafe.py"
    path.write_text(
        "import pickle, subprocess, requests, yaml\n"
        "subprocess.run(input(), shell=True)\n"
        "requests.get('https://kaltura.invalid', verify=False, timeout=1)\n"
        "yaml.load(input(), yaml.Loader)\n"
        "pickle.loads(b'')\n"
    )
    bandit = [sys.executable, "-m", "bandit", "-q", "-c", str(ROOT / "pyproject.toml"), "-f", "json", str(path)]
    done = subprocess.run(bandit, capture_output=True, text=True)
    assert done.returncode == 1
    lines = {each["line_number"] for each in json.loads(done.stdout)["results"]}
    assert lines >= {2, 3, 4, 5}


# Licences


def installed(folder: Path, name: str, told: str, *files: str) -> Pin:
    """Write what an installed package says of itself."""
    place = folder / f"{name}-1.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1\n{told}")
    (place / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file in files:
        (folder / file).parent.mkdir()
        (folder / file).touch()
    return Pin(name, "1")


def test_licences_that_ask_for_the_users_source_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    gpl = "Classifier: License :: OSI Approved :: GNU General Public License (GPL)\n"
    lgpl = "Classifier: License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)\n"
    pins = [
        installed(tmp_path, "affero", "License-Expression: AGPL-3.0-only\n"),
        installed(tmp_path, "gnu", f"License: UNKNOWN\n{gpl}"),
        installed(tmp_path, "carrier", "License: BSD-3-Clause\n", "carrier.libs/libx264-d65.so.165"),
        installed(tmp_path, "silent", ""),
        installed(tmp_path, "lesser", lgpl),
        installed(tmp_path, "free", "License-Expression: MIT\n", "free.libs/libx26.so"),
        installed(tmp_path, "allowed", "License: GPLv3\n"),
        Pin("missing", "1"),
    ]
    assert licences.problems(pins, {"allowed": "why", "free": "why"}) == [
        "affero==1: is under AGPL-3.0-only",
        "gnu==1: is under GNU General Public License (GPL)",
        "carrier==1: carries x264, which are under the GPL",
        "silent==1: names no licence",
        "missing==1: not installed, so its licence is not known; run `make setup`",
        "free: needs no exception any more; take it out of tool.audit.licences",
    ]


# SBOM


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(to)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    return next(to.glob("*.whl"))


def test_the_sbom_names_all_that_runs_with_the_wheel_and_nothing_else(wheel: Path, tmp_path: Path) -> None:
    to = tmp_path / "sbom.cdx.json"
    assert main(["sbom", str(wheel), str(to)]) == 0, "valid by the schema"
    told = json.loads(to.read_text())
    pins = list(read_pins(ROOT / "requirements.txt"))
    lines = re.findall(r"^([a-z0-9][^=\s]*)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert sorted(each["purl"] for each in told["components"]) == sorted(f"pkg:pypi/{name}@{v}" for name, v in lines)

    component = told["metadata"]["component"]
    assert component["purl"] == f"pkg:pypi/airflow-provider-kaltura@{wheel.name.split('-')[1]}"
    assert component["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    here = {pin.name for pin in pins if pin.holds_here}
    licensed = {each["purl"].split("/")[1].split("@")[0] for each in told["components"] if each.get("licenses")}
    assert here - licensed == set(), "nobody can tell under which licence these are"

    needs = {each["ref"]: each["dependsOn"] for each in told["dependencies"]}
    assert any(ref.startswith("apache-airflow==") for ref in needs[component["bom-ref"]])
    known = {each["bom-ref"] for each in (component, *told["components"])}
    assert {ref for refs in needs.values() for ref in refs} <= known
    assert "kaltura" not in to.read_text().replace("airflow-provider-kaltura", "").lower().replace("for kaltura,", "")


def test_an_sbom_of_other_versions_than_the_pinned_ones_is_refused(wheel: Path, tmp_path: Path) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text("requests==1.0\n")
    with pytest.raises(sbom.DriftError, match=r"requests==1\.0 is pinned, and 2\.\S+ installed; run `make setup`"):
        sbom.make(wheel, pins)


def test_a_broken_sbom_is_not_valid() -> None:
    assert sbom.validate('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "x"}]}')
