"""What Airflow's UI does when somebody errs or means ill; ``test_tour.py`` is the way of all others."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.airflow_api import AirflowApi
    from demo.stack import LocalStack
    from playwright.sync_api import Page

    from .console import Console

HOSTILE = "uploads/<b>bold</b> & \u202egpj.mp4"
REPORT = """<!doctype html><html lang="en"><title>Day</title><h1>Report of the day</h1>
<script>parent.evil = top.evil = 1</script>
<a href="../../analytics/top_content/day=2026-11-24/data.csv">The table</a>"""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.system,
    pytest.mark.timeout(400),
]


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
    # Those of a tour before, if there was one.
    for written in stack.s3.list_objects_v2(Bucket=BUCKET, Prefix="_kaltura/reports/").get("Contents", []):
        stack.s3.delete_object(Bucket=BUCKET, Key=written["Key"])
    for name, text in objects.items():
        stack.s3.put_object(Bucket=BUCKET, Key=f"_kaltura/{name}", Body=text.encode())


def test_the_page_in_the_navigation(
    page: Page, console: Console, stack: LocalStack, axe: Callable[..., list[str]]
) -> None:
    put_state(stack)
    # What the report of this test tries is refused by its policy.
    console.expect("Content Security Policy")
    page.get_by_role("link", name="Kaltura", exact=True).click()
    page.wait_for_url(re.compile("/plugin/kaltura"))
    shown = page.frame_locator("iframe")
    shown.get_by_role("heading", name="Last runs").wait_for()
    shown.get_by_text(HOSTILE).wait_for()
    assert shown.locator("table").first.locator("b").count() == 0
    shown.locator("a[href='report/2026-11-24']").click()
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


def test_every_route_of_the_plugin_refuses_strangers(stack: LocalStack) -> None:
    from kaltura_pipeline.airflow_plugin import KalturaPipelinePlugin
    from kaltura_pipeline.airflow_plugin.application import make_application

    (application,) = KalturaPipelinePlugin.fastapi_apps
    asked = []
    routes: list[Any] = list(make_application().routes)
    for route in routes:
        path = re.sub(r"{\w+(:\w+)?}", lambda place: "week.html" if place[0] == "{name}" else "week", route.path)
        for method in route.methods:
            url = f"{stack.airflow_url}{application['url_prefix']}{path}"
            asked.append(path)
            assert requests.request(method, url, timeout=30).status_code == 401, f"{method} {path}"
            # A cookie is what a browser sends, a token what a program does.
            refused = requests.request(method, url, cookies={"_token": "x.y.z"}, timeout=30)
            assert refused.status_code in (401, 403), f"{method} {path}"
    assert {"/", "/report/week", "/reports/week.html"} <= set(asked)


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
