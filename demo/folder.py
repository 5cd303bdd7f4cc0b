"""The folder that the demonstration ingests: titles described in every form, and every kind of trouble."""

from __future__ import annotations

from demo.media import CAPTIONS, DESCRIPTION, audio, document, image, video

#: Categories that the demonstration's account has.
CATEGORIES = ("Lectures", "Lectures>Physics", "Lectures>Music")
#: Media files that become entries; all others of the folder do not.
GOOD = (
    "lectures/ball.mp4",
    "lectures/handout.pdf",
    "lectures/optics.mp4",
    "lectures/poster.png",
    "lectures/tone.mp3",
    "music/herbst.mp3",
    "music/winter.mp3",
    "term/week-1.mp3",
    "term/week-2.mp3",
    "archive/1998.mp3",
    "archive/1999.mp3",
    "feed/one.mp3",
    "feed/two.mp3",
)

_JSON = """{"name": "Optics", "tags": ["physics"], "categories": ["Lectures>Physics"],
 "captions": [{"file": "optics.de.srt", "language": "de", "label": "Deutsch", "default": true}],
 "start": "2026-01-01 09:00", "time_zone": "Europe/Berlin"}
"""
_GERMAN = "1\n00:00:00,000 --> 00:00:01,500\nGrün ist die Hoffnung.\n"
# Excel's "CSV UTF-8": a byte order mark in front.
_TERM = '\ufeffmedia,name,tags,categories\nweek-1.mp3,Week 1,"term, sound",Lectures>Music\nweek-2.mp3,Week 2,term,\n'
# Excel's other CSV, as a German one writes it: semicolons, and Windows's encoding.
_MUSIC = "media;name;description\nherbst.mp3;Herbstgefühl;Für Orgel\nwinter.mp3;Müder Winter;\n"
# Kaltura's own bulk upload, as the KMC takes it.
_KALTURA_CSV = (
    "*title,description,tags,url,contentType,category\n"
    "The year 1998,Found in a cellar,archive,s3://media/archive/1998.mp3,audio,Lectures>Music\n"
    "The year 1999,,archive,s3://media/archive/1999.mp3,audio,\n"
)
_KALTURA_XML = """<?xml version="1.0" encoding="UTF-8"?>
<mrss xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <channel>
    <item>
      <action>add</action><type>1</type><name>Feed, first part</name>
      <tags><tag>feed</tag></tags>
      <media><mediaType>5</mediaType></media>
      <contentAssets><content><urlContentResource url="s3://media/feed/one.mp3"/></content></contentAssets>
    </item>
    <item>
      <action>add</action><type>1</type><name>Feed, second part</name>
      <media><mediaType>5</mediaType></media>
      <contentAssets><content><urlContentResource url="s3://media/feed/two.mp3"/></content></contentAssets>
    </item>
  </channel>
</mrss>
"""
_LATE = "WEBVTT\n\n00:00.500 --> 00:01.000\nSoon.\n\n00:59.000 --> 01:00.000\nLong after the end.\n"


def demo_folder() -> dict[str, bytes]:
    """Return the objects of the folder by key."""
    ball, optics = video(seconds=4), video(seconds=2)
    good = {
        "lectures/ball.mp4": ball,
        "lectures/ball.en.vtt": CAPTIONS.encode(),
        "lectures/ball.chapters.txt": b"0:00 From the left\n0:02 To the right\n",
        "lectures/ball.attachments/notes.txt": b"The ball crosses the picture in four seconds.\n",
        "lectures/ball.yaml": f"{DESCRIPTION}categories: [Lectures>Physics]\n".encode(),
        "lectures/tone.mp3": audio(seconds=3),
        "lectures/poster.png": image(),
        "lectures/handout.pdf": document(),
        "lectures/optics.mp4": optics,
        "lectures/optics.json": _JSON.encode(),
        "lectures/optics.de.srt": _GERMAN.encode("cp1252"),
        "lectures/optics.jpg": _jpeg(),
        "term/manifest.csv": _TERM.encode(),
        "term/week-1.mp3": _sound(1),
        "term/week-2.mp3": _sound(2),
        "music/autumn.manifest.csv": _MUSIC.encode("cp1252"),
        "music/herbst.mp3": _sound(3),
        "music/winter.mp3": _sound(4),
        "archive/bulk.manifest.csv": _KALTURA_CSV.encode(),
        "archive/1998.mp3": _sound(5),
        "archive/1999.mp3": _sound(6),
        "feed/manifest.xml": _KALTURA_XML.encode(),
        "feed/one.mp3": _sound(7),
        "feed/two.mp3": _sound(8),
    }
    trouble = {
        "uploads/cut-off.mp4": video(seconds=3)[:-4000],
        "uploads/notes.mp4": b"Remember to record the lecture on Friday.\n" * 40,
        "uploads/typo.mp3": _sound(9),
        "uploads/typo.yaml": b"name: A typing error\ncategories: [Lectures>Fysics]\n",
        "uploads/field.mp3": _sound(10),
        "uploads/field.yaml": b"name: An unknown field\ntag: [sound]\n",
        "uploads/late.mp4": video(seconds=1),
        "uploads/late.en.vtt": _LATE.encode(),
        "uploads/the ball again.mp4": ball,
        "uploads/nothing.en.vtt": CAPTIONS.encode(),
        "uploads/empty.mp3": b"",
    }
    return good | trouble


def _sound(number: int) -> bytes:
    """A second of sound; each number is another file, by its tag."""
    title = f"Demonstration {number}".encode()
    frame = b"TIT2" + (len(title) + 1).to_bytes(4, "big") + b"\0\0\0" + title
    # ID3v2.3: the length in four groups of seven bits.
    size = len(frame)
    return b"ID3\x03\0\0" + bytes([0, 0, size >> 7, size & 127]) + frame + audio(seconds=1)


def _jpeg() -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.open(io.BytesIO(image())).convert("RGB").save(file, "JPEG")
    return file.getvalue()
