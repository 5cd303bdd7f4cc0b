"""Pages of the provider within the page of another site, which drives them by messages if it may."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .written_pages import Open, Write, film_page, player

__all__ = ["film_page", "player"]
pytestmark = pytest.mark.browser

HOST_PAGE = """<!doctype html><html lang=en><title>Host</title><h1>Host</h1>
<iframe src="{src}" title="Film" width="800" height="600" allow="autoplay *"></iframe>
<script>
  const heard = [], frame = document.querySelector("iframe");
  window.addEventListener("message", (event) => heard.push(event.data));
  let last = 0;
  const ask = (method, ...args) => new Promise((resolve, reject) => {{
    const id = ++last;
    window.addEventListener("message", function answer({{ data }}) {{
      if (data.id !== id) return;
      window.removeEventListener("message", answer);
      "error" in data ? reject(new Error(data.error)) : resolve(data.result);
    }});
    frame.contentWindow.postMessage({{ kaltura: 1, id, method, args }}, new URL(frame.src).origin);
  }});
</script>"""


@pytest.fixture(scope="module")
def host_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A site that shows pages of the other one: its origin and its folder."""
    folder = tmp_path_factory.mktemp("host")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", folder
    server.shutdown()
    server.server_close()


def host(site: tuple[str, Path], src: str) -> str:
    """Write a page that shows one of the other site; return its address."""
    origin, folder = site
    (folder / "host.html").write_text(HOST_PAGE.format(src=src))
    return f"{origin}/host.html"


def test_a_host_page_drives_by_messages(film_page: Write, host_site: tuple[str, Path], open_page: Open) -> None:
    page = open_page(host(host_site, film_page(allowed_origins=["https://www.example.com", host_site[0]])))
    page.wait_for_function("() => heard.some(({ event }) => event === 'listening')")
    page.evaluate("ask('subscribe', 'timeupdate', 'pause')")
    assert page.evaluate("ask('seek', 2)") == pytest.approx(2, abs=0.05)
    page.evaluate("ask('play')")
    page.wait_for_function(
        "() => heard.some(({ event, detail }) => event === 'timeupdate' && detail.currentTime > 2.2)"
    )
    page.evaluate("ask('captions', 'fr')")
    page.evaluate("ask('pause')")
    assert page.evaluate("ask('state')")["captions"] == "fr"
    page.wait_for_function("() => heard.some(({ event }) => event === 'pause')")
    for call, words in (
        ("ask('constructor')", "There is no method constructor"), ("ask('on', 'play')", "There is no method on"),
        ("ask('captions', 'xx')", "There are no captions in xx"), ("ask('subscribe', 'x')", "There is no event x"),
    ):  # fmt: skip
        assert words in page.evaluate(f"{call}.then(() => '', error => error.message)")


@pytest.mark.parametrize("allowed", [[], ["https://www.example.com"]])
def test_other_sites_drive_nothing_and_hear_nothing(
    film_page: Write, host_site: tuple[str, Path], open_page: Open, allowed: list[str]
) -> None:
    page = open_page(host(host_site, film_page(allowed_origins=allowed)))
    page.frame_locator("iframe").locator(".playkit-pre-playback-play-button").wait_for()
    page.evaluate("['play', 'state', 'subscribe'].forEach((method) => void ask(method, 'playing'))")
    inner = page.frames[-1]
    # By then the orders would have been carried out: they were sent before this one.
    inner.evaluate("KalturaPage.seek(1)")
    assert inner.evaluate("KalturaPage.state().then(({ paused }) => paused)")
    assert page.evaluate("heard") == []
