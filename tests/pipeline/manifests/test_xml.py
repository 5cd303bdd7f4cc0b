"""Kaltura's bulk upload XML, and media RSS."""

from __future__ import annotations

import re

import pytest

from kaltura_pipeline.manifests import CaptionWish, Manifest, ManifestError, read_manifest
from kaltura_pipeline.manifests.kaltura_names import ITEM

CONTENT = '<contentAssets><content><urlContentResource url="s3://b/a.mp4"/></content></contentAssets>'


def read(*items: str) -> Manifest:
    text = "<mrss><ks>hunter2</ks><channel>" + "".join(f"\n<item>{item}</item>" for item in items) + "</channel></mrss>"
    return read_manifest("bulk.xml", text.encode())


def problems(manifest: Manifest) -> list[str]:
    return [str(problem) for problem in manifest.problems]


def test_all_elements() -> None:
    manifest = read(
        "<action>add</action><type>1</type><referenceId>r1</referenceId><userId>ada</userId>"
        "<entitledUsersEdit><user>a</user><user>b</user></entitledUsersEdit>"
        "<entitledUsersPublish><user>c</user></entitledUsersPublish><entitledUsersView><user>d</user></entitledUsersView>"
        "<name>Light</name><description>First &amp; last</description><tags><tag>x</tag><tag>y</tag></tags>"
        "<categories><category>Physics&gt;Optics</category><category>Term</category></categories>"
        "<accessControl>staff</accessControl><conversionProfileId>77</conversionProfileId>"
        "<startDate>2026-12-01T08:00:00</startDate><endDate>2026-12-01T10:00:00+01:00</endDate>"
        "<templateEntryId>1_t</templateEntryId><media><mediaType>1</mediaType></media><msDuration>5</msDuration>"
        + CONTENT
        + '<thumbnails><thumbnail><urlContentResource url="s3://b/1.jpg"/></thumbnail>'
        '<thumbnail isDefault="true"><urlContentResource url="https://s3.amazonaws.com/b/2.jpg"/></thumbnail></thumbnails>'
        '<subTitles><subTitle isDefault="true" format="2" lang="Hebrew" label="H"><tags/>'
        '<urlContentResource url="s3://b/a.srt"/></subTitle>'
        '<subTitle lang="de"><tags/><dropFolderFileContentResource filePath="a.vtt"/></subTitle></subTitles>'
        '<customDataItems><customData metadataProfile="P"><xmlData><metadata>'
        "<A>1</A><B>2</B><B>3</B><C/></metadata></xmlData></customData></customDataItems>"
    )
    assert manifest.problems == ()
    (found,) = manifest.rows
    assert (manifest.form, found.media, found.action, found.place) == (
        "kaltura-xml",
        "s3://b/a.mp4",
        "add",
        "row 1, line 2",
    )
    description = found.description
    assert description.captions == (
        CaptionWish("s3://b/a.srt", "Hebrew", "H", default=True),
        CaptionWish("a.vtt", "German"),
    )
    rest = {name: value for name, value in description.to_json().items() if name != "captions"}
    assert rest == {
        "name": "Light",
        "description": "First & last",
        "tags": ("x", "y"),
        "owner": "ada",
        "reference_id": "r1",
        "categories": ("Physics>Optics", "Term"),
        "access_control": "staff",
        "conversion_profile": "77",
        "template_entry": "1_t",
        "start": 1796112000,
        "end": 1796115600,
        "metadata": {"P": {"A": "1", "B": ["2", "3"]}},
        "thumbnail": "s3://b/2.jpg",
        "co_editors": ("a", "b"),
        "co_publishers": ("c",),
        "viewers": ("d",),
    }


@pytest.mark.parametrize("tag", [tag for tag, meaning in ITEM.items() if meaning.fix])
def test_elements_that_are_not_supported_are_named(tag: str) -> None:
    manifest = read(CONTENT, f"<name>A</name>\n<{tag}>hunter2</{tag}>" + CONTENT.replace("a.mp4", "b.mp4"))
    assert problems(manifest) == [f"bulk.xml, row 2, line 4, element {tag!r}: is not supported; {ITEM[tag].fix}"]
    assert [row.media for row in manifest.rows] == ["s3://b/a.mp4"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("<nme>x</nme>", "element 'nme': unknown element 'nme'; did you mean 'name'?"),
        ("<action>delete</action><entryId>1_a</entryId>", "entries are not deleted by a manifest"),
        ("<name>x</name>", "row 1, line 2, field 'media': the row names no media file"),
        ("<categories><categoryId>5</categoryId></categories>", "categories by ID are not supported; write <category>"),
        ("<startDate>tomorrow</startDate>", "element 'startDate', field 'start': 'tomorrow' is not a date and time"),
        ("<media><mediaType>201</mediaType></media>", "mediaType '201' is no file"),
        ("<name>a</name><name>b</name>", "element 'name', field 'name': says what another element says already"),
        (
            '<contentAssets><content><sshUrlContentResource url="scp://h/hunter2"/></content></contentAssets>',
            "element 'sshUrlContentResource', field 'media': is not supported; copy the file to the bucket",
        ),
        (
            "<contentAssets><content/><content/></contentAssets>",
            "field 'media': is a second file of one title; keep the source",
        ),
        (
            '<contentAssets><content flavorParamsId="5"><urlContentResource url="s3://b/a"/></content></contentAssets>',
            "the attribute flavorParamsId is not supported; give the source",
        ),
        (
            "<thumbnails><thumbnail/><thumbnail/></thumbnails>",
            'is a second thumbnail; keep one, or mark one with isDefault="true"',
        ),
        (
            '<subTitles><subTitle lang="Hebrw"><urlContentResource url="a.srt"/></subTitle></subTitles>',
            "'Hebrw' is not known",
        ),
        ("<customDataItems><customData/></customDataItems>", "names no profile; add the attribute metadataProfile"),
    ],
)
def test_errors_name_row_line_and_element(item: str, message: str) -> None:
    texts = problems(read(item))
    assert any(message in text for text in texts)
    assert all(text.startswith("bulk.xml, row 1, line 2") for text in texts)
    assert "hunter2" not in "".join(texts)


def test_updates_need_no_file() -> None:
    manifest = read(
        "<entryId>1_a</entryId><name>A</name>", "<action>update</action><referenceId>r1</referenceId><name>B</name>"
    )
    assert [(row.media, row.entry_id, row.action) for row in manifest.rows] == [
        ("", "1_a", "update"),
        ("", "", "update"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252", "iso-8859-1"])
def test_declared_encodings(encoding: str) -> None:
    text = f"<?xml version='1.0' encoding='{encoding}'?><mrss><channel><item><name>Ä</name>{CONTENT}</item></channel>"
    text += "</mrss>"
    assert read_manifest("bulk.xml", text.encode(encoding)).rows[0].description.name == "Ä"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<mrss>\n<channel>&</channel></mrss>", "line 2, column 11: is not well-formed XML"),
        ("<mrss/>", "line 1, element 'mrss': has no items"),
        ("<rss><channel/></rss>", "line 1, element 'rss': has no items"),
        ("<html/>", "line 1, element 'html': is neither <mrss> nor <rss>"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>\n<mrss>&b;</mrss>", "line 1: declares a document type"),
        (
            "<?xml version='1.0'?>\n<!DOCTYPE mrss SYSTEM 'file:///etc/passwd'><mrss/>",
            "line 2: declares a document type",
        ),
        ("<?xml version='1.0' encoding='utf-7'?><mrss/>", "line 1: says it is in 'utf-7', which is not read"),
        ("<?xml version='1.0' encoding='ascii'?>\n<mrss>ä</mrss>", "line 2: is not ascii at byte 45"),
        ("<a>" * 100, "is deeper than 32 elements"),
        ("", "is not well-formed XML: no element found"),
    ],
)
def test_files_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(message)):
        read_manifest("bulk.xml", text.encode())


def feed(*items: str) -> Manifest:
    text = '<rss xmlns:media="http://search.yahoo.com/mrss/" xmlns:x="urn:x"><channel><title>T</title>'
    text += "".join(f"\n<item>{item}</item>" for item in items) + "</channel></rss>"
    return read_manifest("feed.xml", text.encode())


def test_media_rss() -> None:
    manifest = feed(
        "<title>Feed's</title><guid>g-1</guid><pubDate>x</pubDate><x:foo>y</x:foo><category>One</category>"
        '<media:group><media:content url="low.mp4"/><media:content url="s3://b/a.mp4" isDefault="true">'
        "<media:title>Media's</media:title></media:content></media:group><media:keywords>a, b</media:keywords>"
        '<media:category>A&gt;B</media:category><media:thumbnail url="1.jpg"/><media:thumbnail url="2.jpg"/>'
        '<media:subTitle lang="en-us" href="a.srt"/><media:rating>x</media:rating>',
        '<title>B</title><enclosure url="b.mp4"/>',
    )
    assert manifest.problems == ()
    first, second = manifest.rows
    assert (manifest.form, first.media, second.media) == ("mrss", "s3://b/a.mp4", "b.mp4")
    assert first.description.name == "Media's"
    assert first.description.reference_id == "g-1"
    assert (first.description.tags, first.description.categories) == (("a", "b"), ("A>B", "One"))
    assert first.description.thumbnail == "1.jpg"
    assert first.description.captions == (CaptionWish("a.srt", "English (American)"),)


def test_kaltura_syndication_feed() -> None:
    text = (
        "<rss><channel><items><item><entryId>1_a</entryId><referenceID>r1</referenceID><title>A</title><userId>ada</userId>"
        '<content url="s3://b/low.mp4" isSource="false"/><content url="s3://b/a.mp4" isSource="true"/></item></items>'
        "</channel></rss>"
    )
    (row,) = read_manifest("feed.mrss", text.encode()).rows
    assert (row.media, row.description.name, row.description.reference_id, row.description.owner) == (
        "s3://b/a.mp4",
        "A",
        "r1",
        "ada",
    )


def test_what_a_feed_would_lose_is_named() -> None:
    manifest = feed(
        '<media:content url="a.mp4"/><media:restriction>de</media:restriction>',
        '<media:content url="b.mp4"/><media:thumbnial url="x"/>',
        '<media:content url="c.mp4"/><media:content url="d.mp4"/>',
    )
    texts = problems(manifest)
    assert "row 1, line 2, element 'restriction': is not supported" in texts[0]
    assert "row 2, line 3, element 'thumbnial': unknown element 'thumbnial'; did you mean 'thumbnail'?" in texts[1]
    assert "field 'media': is a second file of one title, and none is marked as the source" in texts[2]
    assert manifest.rows == ()
