"""``python -m deploy.mwaa.build``: make plugins.zip and requirements.txt for Amazon MWAA.

MWAA unpacks plugins.zip into /usr/local/airflow/plugins/, and then installs requirements.txt. So the provider goes
there as a wheel, and is installed as one: only then do its connection type and its page in Airflow exist. The same
wheels give the same files, byte for byte. Only wheels go into plugins.zip: connections belong into AWS Secrets Manager.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from deploy.pins import EXTRAS, ROOT, pins
from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

PLUGINS = "/usr/local/airflow/plugins"
#: Where a constraints file of your own lies, as uploaded to the environment's DAG folder.
CONSTRAINTS = "/usr/local/airflow/dags/constraints.txt"
CONSTRAINTS_URL = "https://raw.githubusercontent.com/apache/airflow/constraints-{airflow}/constraints-{python}.txt"
DISTRIBUTION = "airflow-provider-kaltura"
# MWAA's images have these; a wheel of them would exchange the environment's Airflow for another one.
_ITS_OWN = frozenset({"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk"})
# Amazon Linux 2023 has glibc 2.34.
_PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(34, 4, -1)]
_PLATFORMS += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"]


class BuildError(Exception):
    """What was given cannot become files for MWAA; the message names the fix."""


def check_wheels(wheels: Sequence[Path], python: str) -> None:
    """Make sure that an environment can install the wheels, and that they leave its Airflow alone.

    :param wheels: paths of files.
    :param python: the environment's version of Python, such as ``3.12``.
    :raises BuildError: a file is no wheel, is one for another Python or system, or is there twice; or one is Airflow.
    """
    supported = _supported(python)
    seen: dict[str, str] = {}
    for wheel in wheels:
        try:
            name, _, _, tags = parse_wheel_filename(wheel.name)
        except InvalidWheelFilename:
            raise BuildError(f"{wheel} is no wheel, and MWAA builds nothing; make one: pip wheel {wheel}") from None
        if name in _ITS_OWN:
            raise BuildError(f"{wheel.name} would exchange the environment's Airflow; remove it from the folder")
        if not tags & supported:
            raise BuildError(
                f"{wheel.name} is not for Python {python} on Linux x86_64; get another: pip download --no-deps "
                f"--only-binary :all: --python-version {python} --platform manylinux2014_x86_64 {name}"
            )
        if name in seen:
            raise BuildError(f"{wheel.name} and {seen[name]} are of one package; remove one of them")
        seen[name] = wheel.name


def requirements(wheel: str, *, constraint: str, python: str, known: Sequence[str] = (), offline: bool = False) -> str:
    """Return the text of requirements.txt.

    :param wheel: file name of the provider's wheel.
    :param constraint: address or path of Airflow's constraints file, as the environment sees it.
    :param python: the environment's version of Python.
    :param known: names of packages that the constraints file pins.
    :param offline: everything comes from plugins.zip; for environments without a way to PyPI.
    """
    lines = [f'--constraint "{constraint}"']
    if offline:
        lines += ["--no-index", f"--find-links {PLUGINS}"]
    lines.append(f"{DISTRIBUTION}[{','.join(EXTRAS)}] @ file://{PLUGINS}/{wheel}")
    return "\n".join([*lines, *pins(python, known=known)]) + "\n"


def write_zip(path: Path, wheels: Sequence[Path]) -> None:
    """Write plugins.zip, the same bytes for the same wheels; whole, or not at all.

    :param path: where to write.
    :param wheels: what it holds, at its top.
    """
    new = path.with_suffix(".new")
    with ZipFile(new, "w", ZIP_STORED) as archive:
        for wheel in sorted(wheels, key=lambda each: each.name):
            # No time, owner or rights of this machine.
            member = ZipInfo(wheel.name)
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, wheel.read_bytes())
    os.replace(new, path)


def main(arguments: list[str] | None = None) -> int:
    """Write the files; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.mwaa.build", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="the provider (default: that of `make dist`)")
    parser.add_argument("--airflow", default="3.3.1", help="the environment's Airflow (default: %(default)s)")
    parser.add_argument("--python", default="3.12", help="its Python (default: %(default)s)")
    parser.add_argument("--constraints", type=Path, help="a constraints file, to be uploaded to the DAG folder")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels, for an environment that cannot reach PyPI")
    parser.add_argument("--to", type=Path, default=ROOT / "dist" / "mwaa", help="where to write (default: dist/mwaa)")
    options = parser.parse_args(arguments)
    try:
        for path in _build(options):
            print(path)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _build(options: argparse.Namespace) -> list[Path]:
    wheel = options.wheel or _built_wheel()
    others = _folder(options.wheels) if options.wheels else []
    if others and not options.constraints:
        raise BuildError("without PyPI there is no way to GitHub either: name Airflow's file with --constraints")
    wheels = [wheel, *(other for other in others if _name(other) != DISTRIBUTION)]
    check_wheels(wheels, options.python)
    text = requirements(
        wheel.name,
        constraint=CONSTRAINTS if options.constraints else CONSTRAINTS_URL.format(**vars(options)),
        python=options.python,
        known=_pinned(options.constraints) if options.constraints else (),
        offline=bool(others),
    )
    to: Path = options.to
    to.mkdir(parents=True, exist_ok=True)
    write_zip(to / "plugins.zip", wheels)
    (to / "requirements.txt").write_text(text)
    written = [to / "plugins.zip", to / "requirements.txt"]
    if options.constraints:
        (to / "constraints.txt").write_bytes(options.constraints.read_bytes())
        written.append(to / "constraints.txt")
    return written


def _built_wheel() -> Path:
    found = sorted((ROOT / "dist").glob("airflow_provider_kaltura-*.whl"))
    if len(found) != 1:
        raise BuildError(f"dist/ has {len(found)} wheels of the provider; run `make dist`, or name one with --wheel")
    return found[0]


def _folder(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if not found:
        raise BuildError(f"{folder} has no wheels; docs/deploy-mwaa.md says how to fill it")
    return found


def _name(wheel: Path) -> str:
    return canonicalize_name(wheel.name.partition("-")[0])


def _pinned(path: Path) -> list[str]:
    names = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.partition("#")[0].strip()
        try:
            if text:
                names.append(Requirement(text).name)
        except InvalidRequirement:
            raise BuildError(f"{path}, line {number}: {text!r} is no requirement; use Airflow's own file") from None
    return names


def _supported(python: str) -> frozenset[Tag]:
    major, _, minor = python.partition(".")
    if major != "3" or not minor.isdecimal():
        raise BuildError(f"--python is {python!r}; write it like 3.12")
    version = (3, int(minor))
    return frozenset(
        [
            *cpython_tags(version, platforms=_PLATFORMS),
            *compatible_tags(version, interpreter=f"cp3{minor}", platforms=_PLATFORMS),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
