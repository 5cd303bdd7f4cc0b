"""What people are told of a run, through a real notifier and a real mail server."""

from __future__ import annotations

import json
import logging
from typing import Any, ClassVar

import pytest
from airflow.sdk import BaseNotifier
from tests.conftest import ROOT
from tests.pipeline.inbox import Inbox, inbox
from tests.pipeline.results.records import HOSTILE, one_of_each, problem

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.notify import NotifierSpec, build_message, notify, parse_notifiers
from kaltura_pipeline.results.model import TitleResult, title_result
from kaltura_pipeline.results.write import ResultFiles, write_results
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace

SMTP = "airflow.providers.smtp.notifications.smtp.SmtpNotifier"
CONTEXT = {"run_id": "manual__1"}
__all__ = ["inbox"]


class Recorder(BaseNotifier):
    """A notifier such as Slack's: its text is a template."""

    template_fields = ("text",)
    sent: ClassVar[list[str]] = []

    def __init__(self, text: str = "This message has been sent by Airflow", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text = text

    def notify(self, context: Any) -> None:
        self.sent.append(self.text)


class Broken(Recorder):
    """A notifier whose server is gone, and which quotes its address."""

    def notify(self, context: Any) -> None:
        raise OSError("cannot reach https://user:hunter2-hunter2@hooks.example.org/")


@pytest.fixture
def results(bucket: str) -> ResultFiles:
    return written(bucket, one_of_each())


@pytest.fixture(autouse=True)
def _nothing_sent() -> None:
    Recorder.sent.clear()


def written(bucket: str, titles: list[TitleResult]) -> ResultFiles:
    files, _ = write_results(Workspace.open(PipelineSettings(), bucket), "manual__1", titles)
    return files


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> str:
    """The import path of a notifier, as a setting names it."""
    import sys
    import types

    module = types.ModuleType("notifiers_of_this_test")
    module.Recorder, module.Broken = Recorder, Broken  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return f"{module.__name__}.Recorder"


def test_an_e_mail_arrives(inbox: Inbox, results: ResultFiles) -> None:
    (spec,) = parse_notifiers(json.dumps([{"notifier": SMTP, "kwargs": {"to": "media@example.edu"}}]))
    url = "https://airflow.example.edu/results"
    assert notify(CONTEXT, results, [spec], title="s3://uploads/lectures/", page_url=url) == []
    (message,) = inbox.messages
    assert message["Subject"] == "Kaltura ingest: 5 of 7 titles need attention (s3://uploads/lectures/)"
    assert (message["To"], message["From"]) == ("media@example.edu", "airflow@example.edu")
    body = message.get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert "lectures/a.yaml, line 3, field &#39;owner&#39;: a number is no user ID" in html
    assert "write it as text" in html
    assert f'<a href="{url}">' in html
    assert "an administrator of the Kaltura account: 1" in html
    assert "manual__1" in html


def test_only_when_there_is_a_reason(bucket: str, recorder: str, results: ResultFiles) -> None:
    fine = written(bucket, [title_result("a.mp4", "add")])
    assert notify(CONTEXT, fine, [NotifierSpec(recorder)], title="t") == []
    assert Recorder.sent == []
    notify(CONTEXT, fine, [NotifierSpec(recorder, when="always")], title="t")
    assert Recorder.sent[0].startswith("**1 title, all fine** in t, run manual__1")
    notify(CONTEXT, results, [NotifierSpec(recorder)], title="t")
    assert "**5 of 7 titles need attention**" in Recorder.sent[1]
    assert f"All of them, and why: {results['page']}" in Recorder.sent[1]


def test_own_words(recorder: str, results: ResultFiles) -> None:
    text = "{{ kaltura.results.counts.error }} failed in {{ run_id }}: {{ kaltura.subject }}"
    notify(CONTEXT, results, [NotifierSpec(recorder, {"text": text})], title="t")
    assert Recorder.sent == ["2 failed in manual__1: Kaltura ingest: 5 of 7 titles need attention (t)"]


def test_a_notifier_that_fails_stops_nothing(
    recorder: str, results: ResultFiles, caplog: pytest.LogCaptureFixture
) -> None:
    broken = recorder.replace("Recorder", "Broken")
    specs = [
        NotifierSpec("no.such.module.Notifier"),
        NotifierSpec(recorder, {"no_such_argument": 1}),
        NotifierSpec(broken),
        NotifierSpec(recorder),
    ]
    with caplog.at_level(logging.ERROR):
        problems = notify(CONTEXT, results, specs, title="t")
    assert [problem.split(" did not send: ")[0] for problem in problems] == [spec.path for spec in specs[:3]]
    assert "ModuleNotFoundError" in problems[0]
    assert "no_such_argument" in problems[1]
    assert all("check its arguments" in problem for problem in problems)
    assert "hunter2" not in caplog.text + str(problems)
    assert len(Recorder.sent) == 1, "the last one was told"


def test_what_others_chose_is_only_text(inbox: Inbox, bucket: str, recorder: str) -> None:
    name = "<!channel>\nSubject: x\n[link](http://evil)" + HOSTILE
    results = written(bucket, [title_result(name, "error", problems=[problem(name)])])
    title = "s3://b/\r\nBcc: everybody@example.edu"
    specs = [NotifierSpec(recorder), NotifierSpec(SMTP, {"to": "media@example.edu"})]
    assert notify(CONTEXT, results, specs, title=title) == []
    (text,) = Recorder.sent
    assert "<!channel>" not in text
    assert "](" not in text
    assert "{{ 7*7 }}" in text, "not computed"
    (message,) = inbox.messages
    assert message["Bcc"] is None
    body = message.get_body(("html",))
    assert body is not None
    assert "<script>" not in body.get_content()
    assert "{{ 7*7 }}" in body.get_content()


def test_a_long_title_leaves_a_short_subject(results: ResultFiles) -> None:
    message = build_message(results, title="x" * 500, run_id="r")
    assert len(message.subject) == 150
    assert "x" * 500 in message.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "are no JSON"),
        ("{}", "must be a JSON list"),
        ('["x"]', "notifier 1: field 'notifier' must be an import path"),
        ('[{"notifier": "a.B"}, {"notifier": "B"}]', "notifier 2: field 'notifier'"),
        ('[{"notifier": "a.B", "kwarg": {}}]', "unknown field 'kwarg'"),
        ('[{"notifier": "a.B", "kwargs": []}]', "field 'kwargs' must be an object"),
        ('[{"notifier": "a.B", "when": "never"}]', "field 'when' is 'never'; use 'failure' or 'always'"),
    ],
)
def test_a_wrong_setting_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_notifiers(text)


def test_no_setting_names_none() -> None:
    assert parse_notifiers(" ") == ()
    assert parse_notifiers("[]") == ()


def test_the_example_of_the_documentation_is_read() -> None:
    text = (ROOT / "docs" / "quarantine.md").read_text().split("## Tell people")[1]
    mail, slack = parse_notifiers(text.split("```json")[1].split("```")[0])
    assert (mail.path, mail.when) == (SMTP, "failure")
    assert slack.kwargs["text"] == "{{ kaltura.subject }}"
