"""Tells people what became of a run, through any of Airflow's notifiers: e-mail, Slack, Teams, a webhook.

A notifier is named by import path and arguments, as JSON::

    [{"notifier": "airflow.providers.smtp.notifications.smtp.SmtpNotifier", "kwargs": {"to": "media@example.edu"}},
     {"notifier": "airflow.providers.slack.notifications.slack.SlackNotifier",
      "kwargs": {"channel": "#media", "text": "{{ kaltura.subject }}"}, "when": "always"}]

Its templates see ``kaltura.subject``, ``kaltura.text`` (Markdown), ``kaltura.html`` and ``kaltura.results``; arguments
named ``subject``, ``html_content``, ``text`` and ``message`` are filled with them where nothing is given. Credentials
belong into the Airflow connection of the notifier, never here.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaltura_pipeline.results.write import ResultFiles

log = logging.getLogger(__name__)

ALWAYS, FAILURE = "always", "failure"
# The names notifiers give to what they send. What comes out of a template is not taken for one again, so that file
# names with braces in them, which anybody may choose, stay text.
_FILLED = {
    "subject": "{{ kaltura.subject }}",
    "html_content": "{{ kaltura.html }}",
    "text": "{{ kaltura.text }}",
    "message": "{{ kaltura.text }}",
}
_LONGEST_SUBJECT = 150


@dataclass(frozen=True)
class NotifierSpec:
    """A notifier to use.

    :param path: import path of a class derived from Airflow's ``BaseNotifier``.
    :param kwargs: its arguments; templated fields see ``kaltura``.
    :param when: ``failure``: only when a title needs attention; ``always``: after every run.
    """

    path: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    when: str = FAILURE


@dataclass(frozen=True)
class Message:
    """What is sent: one line, Markdown and HTML of the same content."""

    subject: str
    text: str
    html: str


def parse_notifiers(text: str) -> tuple[NotifierSpec, ...]:
    """Read the setting that names notifiers; cheap, imports none of them.

    :param text: a JSON list, see the module; empty names none.
    :raises ConfigurationError: it cannot be read; the message names the item.
    """
    if not text.strip():
        return ()
    try:
        items = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"the notifiers are no JSON: {error}; write {_EXAMPLE}") from None
    if not isinstance(items, list):
        raise ConfigurationError(f"the notifiers must be a JSON list; write {_EXAMPLE}")
    return tuple(_spec(number, item) for number, item in enumerate(items, 1))


_EXAMPLE = '[{"notifier": "package.module.Class", "kwargs": {"to": "media@example.edu"}, "when": "failure"}]'


def _spec(number: int, item: Any) -> NotifierSpec:
    where = f"notifier {number}"
    if not isinstance(item, dict) or not isinstance(item.get("notifier"), str) or "." not in item["notifier"]:
        raise ConfigurationError(f"{where}: field 'notifier' must be an import path; write {_EXAMPLE}")
    if unknown := item.keys() - {"notifier", "kwargs", "when"}:
        raise ConfigurationError(f"{where}: unknown field {min(unknown)!r}; use notifier, kwargs and when")
    if not isinstance(kwargs := item.get("kwargs", {}), dict):
        raise ConfigurationError(f"{where}: field 'kwargs' must be an object with the arguments of {item['notifier']}")
    if (when := item.get("when", FAILURE)) not in (ALWAYS, FAILURE):
        raise ConfigurationError(f"{where}: field 'when' is {when!r}; use {FAILURE!r} or {ALWAYS!r}")
    return NotifierSpec(item["notifier"], kwargs, when)


def build_message(results: ResultFiles, *, title: str, run_id: str, page_url: str = "") -> Message:
    """Write the message; names and texts that other people chose are escaped.

    :param results: what :func:`kaltura_pipeline.results.write.write_results` returned.
    :param title: what the run was about, such as ``s3://bucket/prefix``.
    :param run_id: the DAG run.
    :param page_url: where a browser opens the page; its ``s3://`` address is named without.
    """
    failed, total = results["failed"], results["total"]
    titles = "1 title" if total == 1 else f"{total:,} titles"
    state = f"{failed:,} of {titles} need attention" if failed else f"{titles}, all fine"
    subject = " ".join(f"Kaltura ingest: {state} ({title})".split())
    if len(subject) > _LONGEST_SUBJECT:
        subject = subject[: _LONGEST_SUBJECT - 1] + "…"
    page = page_url or results["page"]
    counts = ", ".join(f"{name} {count:,}" for name, count in results["counts"].items())
    fixers = [f"{who}: {count:,}" for who, count in results["fixers"].items()]
    lines = [f"**{_markdown(state)}** in {_markdown(title)}, run {_markdown(run_id)}", "", counts]
    if fixers:
        lines += ["", "Who can fix them:", *(f"- {_markdown(line)}" for line in fixers)]
    if results["first"]:
        lines += ["", f"The first {len(results['first'])}:", *(f"- {_markdown(line)}" for line in results["first"])]
    lines += ["", f"All of them, and why: {_markdown(page)}"]
    html = _html().render(
        state=state,
        title=title,
        run_id=run_id,
        counts=counts,
        fixers=fixers,
        first=results["first"],
        page=page,
        is_link=page.startswith(("https://", "http://")),
    )
    return Message(subject, "\n".join(lines), html)


def notify(
    context: Mapping[str, Any],
    results: ResultFiles,
    notifiers: Iterable[NotifierSpec],
    *,
    title: str,
    page_url: str = "",
) -> list[str]:
    """Send the message through each notifier that has a reason to. One that fails stops neither run nor others.

    :param context: the task's context.
    :param results: what :func:`kaltura_pipeline.results.write.write_results` returned.
    :param notifiers: whom to tell.
    :param title: what the run was about.
    :param page_url: where a browser opens the page.
    :return: what went wrong, one sentence a notifier, logged as errors too; empty when all were sent.
    """
    wanted = [spec for spec in notifiers if spec.when == ALWAYS or results["failed"]]
    if not wanted:
        return []
    message = build_message(results, title=title, run_id=str(context.get("run_id", "")), page_url=page_url)
    return send(context, message, wanted, results=dict(results))


def send(
    context: Mapping[str, Any],
    message: Message,
    notifiers: Iterable[NotifierSpec],
    *,
    results: Mapping[str, Any],
    files: Sequence[str] = (),
) -> list[str]:
    """Send a message through each notifier. One that fails stops neither the task nor others.

    :param context: the task's context.
    :param message: what to say.
    :param notifiers: whom to tell.
    :param results: what templates see as ``kaltura.results``.
    :param files: paths of files to attach, by notifiers that can.
    :return: what went wrong, one sentence a notifier, logged as errors too; empty when all were sent.
    """
    seen = {"subject": message.subject, "text": message.text, "html": message.html, "results": results}
    problems = []
    for spec in notifiers:
        try:
            _send(spec, {**context, "kaltura": seen}, files)
        except Exception as error:
            from kaltura_provider.api import redact

            # Whatever a notifier quotes, an address with a token in it stays out of the log.
            text = redact(f"{type(error).__name__}: {error}")
            problems.append(f"{spec.path} did not send: {text}; check its arguments and its Airflow connection")
            log.error("%s", problems[-1])
    return problems


def _send(spec: NotifierSpec, context: dict[str, Any], files: Sequence[str]) -> None:
    from importlib import import_module

    module, _, name = spec.path.rpartition(".")
    notifier_class = getattr(import_module(module), name)
    parameters = inspect.signature(notifier_class).parameters
    templated = set(notifier_class.template_fields)
    filled: dict[str, Any] = {name: text for name, text in _FILLED.items() if name in parameters and name in templated}
    if files and "files" in parameters:
        filled["files"] = list(files)
    notifier = notifier_class(**{**filled, **spec.kwargs})
    # Not by calling it: that would only log what goes wrong.
    notifier.render_template_fields(context)
    notifier.notify(context)


def _markdown(text: str) -> str:
    """Escape what Markdown and Slack take for markup; ``<!channel>`` in a file name shall call nobody."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("[", "(").replace("]", ")").replace("`", "'")


def _html() -> Any:
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_PAGE)


_PAGE = """\
<p><strong>{{ state }}</strong> in {{ title }}, run {{ run_id }}</p>
<p>{{ counts }}</p>
{% if fixers %}<p>Who can fix them:</p>
<ul>{% for line in fixers %}<li>{{ line }}</li>{% endfor %}</ul>
{% endif %}
{% if first %}<p>The first {{ first | length }}:</p>
<ul>{% for line in first %}<li>{{ line }}</li>{% endfor %}</ul>
{% endif %}
<p>All of them, and why: {% if is_link %}<a href="{{ page }}">{{ page }}</a>{% else %}{{ page }}{% endif %}</p>
"""
