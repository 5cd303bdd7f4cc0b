"""Files that nobody should have to open: 1,200 of them, the same ones every time."""

from __future__ import annotations

import io
import json
import random
import zipfile
from functools import cache
from typing import TYPE_CHECKING

from openpyxl import Workbook

from kaltura_pipeline.manifests.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Hostile = tuple[str, bytes]
MEGABYTE = 1024 * 1024
_WORKBOOKS = 15
NAMES = [field.name for field in FIELDS] + [
    "media",
    "nam",
    "",
    "__class__",
    "<<",
    "metadata.P.F",
    "captions.en",
    "*title",
]
FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\t=1", "=" * 500]
NUMBERS = ["NaN", "-Infinity", "1e999", "9" * 5_000, "0x" + "f" * 99, "-0", "1_000", "012", ".inf", "1:60:60", "٣"]
TEXTS = [
    "\0",
    "a\0b",
    "\ud800",
    "\udfff x",
    "\ufeff",
    "\ufffe",
    "\u202egpj.exe",
    "\x1b[31m",
    "\x85",
    "\u2028",
    "a\r\nb",
    "𝕳" * 300,
    "{{ var.value.secret }}",
    "../../etc/passwd",
    "s3://",
    "s3:///k",
    "http://[::1",
    "https://s3.amazonaws.com/",
    "https://x.s3.amazonaws.com/%00%ff",
    "file:///etc/passwd",
    "CON",
    " ",
    "a" * 2_000,
    *FORMULAS,
    *NUMBERS,
]
SUFFIXES = [".yaml", ".json", ".ndjson", ".csv", ".tsv", ".xlsx", ".xml", ".rss"]
ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-7",
    "cp1252",
    "cp037",
    "shift_jis",
]


def files(count: int = 1_200, seed: int = 4) -> Iterator[tuple[str, Hostile]]:
    """Yield the kind of trouble and the file."""
    chance = random.Random(seed)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        yield kind.__name__, kind(chance)


def _value(chance: random.Random, depth: int = 0) -> object:
    pick = chance.randrange(9 if depth < 4 else 4)
    if pick < 4:
        return chance.choice(TEXTS)
    if pick == 4:
        return chance.choice([None, True, False, 0, -1, 1e308, 10**400])
    if pick < 7:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(NAMES + TEXTS): _value(chance, depth + 1) for _ in range(chance.randrange(4))}


def _fields(chance: random.Random) -> dict[str, object]:
    return {chance.choice(NAMES): _value(chance) for _ in range(chance.randrange(1, 8))}


def structures(chance: random.Random) -> Hostile:
    """Values of the wrong kind in every place, in JSON, which YAML reads too."""
    value: object = [_fields(chance) for _ in range(3)]
    if chance.random() < 0.5:
        value = {"titles": value, "defaults": _fields(chance), chance.choice(NAMES): 1}
    return chance.choice(["a.json", "a.yaml"]), json.dumps(value, ensure_ascii=chance.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


def lines(chance: random.Random) -> Hostile:
    """NDJSON with broken lines between good ones."""
    rows = [json.dumps(_fields(chance)) for _ in range(20)]
    rows = [row[: chance.randrange(len(row) + 1)] if chance.random() < 0.3 else row for row in rows]
    return "a.ndjson", "\n".join(rows).encode()


def tables(chance: random.Random) -> Hostile:
    """CSV with formulas, quotes and delimiters where they do not belong."""
    delimiter = chance.choice(",;\t|:")
    header = [chance.choice(NAMES) for _ in range(chance.randrange(1, 9))]
    rows = [header, *([chance.choice(TEXTS) for _ in range(chance.randrange(10))] for _ in range(20))]
    cells = [[f'"{cell}"' if chance.random() < 0.3 else cell for cell in row] for row in rows]
    text = "\n".join(delimiter.join(row) for row in cells)
    return chance.choice(["a.csv", "a.tsv"]), text.encode(chance.choice(["utf-8", "utf-16"]), "surrogatepass")


def encodings(chance: random.Random) -> Hostile:
    """One encoding's text under another's mark, with bytes exchanged."""
    text = 'media,name\na.mp4,"Größe, Ärger – žluťoučký 光学"\nname: [Übung, "x"]\n' * chance.randrange(1, 30)
    data = bytearray(text.encode(chance.choice(ENCODINGS), "replace"))
    for _ in range(chance.randrange(5)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    mark = chance.choice([b"", b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0"])
    return "a" + chance.choice(SUFFIXES), mark + bytes(data)


def noise(chance: random.Random) -> Hostile:
    """Bytes of no meaning."""
    return "a" + chance.choice(SUFFIXES), chance.randbytes(chance.choice([0, 1, 2, 3, 100, 5_000, 200_000]))


def damage(chance: random.Random) -> Hostile:
    """Good files, cut and with bytes exchanged."""
    name, data = chance.choice(_GOOD)
    broken = bytearray(data[: chance.randrange(len(data))])
    for _ in range(chance.randrange(6)):
        if broken:
            broken[chance.randrange(len(broken))] = chance.randrange(256)
    return name, bytes(broken)


def long_lines(chance: random.Random) -> Hostile:
    """Ten megabytes in one line, and as much as the limits allow."""
    size = chance.choice([10 * MEGABYTE, 4 * MEGABYTE - 100, MEGABYTE - 100])
    unit = chance.choice(
        ["a", "ä", '"', "'", "[", "{", "- ", "a: ", "? ", "&a ", "*a ", "\t", " ", ",", ";", "<a>", "<a/>"]
    )
    unit = chance.choice(
        [unit, "a,b,", '"a",', "&amp;", "<![CDATA[", "<!--", "#", "\\", "{a: [b, ", "x='1' ", "%", "|\n ", "\u2028"]
    )
    start = chance.choice(
        ["", "name: ", "media,name\n", "name: |\n  ", '{"name": "', "<mrss><channel><item><name>", "[", "<a "]
    )
    return "a" + chance.choice(SUFFIXES), (start + unit * (size // len(unit.encode()))).encode()


def many(chance: random.Random) -> Hostile:
    """As many small things as the limits allow, each of them wrong."""
    count = chance.choice([5_000, 29_000])
    forms: list[Hostile] = [
        ("a.yaml", b"".join(b"- {media: %d.mp4, x%d: 1}\n" % (number, number) for number in range(count))),
        ("a.yaml", b"".join(b"k%d: v\n" % number for number in range(count))),
        ("a.yaml", b"tags: [" + b"t," * count + b"]"),
        ("a.yaml", b"metadata: {P: {" + b",".join(b"f%d: true" % number for number in range(count)) + b"}}"),
        ("a.yaml", b"captions: [" + b",".join(b"c%d.vtt" % number for number in range(count)) + b"]"),
        ("a.json", json.dumps([{"media": f"{number}.mp4", "owner": "a b"} for number in range(count)]).encode()),
        ("a.json", json.dumps({f"k{number}": number for number in range(count)}).encode()),
        ("a.csv", b"media,owner,start\n" + b"".join(b"%d.mp4,a b,x\n" % number for number in range(count))),
        ("a.csv", b"media," + b",".join(b"c%d" % number for number in range(250)) + b"\n" + b"a.mp4" + b",x" * 250),
        ("a.csv", b"media," + b",".join(b"c%d" % number for number in range(250)) + (b"\na.mp4" + b",x" * 250) * 2_000),
        ("a.csv", b"\n" * count * 30),
        ("a.xml", b"<mrss><channel>" + b"<item><x/></item>" * count + b"</channel></mrss>"),
        ("a.xml", b"<mrss><channel><item>" + b"<name>a</name>" * count + b"</item></channel></mrss>"),
        ("a.rss", b"<rss><channel>" + b"<item><title>a</title></item>" * count + b"</channel></rss>"),
        ("a.ndjson", b"{\n" * count),
        ("a.ndjson", b'{"media": "a.mp4"}\n' * min(count, 9_900)),
    ]
    return chance.choice(forms)


def depths(chance: random.Random) -> Hostile:
    """Deep nesting."""
    depth = chance.choice([20, 1_000, 100_000])
    forms: list[Hostile] = [
        ("a.json", b"[" * depth + b"]" * depth),
        ("a.json", b'{"a":' * depth + b"1" + b"}" * depth),
        ("a.yaml", b"[" * depth + b"]" * depth),
        ("a.yaml", b"{a: " * depth + b"}" * depth),
        ("a.yaml", b"- " * depth + b"a"),
        ("a.yaml", "\n".join(" " * level + "a:" for level in range(min(depth, 1_300))).encode()),
        ("a.xml", b"<a>" * depth + b"</a>" * depth),
        ("a.ndjson", b"[" * depth),
    ]
    return chance.choice(forms)


def aliases(chance: random.Random) -> Hostile:
    """Billions of laughs, cycles, and anchors that are nowhere."""
    width, levels = chance.randrange(2, 12), chance.randrange(2, 40)
    laughs = "a0: &a0 [x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]\n" for level in range(1, levels)
    )
    merges = "m0: &m0 {a: 1}\n" + "".join(
        f"m{level}: &m{level} {{<<: [{', '.join([f'*m{level - 1}'] * width)}], k{level}: 1}}\n"
        for level in range(1, levels)
    )
    cycles = [
        "a: &a [*a]",
        "&a [*a]",
        "a: &a {b: *a}",
        "&a {*a : 1}",
        "a: &a {<<: *a}",
        "tags: *none",
        "a: &a [&b [*a, *b]]",
    ]
    return "a.yaml", chance.choice([laughs, merges, *cycles]).encode()


def tags(chance: random.Random) -> Hostile:
    """YAML that asks for objects."""
    tag = chance.choice(
        [
            "!!python/object/apply:os.system",
            "!!python/name:os.system",
            "!!binary",
            "!!set",
            "!<tag:x>",
            "!x",
            "!!float",
            "!!bool",
        ]
    )
    return "a.yaml", f"{chance.choice(NAMES) or 'name'}: {tag} [{chance.choice(['ls', 'true', '1', '{}'])}]".encode()


def entities(chance: random.Random) -> Hostile:
    """XML bombs, and entities from elsewhere."""
    laughs = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 12))
    forms = [
        f'<!DOCTYPE mrss [<!ENTITY e0 "x">{laughs}]><mrss>&e11;</mrss>',
        f'<!DOCTYPE mrss [<!ENTITY e "{"x" * 100_000}">]><mrss>{"&e;" * 10_000}</mrss>',
        '<!DOCTYPE mrss [<!ENTITY e SYSTEM "file:///etc/passwd">]><mrss><channel><item>&e;</item></channel></mrss>',
        '<!DOCTYPE mrss [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x"> %e;]><mrss/>',
        '<!DOCTYPE mrss SYSTEM "http://127.0.0.1:9/x.dtd"><mrss/>',
        "<mrss><channel><item><name>&undefined;</name></item></channel></mrss>",
        '<mrss xmlns:xi="http://www.w3.org/2001/XInclude"><channel><xi:include href="/etc/passwd"/></channel></mrss>',
        "<?xml-stylesheet href='x'?><mrss><channel><item><name><![CDATA[\x01]]></name></item></channel></mrss>",
        "<mrss " + " ".join(f'a{number}="1"' for number in range(chance.choice([10, 60_000]))) + "/>",
        "<mrss><channel><item>" + "<x " + "y='1' " * 9_000 + "/></item></channel></mrss>",
    ]
    text = chance.choice(forms)
    encoding = chance.choice(["utf-8", "utf-16", "utf-16-le"])
    return chance.choice(["a.xml", "a.rss"]), text.encode(encoding)


def workbooks(chance: random.Random) -> Hostile:
    """XLSX that unpacks to much, lies about itself, or holds entities; some of them damaged besides."""
    data = bytearray(_package(chance.randrange(_WORKBOOKS)))
    for _ in range(chance.choice([0, 0, 1, 4])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return "a.xlsx", bytes(data)


@cache
def _package(which: int) -> bytes:
    good = dict(_parts(_GOOD[-1][1]))
    sheet = "xl/worksheets/sheet1.xml"
    cell = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>x</t></is></c></row>'
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    wide = '<row r="{0}">' + '<c t="inlineStr"><is><t>x</t></is></c>' * 6 + "</row>"
    rows = "".join(wide.format(number) for number in range(1, 5_000))
    forms: list[dict[str, bytes]] = [
        {sheet: (head + rows + "</sheetData></worksheet>").encode()},
        {sheet: b" " * 50 * MEGABYTE},
        {sheet: b"<a>" * 3_000_000},
        {
            sheet: (
                head + "".join(cell.format(number) for number in range(1, 20_000)) + "</sheetData></worksheet>"
            ).encode()
        },
        {
            sheet: (
                head + '<row r="1"><c r="XFD1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"/></row>'
            ).encode()
        },
        {sheet: (head + '<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData></worksheet>').encode()},
        {sheet: (head + '<row r="1"><c r="A1" t="s"><v>99999999</v></c></row></sheetData></worksheet>').encode()},
        {
            sheet: (
                head + '<row r="1"><c r="A1"><v>NaN</v></c><c r="B1"><v>1e999</v></c></row></sheetData></worksheet>'
            ).encode()
        },
        {sheet: (head + '<row r="1"><c r="A1" t="d"><v>x</v></c></row></sheetData></worksheet>').encode()},
        {sheet: b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'},
        {"xl/workbook.xml": b"<a/>"},
        {"[Content_Types].xml": b""},
        {"xl/sharedStrings.xml": b"<sst>" + b"<si><t>x</t></si>" * 400_000 + b"</sst>"},
        {
            "xl/_rels/workbook.xml.rels": good["xl/_rels/workbook.xml.rels"].replace(
                b"worksheets/sheet1.xml", b"/../../etc/passwd"
            )
        },
        {f"x{number}": b"" for number in range(2_000)},
    ]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, content in {**good, **forms[which]}.items():
            package.writestr(name, content)
    return data.getvalue()


def _parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in package.namelist():
            yield name, package.read(name)


def _workbook() -> bytes:
    book = Workbook()
    book.active.append(["media", "name", "tags"])
    book.active.append(["a.mp4", "A", "x, y"])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


_GOOD: list[Hostile] = [
    ("a.yaml", b"titles:\n- media: a.mp4\n  name: 'A'\n  tags: [x, y]\n  captions: [{file: a.vtt, language: en}]\n"),
    ("a.json", b'[{"media": "a.mp4", "name": "A", "metadata": {"P": {"A": [1, "2"]}}}]'),
    ("a.csv", b'*title,description,tags,url,contentType\nA,"b, c",x,s3://b/a.mp4,video\n'),
    ("a.xml", b"<mrss><channel><item><name>A</name><tags><tag>x</tag></tags></item></channel></mrss>"),
    ("a.xlsx", _workbook()),
]
KINDS: list[Callable[[random.Random], Hostile]] = [
    *(structures, structures, lines, tables, tables, encodings, noise, damage),
    *(long_lines, many, depths, aliases, tags, entities, workbooks),
]
