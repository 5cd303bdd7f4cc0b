"""A tour of Airflow's UI, as somebody takes it who starts: from the connection to the report of what was watched."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from demo.bucket import BUCKET

from tests.postgres import postgres_server, report_database

from .told_by_report import ReportOfToday
from .written_pages import until

if TYPE_CHECKING:
    import psycopg
    from demo.airflow_api import AirflowApi
    from demo.stack import LocalStack
    from playwright.sync_api import FrameLocator, Locator, Page

    from .console import Console

#: What the sidecar says.
NAME = "A ball crosses the picture"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.system,
    pytest.mark.timeout(400),
]


@dataclass
class Tour:
    """The steps of the tour; each leaves the page where a person would be then."""

    page: Page
    stack: LocalStack
    api: AirflowApi
    picture: Callable[..., None]

    def go(self, path: str) -> None:
        self.page.goto(f"{self.stack.airflow_url}/{path}")

    def of_run(self, dag_id: str, run_id: str, place: str = "") -> None:
        """Open a run, or a place in it."""
        self.go(f"dags/{dag_id}/runs/{quote(run_id)}{place}")

    def await_run(self, dag_id: str, run_id: str) -> None:
        assert self.api.await_run(dag_id, run_id, 240, lambda _: None) == "success", self.api.failure(dag_id, run_id)

    def runs(self, dag_id: str) -> set[str]:
        return {str(run["dag_run_id"]) for run in self.api.runs(dag_id)}

    def new_run(self, dag_id: str, before: set[str]) -> str:
        """Return the run of a DAG that was not there before."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if new := self.runs(dag_id) - before:
                return new.pop()
            time.sleep(0.5)
        raise TimeoutError(f"no run of {dag_id} was started")

    def connect(self) -> None:
        """Make a connection in the form, and press the button that tests it."""
        from demo.stack import PARTNER_ID

        page = self.page
        self.go("connections")
        page.get_by_role("button", name="Add Connection").click()
        page.get_by_role("combobox").first.click()
        page.keyboard.type("kaltura")
        page.get_by_role("option", name="Kaltura", exact=True).click()
        form = page.get_by_role("dialog")
        for label in ("Service URL", "Port", "Partner ID", "App token"):
            assert form.get_by_text(label, exact=True).count() == 1, label
        assert "api.{de,eu,sg,ca,ap}.kaltura.com" in (
            page.locator("input[name=host]").get_attribute("placeholder") or ""
        )
        page.fill("input[name=connection_id]", "kaltura_by_hand")
        page.fill("input[name=host]", "http://127.0.0.1")
        page.fill("input[name=port]", str(self.stack.ports["kaltura"]))
        page.fill("input[name=login]", str(PARTNER_ID))
        self.picture(page, "connection-form")

        form.get_by_text("Extra Fields", exact=True).click()
        for label in (
            "App token ID", "App token hash", "Admin secret", "Session method", "User ID", "Session type", "Privileges",
            "Session lifetime", "Connect timeout", "Read timeout", "CA bundle", "Proxy", "KMC URL", "CDN URL",
        ):  # fmt: skip
            form.get_by_text(label, exact=True).first.wait_for()
        secret = page.locator("input[name=element_admin_secret]")
        assert secret.get_attribute("type") == "password"
        secret.fill(self.stack.admin_secret)
        self.picture(page, "connection-form-extra")
        form.get_by_role("button", name="Save").click()
        form.wait_for(state="hidden")

        row = page.get_by_role("row").filter(has_text="kaltura_by_hand")
        with page.expect_response(re.compile("/connections/test$")) as answer:
            row.get_by_role("button", name="Test Connection").click()
        assert answer.value.status == 200
        assert answer.value.json()["status"] is True, answer.value.json()
        # What the form shows again is masked.
        row.get_by_role("button", name="Edit Connection").click()
        page.get_by_role("dialog").get_by_text("Extra Fields", exact=True).click()
        page.locator("input[name=element_admin_secret]").wait_for()
        assert self.stack.admin_secret not in page.content()

    def open_form(self, dag_id: str) -> Locator:
        """Open the form that starts a run."""
        self.go(f"dags/{dag_id}")
        self.page.get_by_role("button", name="Trigger Dag").click()
        return self.page.get_by_role("dialog").filter(has_text="Run Parameters")

    def send_form(self, dag_id: str, form: Locator) -> str:
        """Start the run; return its ID."""
        before = self.runs(dag_id)
        form.get_by_role("button", name="Trigger", exact=True).click()
        self.page.wait_for_url(re.compile("/runs/"))
        return self.new_run(dag_id, before)

    def ingest(self) -> str:
        """Start ``kaltura_ingest`` for a folder in its form; return the run."""
        form = self.open_form("kaltura_ingest")
        for label in ("S3 bucket", "Prefix", "Ask before sending", "Dry run"):
            form.get_by_text(label).first.wait_for()
        self.page.fill("input[name=element_bucket]", BUCKET)
        self.page.fill("input[name=element_prefix]", "lectures/")
        self.picture(self.page, "trigger-form")
        # One section is open at a time; what the others hold stays.
        form.get_by_role("button", name="Files that are known already").click()
        form.get_by_text("Files ingested before").wait_for()
        return self.send_form("kaltura_ingest", form)

    def show_graph(self, dag_id: str, run_id: str, *tasks: str) -> None:
        self.of_run(dag_id, run_id)
        self.page.get_by_role("button", name="Show Graph").click()
        for task in tasks:
            self.page.locator(".react-flow__node").filter(has_text=task).first.wait_for()

    def show_batch(self, run_id: str) -> None:
        """From the mapped task to one of its batches: what it was given, and the link to its entries."""
        page = self.page
        self.of_run("kaltura_ingest", run_id, "/tasks/transfer/mapped")
        batch = page.get_by_role("row").filter(has_text="IngestBatchOperator")
        batch.get_by_role("link", name="0", exact=True).click()
        page.wait_for_url(re.compile("/mapped/0"))
        self.of_run("kaltura_ingest", run_id, "/tasks/transfer/mapped/0/rendered_templates")
        page.get_by_text('"plan"').wait_for()
        self.of_run("kaltura_ingest", run_id, "/tasks/transfer/mapped/0/details")
        link = page.get_by_role("link", name="Kaltura Management Console")
        assert re.search(r"/kmcng/content/entries/entry/0_\w+/metadata$", link.get_attribute("href") or "")
        self.picture(page, "ingest-run")

    def show_published(self, run_id: str) -> str:
        """Look at the links and the graph of a run of ``kaltura_publish``; return the address of the player."""
        page = self.page
        self.of_run("kaltura_publish", run_id, "/tasks/pages/details")
        page.get_by_role("link", name="Kaltura Management Console").wait_for()
        player = page.get_by_role("link", name="Player page").get_attribute("href") or ""
        self.picture(page, "publish-run")
        self.show_graph("kaltura_publish", run_id, "verdict")
        size = page.viewport_size
        page.set_viewport_size({"width": 1000, "height": 640})
        page.get_by_role("button", name="Collapse Details").click()
        page.get_by_role("button", name="Fit View").click()
        self.picture(page, "publish-graph")
        page.set_viewport_size(size or {"width": 1280, "height": 900})
        return player

    def show_assets(self) -> None:
        """See in the graph of an asset what makes it and what it starts."""
        page = self.page
        self.go("assets")
        page.get_by_role("link", name="kaltura_entries").click()
        for name in ("kaltura_ingest", "kaltura_entries", "kaltura_publish", "kaltura_pages"):
            page.locator(".react-flow__node").filter(has_text=name).first.wait_for()
        page.set_viewport_size({"width": 1280, "height": 560})
        page.get_by_role("button", name="Fit View").click()
        self.picture(page, "assets")
        page.set_viewport_size({"width": 1280, "height": 900})

    def ask_for_approval(self, entry_id: str) -> str:
        """Start ``kaltura_publish`` for an entry, with a person to approve it; return the run."""
        form = self.open_form("kaltura_publish")
        self.page.fill("textarea[name=element_entry_ids]", entry_id)
        form.get_by_role("button", name="What is done with them").click()
        form.get_by_role("combobox", name="Approval").click()
        self.page.get_by_role("option", name="airflow", exact=True).click()
        return self.send_form("kaltura_publish", form)

    def approve(self, run_id: str) -> None:
        """Find the question on the page of the run, and answer it."""
        page = self.page
        self.of_run("kaltura_publish", run_id)
        page.get_by_role("button", name="Required Action").click()
        question = page.get_by_role("dialog")
        question.get_by_text("Publish 1 entry?").wait_for()
        self.picture(page, "approval")
        with page.expect_response(re.compile("/hitlDetails$")) as answer:
            question.get_by_role("button", name="Approve").click()
        assert answer.value.ok

    def show_note(self, dag_id: str, run_id: str, said: str) -> None:
        self.of_run(dag_id, run_id)
        self.page.get_by_text(said).first.wait_for()

    def open_report(self, day: str) -> FrameLocator:
        """From the navigation to the report of a day."""
        page = self.page
        self.go("")
        page.get_by_role("link", name="Kaltura", exact=True).click()
        page.wait_for_url(re.compile("/plugin/kaltura"))
        shown = page.frame_locator("iframe")
        shown.get_by_role("heading", name="Last runs").wait_for()
        shown.get_by_text("Kaltura: 1 title, all fine (add 1).").first.wait_for()
        self.picture(page, "kaltura-page")
        shown.locator(f"a[href='report/{day}']").click()
        return shown.frame_locator("iframe")


def watch_half(page: Page, tour: Tour, key: str) -> None:
    """Play the page that was written to S3, with captions, to the middle and no further."""
    html = tour.stack.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    page.set_content(html)
    page.get_by_role("heading", name=NAME).wait_for()
    page.locator(".playkit-pre-playback-play-button").click()
    page.evaluate("KalturaPage.captions('en')")
    until(page, "now.currentTime > 0.6")
    page.locator(".playkit-subtitles").get_by_text("ball").wait_for()
    page.locator(".playkit-spinner").wait_for(state="hidden")
    tour.picture(page, "page", settle=False)
    assert page.evaluate("KalturaPage.state().then((now) => now.duration)") == pytest.approx(4, abs=0.2)
    until(page, "now.currentTime > 2.2")
    page.evaluate("KalturaPage.pause()")


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    with postgres_server() as socket, report_database(socket, monkeypatch) as connection:
        yield connection


@pytest.fixture
def film(stack: LocalStack) -> None:
    """A film in S3, with what lies beside it."""
    from demo.media import CAPTIONS, DESCRIPTION, video

    stack.s3.create_bucket(Bucket=BUCKET)
    for key, data in {
        "lectures/ball.mp4": video(4),
        "lectures/ball.en.vtt": CAPTIONS.encode(),
        "lectures/ball.yaml": DESCRIPTION.encode(),
    }.items():
        stack.s3.put_object(Bucket=BUCKET, Key=key, Body=data)


@pytest.mark.usefixtures("film")
def test_tour(
    page: Page,
    console: Console,
    stack: LocalStack,
    airflow_api: AirflowApi,
    database: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    screenshot: Callable[..., None],
) -> None:
    """Connection, forms, graph, batches, approval, links, page and report: what is watched there is in the report."""
    tour = Tour(page, stack, airflow_api, screenshot)
    tour.connect()
    published_before = tour.runs("kaltura_publish")
    ingest_run = tour.ingest()
    tour.show_graph("kaltura_ingest", ingest_run, "plan", "transfer", "verdict")
    tour.await_run("kaltura_ingest", ingest_run)
    tour.show_batch(ingest_run)
    tour.show_note("kaltura_ingest", ingest_run, "Kaltura: 1 title, all fine (add 1)")

    publish_run = tour.new_run("kaltura_publish", published_before)
    tour.await_run("kaltura_publish", publish_run)
    player = tour.show_published(publish_run)
    tour.show_assets()
    (entry_id,) = airflow_api.xcom("kaltura_publish", publish_run, "pages")["entry_ids"]
    # Answered once its worker is done: Airflow asks again when that is not known yet, as on a busy machine.
    asked = tour.ask_for_approval(entry_id)
    page.goto(player)
    # Not played: the report is to tell of one play.
    page.locator(".playkit-pre-playback-play-button").wait_for()
    watch_half(page, tour, f"_kaltura/pages/{entry_id}.html")
    report = ReportOfToday(stack, airflow_api, BUCKET, monkeypatch)
    tour.approve(asked)
    titles = {
        "count_plays": 1,
        "sum_time_viewed_seconds": pytest.approx(2, abs=0.1),
        "avg_view_drop_off_ratio": 0.5,
        "title": NAME,
    }
    quarters = {"count_plays": 1, "count_plays_25": 1, "count_plays_50": 1, "count_plays_75": 0, "count_plays_100": 0}
    for name, wanted in (("TOP_CONTENT", titles), ("CONTENT_DROPOFF", quarters)):
        for row in (report.in_parquet(name, entry_id), report.in_postgres(database, name, entry_id)):
            assert {key: row[key] for key in wanted} == wanted
    shown = tour.open_report(report.day)
    for name, value in (("Plays", "1"), ("Viewers", "1")):
        tile = shown.locator(".tiles li").filter(has=shown.get_by_text(name, exact=True))
        assert tile.locator("strong").inner_text() == value, name
    listed = shown.get_by_role("table", name="Titles with the most plays").get_by_role("row", name=NAME)
    assert listed.get_by_role("cell").all_inner_texts() == ["1", "0:02", "50%", "0"]
    tour.await_run("kaltura_publish", asked)
    assert console.errors == []
