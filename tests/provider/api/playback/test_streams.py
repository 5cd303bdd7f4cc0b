"""Playlists and media in all the forms that packagers and broken networks give them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.provider.api.scripted import Received, ScriptedServer, client_of, http

from kaltura_provider.api.playback.delivery import HEAD_BYTES, Delivery, Piece
from kaltura_provider.api.playback.streams import Streams, check_hls, check_progressive

TS_PACKET = b"\x47" + bytes(187)
PORTAL = "<!doctype html><html><body>Log in to use this network</body></html>"


def box(kind: bytes, size: int, content: int | None = None) -> bytes:
    """A box of MP4; with less content than it announces if told so."""
    return size.to_bytes(4, "big") + kind + bytes(size - 8 if content is None else content)


INIT = box(b"ftyp", 24) + box(b"moov", 100)
FRAGMENT = box(b"styp", 24) + box(b"moof", 100) + box(b"mdat", 40_000)


def playlist(*lines: str) -> str:
    return "\n".join(["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:6", *lines, ""])


MASTER = playlist("#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=1280x720", "media/index.m3u8")
END = "#EXT-X-ENDLIST"


def followed(files: Mapping[str, str | bytes], path: str = "/a.m3u8", *, encrypted: bool = False) -> Streams:
    """Follow the streams of a server with these files; a text is a playlist."""

    def reply(request: Received) -> bytes:
        content = files.get(request.target)
        if content is None:
            return http(b"", "404 Not Found", {"X-Kaltura": "cached-error-6", "Content-Type": "text/html"})
        if isinstance(content, str):
            return http(content, headers={"Content-Type": "application/x-mpegurl"})
        start, _, end = request.headers["range"].removeprefix("bytes=").partition("-")
        part = content[int(start) : int(end) + 1]
        shown = f"bytes {start}-{int(start) + len(part) - 1}/{len(content)}"
        return http(part, "206 Partial Content", {"Content-Type": "video/mp4", "Content-Range": shown})

    found = Streams()
    with ScriptedServer(reply) as server, client_of(server) as client:
        if path.endswith(".m3u8"):
            check_hls(Delivery(client), server.url + path, found, encrypted=encrypted, every_rendition=True)
        else:
            check_progressive(Delivery(client), server.url + path, found, encrypted=encrypted)
    return found


def media(*lines: str) -> dict[str, str]:
    return {"/a.m3u8": MASTER, "/media/index.m3u8": playlist(*lines)}


def test_transport_streams_add_up() -> None:
    files = media("#EXTINF:6.0,", "1.ts", "#EXTINF:6.0,", "2.ts", "#EXTINF:1.5,", "3.ts", END)
    found = followed({**files, "/media/1.ts": TS_PACKET * 400, "/media/3.ts": TS_PACKET * 3})
    assert (found.problems, found.duration) == ([], 13.5)
    assert found.renditions == [{"bandwidth": 900000, "width": 1280, "height": 720}]


def test_fragments_with_a_header() -> None:
    files = media('#EXT-X-MAP:URI="init.mp4"', "#EXTINF:6.0,", "1.m4s", "#EXTINF:2.0,", "2.m4s", END)
    parts = {"/media/init.mp4": INIT, "/media/1.m4s": FRAGMENT, "/media/2.m4s": FRAGMENT}
    assert followed({**files, **parts}).problems == []
    (problem,) = followed({**files, **parts, "/media/2.m4s": FRAGMENT[:-1]}).problems
    assert problem.startswith(f"The last of 2 segments of the stream of 720 lines is cut short, at {len(FRAGMENT) - 1}")
    (problem,) = followed({**files, **{name: parts[name] for name in parts if "init" not in name}}).problems
    assert problem.startswith(
        "The first of 2 segments of the stream of 720 lines: its header is not served: FLAVOR_NOT"
    )


def test_all_in_one_file() -> None:
    size = len(FRAGMENT)
    files = media(
        f'#EXT-X-MAP:URI="all.mp4",BYTERANGE="{len(INIT)}@0"',
        "#EXTINF:6.0,",
        f"#EXT-X-BYTERANGE:{size}@{len(INIT)}",
        "all.mp4",
        "#EXTINF:2.0,",
        f"#EXT-X-BYTERANGE:{size}@{len(INIT) + size}",
        "all.mp4",
        END,
    )
    assert followed({**files, "/media/all.mp4": INIT + FRAGMENT * 2}).problems == []
    (problem,) = followed({**files, "/media/all.mp4": INIT + FRAGMENT + b"\0" * size}).problems
    assert problem.startswith("The last of 2 segments of the stream of 720 lines holds no media")


def test_what_is_encrypted_cannot_be_judged_but_must_be_there() -> None:
    key = '#EXT-X-KEY:METHOD=AES-128,URI="key"'
    files = media(key, "#EXTINF:6.0,", "1.ts", END)
    assert followed({**files, "/media/1.ts": b"\x8f\x01" * 500}).problems == []
    assert "is not served" in followed(files).problems[0]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "The HLS playlist (playManifest) is not served: FLAVOR_NOT_FOUND"),
        ({"/a.m3u8": PORTAL}, "The HLS playlist (playManifest) is no playlist but '<!doctype html>"),
        ({"/a.m3u8": "#EXTM3U\n"}, "The HLS playlist (playManifest) lists no streams and no segments"),
        ({"/a.m3u8": MASTER}, "The HLS playlist (stream of 720 lines) is not served"),
        (media(END), "The HLS playlist (stream of 720 lines) lists no streams and no segments"),
        (
            {**media("#EXTINF:6.0,", "1.ts"), "/media/1.ts": TS_PACKET * 4},
            "The list of segments of the stream of 720 lines has no end, as if it was cut",
        ),
        (
            {"/a.m3u8": playlist("#EXTINF:nonsense,", "1.ts", END), "/1.ts": TS_PACKET * 4},
            "The HLS playlist (playManifest) is no playlist",
        ),
    ],
)
def test_broken_playlists(files: Mapping[str, str | bytes], words: str) -> None:
    found = followed(files)
    assert len(found.problems) == 1
    assert found.problems[0].startswith(words)


def test_files_of_progressive_addresses() -> None:
    whole = box(b"ftyp", 24) + box(b"moov", 500) + box(b"mdat", 50_000)
    assert followed({"/a.mp4": whole}, "/a.mp4").problems == []
    (problem,) = followed({"/a.mp4": whole[:40_000]}, "/a.mp4").problems
    assert problem.startswith("The file of the progressive address is cut short, at 40000 bytes")
    (problem,) = followed({}, "/a.mp4").problems
    assert problem.startswith("The progressive address (playManifest) gives no file: FLAVOR_NOT_FOUND, Kaltura stopped")


def test_servers_that_know_no_ranges() -> None:
    """They send the whole file, of which no more than the beginning is read."""
    whole = TS_PACKET * 10_000
    with ScriptedServer(http(whole, headers={"Content-Type": "video/mp2t"})) as server, client_of(server) as client:
        piece = Delivery(client).beginning(server.url + "/1.ts", "segment")
    assert (len(piece.head), piece.total, piece.is_media(), piece.is_cut()) == (HEAD_BYTES, len(whole), True, False)


def test_sizes_that_are_not_told() -> None:
    assert not Piece(TS_PACKET[:100], None).is_cut()
    # A box of 64-bit size, and one that goes up to the end.
    large = (1).to_bytes(4, "big") + b"mdat" + (90_000).to_bytes(8, "big") + bytes(100)
    assert Piece(INIT + large, len(INIT) + 89_999).is_cut()
    assert not Piece(INIT + large, len(INIT) + 90_000).is_cut()
    assert not Piece(INIT + box(b"mdat", 0, 100), 10_000).is_cut()


@pytest.mark.parametrize(
    ("url", "with_session"),
    [
        ("https://c/p/1/playManifest/entryId/0_a/a.m3u8", "https://c/p/1/playManifest/entryId/0_a/ks/a%3D%2F/a.m3u8"),
        ("https://c/p/1/raw/entry_id/0_a/version/0", "https://c/p/1/raw/entry_id/0_a/version/0/ks/a%3D%2F"),
        ("https://c/x/captions.vtt?b=c", "https://c/x/ks/a%3D%2F/captions.vtt?b=c"),
        ("https://c/x/ks/mine/a.m3u8", "https://c/x/ks/mine/a.m3u8"),
    ],
)
def test_where_the_session_stands(url: str, with_session: str) -> None:
    with ScriptedServer(http()) as server, client_of(server) as client:
        assert Delivery(client, "a=/").addressed(url) == with_session
        assert Delivery(client).addressed(url) == url
