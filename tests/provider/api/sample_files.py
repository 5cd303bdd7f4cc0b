"""A small real file of every form, made with FFmpeg's and Pillow's encoders; by hand where neither can write it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import shutil
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

_SIZE = (176, 144)

# name: FFmpeg's muxer, video codec, audio codec, and the muxer's options.
_MEDIA: dict[str, tuple[str, str | None, str | None, dict[str, str]]] = {
    "a.mp4": ("mp4", "libx264", "aac", {}),
    "fast.mp4": ("mp4", "libx264", "aac", {"movflags": "+faststart"}),
    "fragments.mp4": ("mp4", "libx264", "aac", {"movflags": "frag_keyframe+empty_moov"}),
    "a.mov": ("mov", "libx264", "aac", {}),
    "a.m4v": ("ipod", "libx264", "aac", {}),
    "a.3gp": ("3gp", "h263", None, {}),
    "a.3g2": ("3g2", "mpeg4", "aac", {}),
    "a.f4v": ("f4v", "libx264", "aac", {}),
    "a.webm": ("webm", "libvpx", "libopus", {}),
    "a.mkv": ("matroska", "libx264", "aac", {}),
    "a.avi": ("avi", "mpeg4", "libmp3lame", {}),
    "a.ts": ("mpegts", "libx264", "aac", {}),
    "a.m2ts": ("mpegts", "libx264", "aac", {"mpegts_m2ts_mode": "1"}),
    "a.mpg": ("mpeg", "mpeg1video", "mp2", {}),
    "a.vob": ("vob", "mpeg2video", "mp2", {}),
    "a.m2v": ("mpeg2video", "mpeg2video", None, {}),
    "a.flv": ("flv", "flv", "libmp3lame", {}),
    "a.wmv": ("asf", "wmv2", "wmav2", {}),
    "a.mxf": ("mxf", "mpeg2video", "pcm_s16le", {}),
    "a.dv": ("dv", "dvvideo", None, {}),
    "a.rm": ("rm", "rv10", None, {}),
    "a.m4a": ("ipod", None, "aac", {}),
    "plain.m4a": ("mp4", None, "aac", {}),
    "a.mp3": ("mp3", None, "libmp3lame", {}),
    "bare.mp3": ("mp3", None, "libmp3lame", {"id3v2_version": "0", "write_xing": "0"}),
    "a.mp2": ("mp2", None, "mp2", {}),
    "a.wav": ("wav", None, "pcm_s16le", {}),
    "long.wav": ("wav", None, "pcm_s16le", {"rf64": "always"}),
    "a.w64": ("w64", None, "pcm_s16le", {}),
    "a.flac": ("flac", None, "flac", {}),
    "a.ogg": ("ogg", None, "vorbis", {}),
    "a.opus": ("opus", None, "libopus", {}),
    "a.oga": ("ogg", None, "flac", {}),
    "a.aac": ("adts", None, "aac", {}),
    "loas.aac": ("latm", None, "aac", {}),
    "a.ac3": ("ac3", None, "ac3", {}),
    "a.eac3": ("eac3", None, "eac3", {}),
    "a.aiff": ("aiff", None, "pcm_s16be", {}),
    "a.wma": ("asf", None, "wmav2", {}),
    "a.mka": ("matroska", None, "libopus", {}),
    "a.amr": ("amr", None, "libopencore_amrnb", {}),
    "a.caf": ("caf", None, "pcm_s16be", {}),
    "a.au": ("au", None, "pcm_s16be", {}),
    "a.ra": ("rm", None, "ac3", {}),
    "a.swf": ("swf", "flv", None, {}),
}
_IMAGES = ("a.jpg", "a.png", "a.gif", "a.webp", "a.tiff", "a.bmp", "a.avif", "a.jp2")


def sample(name: str) -> bytes:
    """The content of the file with this name."""
    if name in _MEDIA:
        return _media(name)
    if name in _IMAGES:
        return _image(name)
    return _MADE[name]()


@cache
def _media(name: str) -> bytes:
    import av

    muxer, video, audio, options = _MEDIA[name]
    target = Path(tempfile.mkdtemp()) / "sample"
    size = (720, 576) if muxer == "dv" else _SIZE
    with av.open(str(target), "w", format=muxer, options=options) as container:
        pictures: Any = container.add_stream(video, rate=25) if video else None
        if pictures is not None:
            pictures.width, pictures.height, pictures.pix_fmt = *size, "yuv420p"
        sounds: Any = _sound_stream(container, audio) if audio else None
        for number in range(0 if pictures is None else 1 if muxer == "dv" else 12):
            frame = av.VideoFrame(*size, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number * 20 % 255]) * plane.buffer_size)
            frame.pts = number
            container.mux(pictures.encode(frame))
        if pictures is not None:
            container.mux(pictures.encode(None))
        if sounds is not None:
            _write_sound(container, sounds)
    content = target.read_bytes()
    shutil.rmtree(target.parent)
    return content


def _sound_stream(container: Any, codec: str) -> Any:
    rate = {"libopencore_amrnb": 8000, "aac": 44100, "flac": 44100}.get(codec, 48000)
    stream: Any = container.add_stream(codec, rate=rate, options={"strict": "-2"})
    stream.layout = "mono" if codec == "libopencore_amrnb" else "stereo"
    if codec == "wmav2":
        stream.bit_rate = 128_000
    return stream


def _write_sound(container: Any, stream: Any) -> None:
    import av

    context = stream.codec_context
    samples, done = context.frame_size or 1024, 0
    form = context.codec.audio_formats[0].name if context.codec.audio_formats else context.format.name
    while done < context.sample_rate // 2:
        frame = av.AudioFrame(format=form, layout=stream.layout.name, samples=samples)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = context.sample_rate, done, Fraction(1, context.sample_rate)
        done += samples
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


@cache
def _image(name: str) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    form = {"jpg": "jpeg", "jp2": "jpeg2000"}.get(Path(name).suffix[1:], Path(name).suffix[1:])
    Image.new("RGB", (64, 48), (200, 30, 30)).save(target, form)
    return target.getvalue()


def zipped(*members: tuple[str, str]) -> bytes:
    """A ZIP file with these members in this order."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members:
            # The first member of an OpenDocument or EPUB file names its type, and stands there as it is.
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), text, how)
    return target.getvalue()


def _office(folder: str, part: str) -> Callable[[], bytes]:
    types = "".join(f'<Override PartName="/{folder}/{n}.xml" ContentType="application/x{n}"/>' for n in range(40))
    return lambda: zipped(
        ("[Content_Types].xml", f"<Types>{types}</Types>"),
        ("_rels/.rels", "<Relationships/>"),
        (f"{folder}/{part}.xml", "<x/>" * 500),
    )


def _open_document(kind: str) -> Callable[[], bytes]:
    return lambda: zipped(
        ("mimetype", f"application/vnd.oasis.opendocument.{kind}"), ("content.xml", "<x/>"), ("styles.xml", "<x/>")
    )


def _ole(marker: bytes) -> Callable[[], bytes]:
    return lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + marker + bytes(4000)


def _atom_first(kind: bytes, size: int = 8) -> Callable[[], bytes]:
    """A QuickTime file as older cameras and editors write it: no type, some other atom first."""
    return lambda: size.to_bytes(4, "big") + kind + bytes(size - 8) + _media("a.mov")[20:]


def _packets_of(size: int) -> Callable[[], bytes]:
    stream = _media("a.ts")
    packets = [stream[at : at + 188] for at in range(0, 188 * 40, 188)]
    return lambda: b"".join(packet + bytes(size - 188) for packet in packets)


def _ogg_video() -> bytes:
    return b"OggS\x00\x02" + bytes(20) + b"\x01\x2a\x80theora\x03\x02\x01" + bytes(300)


def _sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "x")
        connection.execute("create table t (a)")
        connection.commit()
        connection.close()
        return (Path(folder) / "x").read_bytes()


def _tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        member = tarfile.TarInfo("x.txt")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"hello"))
    return target.getvalue()


def noise(length: int = 20_000, seed: int = 1) -> bytes:
    """Bytes that mean nothing."""
    return random.Random(seed).randbytes(length)


LOGIN_PAGE = (
    b"<!-- proxy -->\n<!DOCTYPE html>\n<html lang='en'><head><title>Log in</title></head><body>...</body></html>"
)
S3_ERROR = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)

_MADE: dict[str, Callable[[], bytes]] = {
    "a.heic": lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + noise(3000),
    "burst.heic": lambda: b"\x00\x00\x00\x18ftypmsf1\x00\x00\x00\x00msf1hevc" + noise(3000),
    "a.ogv": _ogg_video,
    "camera.mod": lambda: _media("a.vob"),
    "free.mov": _atom_first(b"free"),
    "wide.mov": _atom_first(b"wide"),
    "mdat.mov": lambda: _media("a.mov")[28:],
    "skip.mov": _atom_first(b"skip", 400),
    "long.mov": _atom_first(b"free", 30_000),
    "preview.mov": _atom_first(b"pnot", 20),
    "cut.ts": lambda: _media("a.ts")[77:],
    "broadcast.ts": lambda: _packets_of(204)(),
    "cut.mpg": lambda: _media("a.vob")[1111:],
    "tagged.mp3": lambda: b"ID3\x04\x00\x00\x00\x7f\x7f\x7fAPIC" + noise(200_000) + _media("bare.mp3"),
    "padded.mp3": lambda: bytes(300) + _media("bare.mp3"),
    "cut.mp3": lambda: _media("bare.mp3")[100:],
    "adif.aac": lambda: b"ADIF" + noise(500),
    "a.dts": lambda: b"\x7f\xfe\x80\x01" + noise(500),
    "late.mxf": lambda: noise(300) + _media("a.mxf"),
    "a.pdf": lambda: b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n",
    "ascii.pdf": lambda: b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n",
    "late.pdf": lambda: b"\r\n\x00\x01junk\r\n%PDF-1.4\n" + noise(500),
    "a.docx": _office("word", "document"),
    "a.xlsx": _office("xl", "workbook"),
    "a.pptx": _office("ppt", "presentation"),
    "a.doc": _ole(b"\xec\xa5\xc1\x00"),
    "a.xls": _ole(b"\x09\x08\x10\x00\x00\x06\x05\x00"),
    "a.ppt": _ole(b"\xa0\x46\x1d\xf0"),
    "a.odt": _open_document("text"),
    "a.ods": _open_document("spreadsheet"),
    "a.odp": _open_document("presentation"),
    "a.epub": lambda: zipped(("mimetype", "application/epub+zip"), ("META-INF/container.xml", "<x/>")),
    "a.zip": lambda: zipped(("x.txt", "hello")),
    "a.key": lambda: zipped(("Index/Document.iwa", "x")),
    "a.rtf": lambda: rb"{\rtf1\ansi hello}",
    "a.txt": lambda: b"Hello, this is a text.\n",
    "german.txt": lambda: "Grüße aus Köln\n".encode("latin-1"),
    "russian.txt": lambda: ("Привет из Москвы. " * 10).encode("cp1251"),
    "wide.txt": lambda: "Grüße\r\n".encode("utf-16"),
    "a.csv": lambda: b"a,b,c\n1,2,3\n",
    "a.json": lambda: b'{"a": [1, 2]}',
    "a.xml": lambda: b'<?xml version="1.0"?><a/>',
    "a.yaml": lambda: b"a: 1\nb:\n  - 2\n",
    "a.html": lambda: LOGIN_PAGE,
    "a.vtt": lambda: b"WEBVTT\n\n00:00.000 --> 00:01.000\nhi\n",
    "a.exe": lambda: b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + noise(2000),
    "program": lambda: b"\x7fELF\x02\x01\x01\x00" + bytes(8) + noise(2000),
    "a.class": lambda: b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + noise(200),
    "a.sh": lambda: b"#!/bin/sh\necho hi\n",
    "a.bat": lambda: b"@echo off\r\ndir\r\n",
    "a.php": lambda: b"<?php phpinfo();",
    "a.py": lambda: b"import os\n",
    "a.sqlite": _sqlite,
    "a.tar": _tar,
    "a.gz": lambda: gzip.compress(b"x" * 100, mtime=0),
    "a.bz2": lambda: bz2.compress(b"x" * 100),
    "a.xz": lambda: lzma.compress(b"x" * 100),
    "a.7z": lambda: b"7z\xbc\xaf\x27\x1c\x00\x04" + noise(100),
    "a.rar": lambda: b"Rar!\x1a\x07\x01\x00" + noise(100),
    "a.iso": lambda: bytes(32768) + b"\x01CD001\x01" + bytes(4096),
    "a.ttf": lambda: b"\x00\x01\x00\x00\x00\x0f\x00\x80\x00\x03\x00\x70GSUB" + noise(200),
    "a.jar": lambda: zipped(("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")),
    "a.psd": lambda: b"8BPS\x00\x01" + bytes(100),
    "a.mid": lambda: b"MThd\x00\x00\x00\x06\x00\x01" + noise(100),
}
