"""The commands ``python -m tests.audit``: what `make audit`, `make lint` and `make sbom` run."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

from tests.audit import advisories, licences, sbom, secrets, vulnerabilities
from tests.audit.pins import ROOT, read_pins
from tests.audit.settings import read_settings

RUN_TIME = ROOT / "requirements.txt"
ALL = sorted(ROOT.glob("requirements*.txt"))


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; the exit status tells whether all is well."""
    parser = argparse.ArgumentParser(prog="tests.audit", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    known = commands.add_parser("vulnerabilities", help="known vulnerabilities of what is pinned")
    known.add_argument("files", nargs="*", type=Path, default=ALL, help="files of requirements")
    who = known.add_mutually_exclusive_group()
    who.add_argument("--osv-url", help="a service that answers as OSV does, in place of PyPI")
    who.add_argument("--advisories", type=Path, help="a copy of PyPA's advisory-database, in place of PyPI")
    known.add_argument("--lenient", action="store_true", help="no answer is a warning, not a failure")
    known.add_argument("--settings", type=Path, default=ROOT / "pyproject.toml", help="has [tool.audit]")
    commands.add_parser("secrets", help="secrets in the history and the files")
    commands.add_parser("licences", help="licences of what runs with the provider")
    listed = commands.add_parser("sbom", help="list what a wheel needs")
    listed.add_argument("wheel", type=Path)
    listed.add_argument("to", type=Path)
    options = parser.parse_args(arguments)
    try:
        return {"vulnerabilities": _vulnerabilities, "secrets": _secrets, "licences": _licences, "sbom": _sbom}[
            options.command
        ](options)
    except (ValueError, RuntimeError, secrets.UnknownProgramError, sbom.DriftError) as problem:
        print(problem, file=sys.stderr)
        return 1


def _vulnerabilities(options: argparse.Namespace) -> int:
    with ExitStack() as stack:
        url = options.osv_url
        if options.advisories:
            url = stack.enter_context(advisories.serve(options.advisories))
        service = ["--vulnerability-service", "osv", "--osv-url", url] if url else []
        borne = read_settings(options.settings).vulnerabilities
        today = datetime.now(timezone.utc).date()
        try:
            verdict = vulnerabilities.audit(options.files, service, borne, today)
        except vulnerabilities.UnreachableError as problem:
            return _unanswered(f"no service tells of vulnerabilities ({problem})", options.lenient)
    for text in verdict.borne:
        print(f"known and borne: {text}")
    for text in verdict.found:
        print(text)
    if verdict.found:
        print(
            "\nUpgrade what is fixed: `make requirements UPGRADE=name`. What has no fix stands in pyproject.toml, "
            "tool.audit.vulnerabilities, with a reason and the day to look again."
        )
        return 1
    print(f"{verdict.audited} pinned versions, no vulnerability{' but those known' if verdict.borne else ''}.")
    return _unanswered("; ".join(verdict.unknown), options.lenient) if verdict.unknown else 0


def _unanswered(problem: str, lenient: bool) -> int:
    print(
        f"{'WARNING: not' if lenient else 'Not'} audited: {problem}. Where PyPI's JSON API is out of reach, give a "
        "copy of PyPA's advisory-database (make audit ADVISORIES=folder) or a service like OSV's (OSV_URL=address).",
        file=sys.stderr,
    )
    return 0 if lenient else 1


def _secrets(options: argparse.Namespace) -> int:
    verdict = secrets.scan()
    if verdict.clean:
        print(f"No secret in the files, none in {verdict.commits} commits.")
        return 0
    print(verdict.told)
    print(
        "\nA real one: revoke it first, then take it out. One that opens nothing: make it look so, or allow it in "
        ".gitleaks.toml and say why."
    )
    return 1


def _licences(options: argparse.Namespace) -> int:
    for text in (found := licences.problems(read_pins(RUN_TIME), read_settings().licences)):
        print(text)
    if found:
        print("\nTake another package, or say in pyproject.toml, tool.audit.licences, why it does no harm.")
    else:
        print("No licence at run time asks for the source of who uses it.")
    return 1 if found else 0


def _sbom(options: argparse.Namespace) -> int:
    text = sbom.make(options.wheel)
    if problem := sbom.validate(text):
        print(f"not valid by CycloneDX's schema: {problem}", file=sys.stderr)
        return 1
    options.to.write_text(text)
    print(options.to)
    return 0


if __name__ == "__main__":
    sys.exit(main())
