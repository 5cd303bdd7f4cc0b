"""What a person does in Airflow's UI: connect, test, trigger, follow the links."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests

from tests.postgres import postgres_server, report_database

from .told_by_report import ReportOfToday
from .written_pages import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg
    from demo.airflow_api import AirflowApi
    from demo.stack import LocalStack
    from playwright.sync_api import Page

#: What the sidecar says.
NAME = "A ball crosses the picture"
HOSTILE = "uploads/<b>bold</b> & \u202egpj.mp4"
REPORT = """<!doctype html><html lang="en"><title>Day</title><h1>Report of the day</h1>
<script>parent.evil = top.evil = 1</script>
<a href="../../analytics/top_content/day=2026-11-24/data.csv">The table</a>"""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.system,
    pytest.mark.timeout(400),
]


def open_new_connection(page: Page, stack: LocalStack) -> None:
    """Open the form for a new connection of type Kaltura, all of it."""
    page.goto(f"{stack.airflow_url}/connections")
    page.get_by_role("button", name="Add Connection").click()
    page.get_by_role("combobox").first.click()
    page.keyboard.type("kaltura")
    page.get_by_role("option", name="Kaltura", exact=True).click()


def test_connection_form_shows_the_fields_and_the_test_button_answers(
    page: Page, stack: LocalStack, screenshot: Callable[..., None]
) -> None:
    from demo.stack import PARTNER_ID

    open_new_connection(page, stack)
    form = page.get_by_role("dialog")
    for label in ("Service URL", "Port", "Partner ID", "App token"):
        assert form.get_by_text(label, exact=True).count() == 1, label
    assert "api.{de,eu,sg,ca,ap}.kaltura.com" in (page.locator("input[name=host]").get_attribute("placeholder") or "")
    page.fill("input[name=connection_id]", "kaltura_by_hand")
    page.fill("input[name=host]", "http://127.0.0.1")
    page.fill("input[name=port]", str(stack.ports["kaltura"]))
    page.fill("input[name=login]", str(PARTNER_ID))
    screenshot(page, "connection-form")

    form.get_by_text("Extra Fields", exact=True).click()
    for label in (
        "App token ID", "App token hash", "Admin secret", "Session method", "User ID", "Session type", "Privileges",
        "Session lifetime", "Connect timeout", "Read timeout", "CA bundle", "Proxy", "KMC URL", "CDN URL",
    ):  # fmt: skip
        form.get_by_text(label, exact=True).first.wait_for()
    secret = page.locator("input[name=element_admin_secret]")
    assert secret.get_attribute("type") == "password"
    secret.fill(stack.admin_secret)
    screenshot(page, "connection-form-extra")
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
    assert stack.admin_secret not in page.content()


def test_the_test_button_names_a_wrong_secret(page: Page, stack: LocalStack, airflow_api: AirflowApi) -> None:
    wrong = stack.kaltura_connection()
    wrong["extra"]["admin_secret"] = "f" * 32
    airflow_api.put_connection("kaltura_wrong", wrong)
    page.goto(f"{stack.airflow_url}/connections")
    row = page.get_by_role("row").filter(has_text="kaltura_wrong")
    row.get_by_role("button", name="Test Connection").click()
    notice = page.get_by_role("status").filter(has_text="Test Connection Failed")
    notice.wait_for()
    assert "secret" in notice.inner_text().lower()
    assert "f" * 32 not in page.content()


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    with postgres_server() as socket, report_database(socket, monkeypatch) as connection:
        yield connection


def test_from_the_form_to_the_report(
    page: Page,
    stack: LocalStack,
    airflow_api: AirflowApi,
    database: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    screenshot: Callable[..., None],
) -> None:
    """Runs started in the form end green with links on their tasks; what is watched on the page is in the report."""
    from demo.media import CAPTIONS, DESCRIPTION, video

    stack.s3.create_bucket(Bucket="browser")
    for key, data in {
        "lectures/ball.mp4": video(4),
        "lectures/ball.en.vtt": CAPTIONS.encode(),
        "lectures/ball.yaml": DESCRIPTION.encode(),
    }.items():
        stack.s3.put_object(Bucket="browser", Key=key, Body=data)
    before = {run["dag_run_id"] for run in airflow_api.runs("kaltura_ingest")}
    publish_before = {run["dag_run_id"] for run in airflow_api.runs("kaltura_publish")}

    page.goto(f"{stack.airflow_url}/dags/kaltura_ingest")
    page.get_by_role("button", name="Trigger Dag").click()
    form = page.get_by_role("dialog").filter(has_text="Run Parameters")
    for label in ("S3 bucket", "Prefix", "Files ingested before", "Default metadata", "Dry run"):
        form.get_by_text(label).first.wait_for()
    page.fill("input[name=element_bucket]", "browser")
    page.fill("input[name=element_prefix]", "lectures/")
    screenshot(page, "trigger-form")
    form.get_by_role("button", name="Trigger", exact=True).click()
    page.wait_for_url(re.compile("/runs/"))
    (run_id,) = {run["dag_run_id"] for run in airflow_api.runs("kaltura_ingest")} - before
    assert airflow_api.await_run("kaltura_ingest", run_id, 240, lambda _: None) == "success"

    page.goto(f"{stack.airflow_url}/dags/kaltura_ingest/runs/{quote(run_id)}/tasks/transfer/mapped/0/details")
    link = page.get_by_role("link", name="Kaltura Management Console")
    assert re.search(r"/kmcng/content/entries/entry/0_\w+/metadata$", link.get_attribute("href") or "")
    screenshot(page, "ingest-run")

    publish_run = wait_for_new_run(airflow_api, "kaltura_publish", publish_before)
    assert airflow_api.await_run("kaltura_publish", publish_run, 240, lambda _: None) == "success"
    page.goto(f"{stack.airflow_url}/dags/kaltura_publish/runs/{quote(publish_run)}/tasks/pages/details")
    page.get_by_role("link", name="Kaltura Management Console").wait_for()
    player = page.get_by_role("link", name="Player page").get_attribute("href") or ""
    screenshot(page, "publish-run")
    page.goto(f"{stack.airflow_url}/dags/kaltura_publish/runs/{quote(publish_run)}")
    page.get_by_role("button", name="Show Graph").click()
    page.locator(".react-flow__node").filter(has_text="verdict").wait_for()
    size = page.viewport_size
    page.set_viewport_size({"width": 1000, "height": 640})
    page.get_by_role("button", name="Collapse Details").click()
    page.get_by_role("button", name="Fit View").click()
    screenshot(page, "publish-graph")
    page.set_viewport_size(size or {"width": 1280, "height": 900})
    page.goto(player)
    # Not played: the report is to tell of one play.
    page.locator(".playkit-pre-playback-play-button").wait_for()

    # The page that the DAG wrote shows the player with the title.
    keys = [item["Key"] for item in stack.s3.list_objects_v2(Bucket="browser", Prefix="_kaltura/pages/0_")["Contents"]]
    assert len(keys) == 1
    html = stack.s3.get_object(Bucket="browser", Key=keys[0])["Body"].read().decode()
    page.set_content(html)
    page.get_by_role("heading", name=NAME).wait_for()
    page.locator(".playkit-pre-playback-play-button").click()
    page.evaluate("KalturaPage.captions('en')")
    until(page, "now.currentTime > 0.6")
    page.locator(".playkit-subtitles").get_by_text("ball").wait_for()
    page.locator(".playkit-spinner").wait_for(state="hidden")
    screenshot(page, "page", settle=False)
    assert page.evaluate("KalturaPage.state().then((now) => now.duration)") == pytest.approx(4, abs=0.2)
    # To the middle, and no further.
    until(page, "now.currentTime > 2.2")
    page.evaluate("KalturaPage.pause()")

    entry_id = keys[0].rpartition("/")[2].partition(".")[0]
    report = ReportOfToday(stack, airflow_api, "browser", monkeypatch)
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
    report.open_page(page)
    for name, value in (("Plays", "1"), ("Viewers", "1")):
        tile = page.locator(".tiles li").filter(has=page.get_by_text(name, exact=True))
        assert tile.locator("strong").inner_text() == value, name
    shown = page.get_by_role("table", name="Titles with the most plays").get_by_role("row", name=NAME)
    assert shown.get_by_role("cell").all_inner_texts() == ["1", "0:02", "50%", "0"]


def put_state(stack: LocalStack) -> None:
    """Put reports and a title in quarantine where the pipeline would."""
    from demo.bucket import BUCKET

    held = {
        "bucket": BUCKET, "key": HOSTILE, "etag": "e", "result": "refused", "cause": "it is empty", "who": "you",
        "step": "Upload it again.", "problems": [], "run_id": "r", "time": "2026-11-24T06:00:00Z", "objects": [],
    }  # fmt: skip
    table = "day,plays\n2026-11-24,1\n"
    objects = {
        f"quarantine/{BUCKET}/x.why.json": json.dumps(held),
        "reports/day=2026-11-24/index.html": REPORT,
        "reports/day=2026-11-23/index.html": REPORT,
        "reports/week.html": REPORT,
        "analytics/top_content/day=2026-11-24/data.csv": table,
        "pages/0_abc.html": "<p>an entry",
        "ledger/secret.json": "{}",
    }
    stack.s3.create_bucket(Bucket=BUCKET)
    for name, text in objects.items():
        stack.s3.put_object(Bucket=BUCKET, Key=f"_kaltura/{name}", Body=text.encode())


def test_the_page_in_the_navigation(
    page: Page, stack: LocalStack, axe: Callable[..., list[str]], screenshot: Callable[..., None]
) -> None:
    put_state(stack)
    page.get_by_role("link", name="Kaltura", exact=True).click()
    page.wait_for_url(re.compile("/plugin/kaltura"))
    shown = page.frame_locator("iframe")
    shown.get_by_role("heading", name="Last runs").wait_for()
    shown.get_by_text(HOSTILE).wait_for()
    assert shown.locator("table").first.locator("b").count() == 0
    screenshot(page, "kaltura-page")
    shown.get_by_role("link", name="2026-11-24").click()
    shown.frame_locator("iframe").get_by_role("heading", name="Report of the day").wait_for()
    shown.frame_locator("iframe").get_by_role("link", name="The table").wait_for()
    shown.get_by_role("link", name="Overview").click()
    shown.get_by_role("heading", name="In quarantine").wait_for()
    page.goto(f"{stack.airflow_url}/kaltura-pipeline/")
    assert page.evaluate("typeof evil") == "undefined"
    html = page.content()
    # Its policy lets no script in, not even this one.
    page.goto("about:blank")
    page.set_content(html)
    assert axe(page) == []


#: Answers to somebody who is logged in, by path.
ROUTES = {
    "": 200,
    "report/2026-11-24": 200,
    "report/week": 200,
    "report/2026-11-31": 404,
    "report/..%2F..%2Fledger": 404,
    "reports/week.html": 200,
    "reports/month.html": 404,
    "reports/day=2026-11-24/index.html": 200,
    "reports/day=2026-1-24/index.html": 404,
    "reports/day=2026-11-24%2F..%2F..%2Fledger/index.html": 404,
    "reports/..%2Fledger%2Fsecret.json": 404,
    "analytics/top_content/day=2026-11-24/data.csv": 200,
    "analytics/..%2f..%2fledger/day=2026-11-24/data.csv": 404,
    "pages/0_abc.html": 404,
    "pages/%2e%2e%2fledger%2fsecret.json": 404,
    "ledger/secret.json": 404,
}


def test_its_routes_refuse_strangers_and_give_nothing_else_away(stack: LocalStack) -> None:
    from demo.stack import USER

    put_state(stack)
    root = f"{stack.airflow_url}/kaltura-pipeline"
    token = requests.post(
        f"{stack.airflow_url}/auth/token", json={"username": USER, "password": stack.password}, timeout=30
    ).json()["access_token"]
    known = {"Authorization": f"Bearer {token}"}
    for path, status in ROUTES.items():
        for stranger in ({}, {"Authorization": "Bearer x.y.z"}):
            refused = requests.get(f"{root}/{path}", headers=stranger, timeout=30)
            assert refused.status_code in (401, 403), path
            assert "Report of the day" not in refused.text
        answer = requests.get(f"{root}/{path}", headers=known, timeout=30)
        assert answer.status_code == status, path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.text != "{}"
    assert requests.get(f"{root}/reports/week.html", headers=known, timeout=30).text == REPORT
    says = requests.get(f"{root}/pages/0_abc.html", headers=known, timeout=30).text
    assert "KALTURA_PIPELINE_STATE_URL" in says


def wait_for_new_run(api: AirflowApi, dag_id: str, before: set[str]) -> str:
    """Return the run of a DAG that was not there before."""
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if new := {run["dag_run_id"] for run in api.runs(dag_id)} - before:
            return str(new.pop())
        time.sleep(0.5)
    raise TimeoutError(f"no run of {dag_id} was started")
