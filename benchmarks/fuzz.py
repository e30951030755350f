"""Damaged and hostile inputs for the parse and every reader.

    python benchmarks/fuzz.py                                  # all kinds, 500 inputs each
    python benchmarks/fuzz.py --kind parse --inputs 100000     # one kind, as long as it takes
    python benchmarks/fuzz.py --seconds 600 --start 100000     # other inputs, ten minutes a kind

Input number N of a kind is the same on every machine, so that a number is a reproduction:
`--kind docx --start N --inputs 1 --keep FOLDER` writes it down. What is checked:

- nothing leaves but a `GeomapError`, no process ends, nothing takes longer than --slow seconds;
- a document that was read can be written as UTF-8 JSON and as ISO dates;
- `parse` reads every text, its offsets and evidence equal the text, no time ends before it starts,
  no two toponyms overlap, and its line keeps docs/schema/parsed.schema.json.

Exit code 1 when any of that does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import gzip
import io
import itertools
import json
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from geomap.case import feeds
from geomap.case.tables import read_unhcr_flows
from geomap.errors import GeomapError
from geomap.evaluate import read_corpus
from geomap.gazetteer.sources import read_geonames, read_table
from geomap.geoparser import Geoparser, default_gazetteer
from geomap.model import Document, Parsed, day_of
from geomap.output import to_line
from geomap.text.reading import read_documents, read_file

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "docs" / "schema" / "parsed.schema.json"
Case = bytes | Document


class BrokenError(Exception):
    """An invariant that does not hold."""


class Slow(BaseException):
    """An input that takes too long; no boundary holds it."""


@dataclass(slots=True)
class Count:
    """What became of the inputs of one kind."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    boundary: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    slowest: tuple[float, int] = (0.0, -1)
    peak: int = 0  # MB

    def add(self, other: Count) -> None:
        """Take in the count of the inputs that follow."""
        for name in ("inputs", "read", "refused", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.boundary += other.boundary
        self.failures += other.failures
        self.first = {**other.first, **self.first}
        self.slowest = max(self.slowest, other.slowest)
        self.peak = max(self.peak, other.peak)


# Texts


NAMES = (
    "Goma|Kabul|Bukavu|Homs|Nagorno-Karabakh|Armenia|Washington, D.C.|U.S.|Guinea-Bissau|Congo|"
    "Степанакерт|بغداد|São Tomé|Syrian|Rafah|Gaza|London|New York|Aleppo|Baku|Georgia|Jordan"
).split("|")
FIGURES = (
    "31|more than 2,900|1.5 million|between 3,000 and 5,000|a dozen|hundreds of thousands|0|1e30|"
    "12,34,567|inf|½|٣٤|一万|nine|hundred and|99999999|at least 7|up to 40|3-4|20%|10 000"
).split("|")
TIMES = (
    "on Monday|in May|last week|on 5 May 2020|since June 2024|in the past 24 hours|by 5 a.m.|"
    "from 1 to 3 March|in 2020|31 February|on 9999-12-31|0001-01-01|next 99999999 hours|tomorrow|"
    "between 2019 and 2021|at noon|25:61|yesterday evening|until March 2022|the next day"
).split("|")
SENTENCES = (
    "{f} people fled {p} for {p} {t}.",
    "Shelling hit {p} {t}, killing {f} and injuring {f}, officials in {p} said.",
    "{t} {f} {p} families returned to {p} from {p}; {f} stayed in camps in {p}.",
    "The {p} government denied that {f} people had been expelled {t}.",
    "{p}, {t} (Wire) - Protesters marched through {p}.",
    "In the past {f} hours {f} people crossed into {p}.",
    '"We lost {f}," said Gen. {p} of {p} {t}.',
    "| {p} | {f} | {t} |\n",
    "{p} {t}",
    "{f}, {f}, {f} ",
    "No one fled {p}, and {f} people fled {p} {t}.",
)
SPLICES = (
    "\0|\r|\r\n|\t|\u2028|\u200b|\u00a0|\ufeff|\ufffd|👩‍👩‍👧|é|ß|İ|Ǆ|ﬁ|\u202e|(|)|\"|“|'|’|"
    "-|–|—|...|. |.er |,|;|:|%|$|&amp;|<b>|{|}|[|]|\\|/|*|#|1|9999|0|a|A| of | and | the |ı|²"
).split("|")


def sentence(rng: random.Random) -> str:
    out = rng.choice(SENTENCES)
    for mark, words in (("{p}", NAMES), ("{f}", FIGURES), ("{t}", TIMES)):
        while mark in out:
            out = out.replace(mark, rng.choice(words), 1)
    return out


def mutated_text(rng: random.Random, text: str) -> str:
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5, 12))):
        a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        b = min(b, a + rng.choice((1, 3, 10, 60)))
        c = rng.randrange(len(text) + 1)
        text = rng.choice(
            (
                lambda a=a, b=b, t=text: t[:a] + t[b:],
                lambda a=a, t=text: t[:a] + rng.choice(SPLICES) * rng.choice((1, 1, 2, 40)) + t[a:],
                lambda a=a, b=b, c=c, t=text: t[:c] + t[a:b] + t[c:],
                lambda a=a, b=b, t=text: t[:a] + t[a:b] * rng.choice((2, 3, 20)) + t[b:],
                lambda a=a, b=b, t=text: t[:a] + t[a:b].swapcase() + t[b:],
                lambda a=a, t=text: t[:a] + rng.choice(FIGURES + TIMES + NAMES) + t[a:],
                lambda a=a, t=text: t[:a] + chr(rng.randrange(0x110000)) + t[a:],
            )
        )()[:4_000]
    return text


def text_case(rng: random.Random) -> Document | str:
    text = " ".join(sentence(rng) for _ in range(rng.choice((1, 1, 2, 4, 8))))
    text = mutated_text(rng, text)
    days = (None, dt.date(2024, 5, 15), dt.date(2024, 2, 29), dt.date(1000, 1, 1))
    days += (dt.date(2999, 12, 31), dt.date(1, 1, 1), dt.date(9999, 12, 31))
    return Document("text", text.encode("utf-8", "replace").decode(), published=rng.choice(days))


# Files: a good one of each kind, then damaged


ROWS = (
    {"id": "a", "text": "Thousands fled Goma.", "published": "2024-05-15", "title": "Flight"},
    {"id": 7, "text": "Shelling hit Homs.", "date": "2024-05-15T10:00:00Z", "url": "http://a/b"},
    {"id": "c", "text": "Protests in Baku.", "published": None, "source": "Wire"},
)
ODD = (
    "\ud83d", "\udfff", "\0", "", " ", None, 0, -1, 10**30, 1e308, True, [], {}, [[["x"]]],
    {"a": 1},
    "0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "2024-02-30", "2024-05-15T25:00", "a day",
    "2024-05-15T10:00:00+23:59", "=1+1", "x" * 300, "http://[::1", "../../etc/passwd", "İ", "²",
)  # fmt: skip


def rows(rng: random.Random) -> list[dict[str, object]]:
    out: list[dict[str, object]] = [dict(row) for row in ROWS]
    for _ in range(rng.choice((0, 1, 1, 2))):
        row = rng.choice(out)
        row[rng.choice(("id", "text", "title", "source", "url", "published", "date"))] = rng.choice(
            ODD
        )
    return out


def txt(rng: random.Random) -> bytes:
    encoding = rng.choice(("utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-16-le"))
    return sentence(rng).encode(encoding, "replace")


def html(rng: random.Random) -> bytes:
    tags = "p|div|form|aside|nav|script|style|title|svg|article|table|tr|td|select|a href='x'|br/"
    page = "".join(
        rng.choice(
            (
                f"<{rng.choice(tags.split('|'))}>",
                f"</{rng.choice(tags.split('|')).split()[0]}>",
                sentence(rng),
                rng.choice(
                    ("<![CD", "<![i", "<!--", "-->", "<!", "<?", "&#99999999999;", "&", "<")
                ),
            )
        )
        for _ in range(rng.randrange(30))
    )
    meta = rng.choice(("", "<meta charset=windows-1252>", '<meta charset="unicode_escape">'))
    whole = f"<html><head>{meta}<title>T</title></head><body>{page}</body></html>"
    return whole.encode(rng.choice(("utf-8", "cp1252", "utf-16")), "replace")


def jsonl(rng: random.Random) -> bytes:
    out = [json.dumps(row) for row in rows(rng)]
    if rng.random() < 0.1:
        out.append("[" * rng.choice((50, 100_000)))
    return "\n".join(out).encode()


def csv(rng: random.Random) -> bytes:
    cells = [
        [json.dumps(str(row.get(c, ""))) for c in ("id", "text", "published")] for row in rows(rng)
    ]
    end = rng.choice(("\n", "\r\n", "\r"))
    return end.join(",".join(c) for c in (["id", "text", "published"], *cells)).encode(
        "utf-8", "replace"
    )


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()


def archive(rng: random.Random) -> bytes:
    names = (
        "a.txt",
        "d/b.html",
        "c.jsonl",
        "d.csv",
        "../e.txt",
        "x" * 300 + ".txt",
        "f.exe",
        ".txt",
    )
    makers = (txt, html, jsonl, csv, docx)
    files = {rng.choice(names): damaged(rng, rng.choice(makers)(rng)) for _ in range(3)}
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    return zipped(files, rng.choice(methods))


def docx(rng: random.Random) -> bytes:
    import docx as maker

    made = maker.Document()
    made.add_paragraph(sentence(rng).replace("\0", ""))
    made.add_table(1, 2).rows[0].cells[0].text = "in a table"
    out = io.BytesIO()
    made.save(out)
    with zipfile.ZipFile(out) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    if rng.random() < 0.5:
        return zipped(files)
    # Damage below the packing, so that the reader of XML meets it.
    name = rng.choice(sorted(files))
    return zipped({**files, name: damaged(rng, files[name])})


def pdf(rng: random.Random) -> bytes:
    stream = f"BT /F1 12 Tf 72 720 Td ({sentence(rng)}) Tj ET".encode("latin-1", "replace")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + (
        b"xref\n0 6\n0000000000 65535 f \n" + table
        + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(out)
    )  # fmt: skip


def parquet(rng: random.Random) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    day = rng.choice(
        (dt.date(2024, 5, 15), dt.datetime(2024, 5, 15, tzinfo=dt.UTC), "2024-05-15", 7)
    )
    columns = {
        "id": rng.choice((["a", "b"], [1, 2], [[1], [2]], [b"\xff", b"x"])),
        "text": rng.choice((["Thousands fled Goma.", "x"], [None, ""], [1, 2], [["x"], []])),
        "published": [day, None],
    }
    out = io.BytesIO()
    pq.write_table(
        pa.table(columns),
        out,
        compression=rng.choice(("none", "zstd", "gzip", "snappy")),
        use_dictionary=rng.random() < 0.5,
    )
    return out.getvalue()


def toml(rng: random.Random) -> bytes:
    values = (
        "2024-05-15", "2024-05-15T10:00:00Z", "10:00:00", "0001-01-01T00:00:00", "7",
        '"2024-05-15"', "inf", "[1]", "{a = 1}", '"\\ud83d"', "[" * 5_000, "''",
        "9999-12-31T23:59:59-12:00",
    )  # fmt: skip
    names = ("published", "title", "source", "url", "id", "text")
    return "\n".join(
        f"{rng.choice(names)} = {rng.choice(values)}" for _ in range(rng.randrange(4))
    ).encode()


def feed(rng: random.Random) -> bytes:
    day = rng.choice(("Tue, 05 Mar 2024 10:00:00 GMT", "0001-01-01T00:00:00Z", "x", "9999-12-31"))
    links = (
        "/one",
        "http://[::1",
        "file:///etc/hostname",
        "javascript:1",
        "",
        "//x",
        "http://a b/",
    )
    items = "".join(
        f"<item><title>{sentence(rng)}</title><link>{rng.choice(links)}</link>"
        f"<pubDate>{day}</pubDate><description>{html(rng).decode('utf-8', 'replace')}</description>"
        "</item>"
        for _ in range(rng.randrange(4))
    )
    if rng.random() < 0.1:
        return rng.choice((b"", b"/etc/hostname", b"<rss", b"http://127.0.0.1/"))
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()


def flows(rng: random.Random) -> bytes:
    figures = ("5",) * 30 + ("1e30", "inf", "nan", "-1", "", "many", "5.0", "9" * 400)
    years = ("2020",) * 30 + ("2020.0", "1e400", "0", "x", "", "10000", "2021")
    codes = ("SYR", "SYR", "XXX", "", "²")
    lines = [
        f"{rng.choice(years)},{rng.choice(codes)},TUR,{rng.choice(figures)}"
        for _ in range(rng.randrange(6))
    ]
    return "\n".join(["year,coo_iso,coa_iso,refugees", *lines]).encode()


def flows_gz(rng: random.Random) -> bytes:
    return gzip.compress(damaged(rng, flows(rng)), mtime=0)


def corpus(rng: random.Random) -> bytes:
    odd = (0, 8, -1, "x", None, 10**30, 1.5)
    mark = {"start": 15, "end": rng.choice((19, *odd)), "lat": rng.choice((1.5, None, "x"))}
    return "\n".join(json.dumps({**row, "toponyms": [mark]}) for row in rows(rng)).encode()


def geonames(rng: random.Random) -> bytes:
    number = rng.choice(("1",) * 9 + ("²", "x", "9" * 5_000))
    lat = rng.choice(("35.5",) * 9 + ("nan", "91", "x", "1e400"))
    people = rng.choice(("0",) * 9 + ("1e9", "²", "-1", "9" * 5_000))
    cells = [number, "Homs", "Homs", "Hims,Emesa", lat, "36.7", "P", "PPL", "SY", "", "11"]
    place = "\t".join([*cells, "", "", "", people, "", "1", "x", "2020"])
    name = f"1\t{number}\ten\tEmesa\t\t\t\t"
    return "\n".join(rng.choice((place, name)) for _ in range(rng.randrange(4))).encode()


def geonames_zip(rng: random.Random) -> bytes:
    return zipped({"SY.txt": damaged(rng, geonames(rng))}, rng.choice((0, 8, 12, 14)))


def table_csv(rng: random.Random) -> bytes:
    odd = ("nan", "inf", "", "x", "1e400", "²", "-181", "9" * 5_000, '"')
    lines = [
        ",".join(
            rng.choice((cell,) * 20 + odd) for cell in (f"Homs {n}", f"3{n}.5", "36.7", "Syria")
        )
        for n in range(rng.randrange(5))
    ]
    return "\n".join(["name,lat,lon,country", *lines]).encode()


def table_geojson(rng: random.Random) -> bytes:
    point = {
        "type": "Point",
        "coordinates": rng.choice(([36.7, 35.5], [], ["x", 1], [1e400, 0], [999, 9])),
    }
    feature = {"type": "Feature", "properties": {"name": rng.choice(ODD)}, "geometry": point}
    whole = {"type": "FeatureCollection", "features": [feature] * rng.randrange(3)}
    return json.dumps(whole).encode()


def table_gpkg(_rng: random.Random, made: list[bytes] = []) -> bytes:  # noqa: B006
    if not made:
        import geopandas as gpd
        import shapely

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "t.gpkg"
            points = [shapely.Point(36.7, 35.5)]
            gpd.GeoDataFrame({"name": ["Homs"]}, geometry=points, crs=4326).to_file(path)
            made.append(path.read_bytes())
    return made[0]


def damaged(rng: random.Random, raw: bytes) -> bytes:
    """Return bytes with some of them changed, lost, doubled or put in."""
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4, 16))):
        a = rng.randrange(len(raw) + 1)
        b = min(len(raw), a + rng.choice((1, 1, 2, 8, 64, 1_000)))
        kind = rng.randrange(6)
        if kind == 0 and a < len(raw):
            raw = raw[:a] + bytes([raw[a] ^ 1 << rng.randrange(8)]) + raw[a + 1 :]
        elif kind == 1:
            raw = raw[:a] + raw[b:]
        elif kind == 2:
            raw = raw[:b] + raw[a:b] + raw[b:]
        elif kind == 3:
            raw = raw[:a] + rng.randbytes(b - a) + raw[b:]
        elif kind == 4:
            odd = (
                b"\0",
                b"\xff",
                b"\xed\xa0\xbd",
                b"\r",
                b'"',
                b"<![",
                b"\xff\xff\xff\x7f",
                b"[" * 2_000,
            )
            raw = raw[:a] + rng.choice(odd) + raw[a:]
        elif rng.random() < 0.3:
            raw = raw[:a]
    return raw


# What reads each kind, and what must hold


def check_document(doc: Document) -> None:
    try:
        json.dumps(doc.to_dict(), ensure_ascii=False).encode()
    except Exception as error:
        raise BrokenError(f"it was read but cannot be written: {type(error).__name__}") from error


def file_reader(name: str) -> Callable[[Case], Iterator[object]]:
    return lambda raw: read_file(name, io.BytesIO(raw))  # type: ignore[arg-type]


def path_reader(name: str, read: Callable[[Path], Iterator[object]], *more: tuple[str, bytes]):
    def run(raw: Case) -> Iterator[object]:
        with tempfile.TemporaryDirectory() as folder:
            for other, content in more:
                (Path(folder) / other).write_bytes(content)
            (Path(folder) / name).write_bytes(raw)  # type: ignore[arg-type]
            yield from read(Path(folder))

    return run


def read_page(raw: Case) -> Iterator[object]:
    yield Document("page", feeds.main_text(raw, "") or "x")  # type: ignore[arg-type]


def read_feed(raw: Case) -> Iterator[object]:
    before = feeds.fetched

    def served(url: str, **_: object) -> tuple[bytes, str]:
        if url != "http://feed/":
            feeds.urlsplit(url)
        return raw, ""  # type: ignore[return-value]

    feeds.fetched = served  # type: ignore[assignment]
    try:
        yield from feeds.read_feed("http://feed/", allow_private=True)
    finally:
        feeds.fetched = before


class Parse:
    """Parses a text and checks what must hold for every result."""

    def __init__(self) -> None:
        import jsonschema

        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        self.validator = jsonschema.Draft202012Validator(schema)
        self.parser = Geoparser()

    def __call__(self, doc: Case) -> Iterator[object]:
        parsed = self.parser.parse(doc)  # type: ignore[arg-type]
        for problem in itertools.chain(broken(parsed), self.of_line(parsed)):
            raise BrokenError(problem)
        yield parsed

    def of_line(self, parsed: Parsed) -> Iterator[str]:
        line = to_line(parsed)
        try:
            told = json.dumps(line, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:
            yield "the line is no UTF-8 or holds NaN"
            return
        for error in self.validator.iter_errors(json.loads(told)):
            yield f"schema: {'/'.join(str(p) for p in error.absolute_schema_path)}"


def broken(parsed: Parsed) -> Iterator[str]:
    """Yield what does not hold of a result."""
    text = parsed.document.text
    for toponym in parsed.toponyms:
        if text[toponym.start : toponym.end] != toponym.name:
            yield "a toponym is not what the text says at its offsets"
    for one, two in itertools.pairwise(sorted(parsed.toponyms, key=lambda t: (t.start, t.end))):
        if one.end > two.start:
            yield "two toponyms overlap"
    for record in (*parsed.events, *parsed.movements):
        if any(text[e.start : e.end] != e.text for e in record.evidence) or not record.evidence:
            yield "evidence is not what the text says at its offsets"
        when = record.when
        if when and when.start and when.end and day_of(when.start) > day_of(when.end):
            yield "a time ends before it starts"
        figures = (
            (record.fatalities, record.injuries)
            if hasattr(record, "injuries")
            else (record.quantity,)
        )
        for figure in figures:
            bounds = (
                [b for b in (figure.minimum, figure.maximum) if b is not None] if figure else []
            )
            if bounds != sorted(bounds):
                yield "a figure's minimum is above its maximum"


def kinds() -> dict[str, tuple[Callable[[random.Random], Case], Callable[[], Callable]]]:
    """Return for each kind what makes an input and what makes its reader."""
    flow = lambda folder: read_unhcr_flows(next(iter(folder.glob("f.*"))), default_gazetteer())  # noqa: E731
    bytes_of = {
        "txt": txt, "html": html, "docx": docx, "pdf": pdf, "jsonl": jsonl, "csv": csv,
        "parquet": parquet, "zip": archive,
    }  # fmt: skip
    out: dict[str, tuple[Callable, Callable]] = {"parse": (text_case, Parse)}
    for kind, make in bytes_of.items():
        out[kind] = (make, lambda kind=kind: file_reader(f"a.{kind}"))
    beside = ("a.txt", b"Thousands fled Goma.")
    read = lambda folder: read_documents(str(folder))  # noqa: E731
    out["toml"] = (toml, lambda: path_reader("a.toml", read, beside))
    out["feed"] = (feed, lambda: read_feed)
    out["page"] = (html, lambda: read_page)
    out["flows"] = (flows, lambda: path_reader("f.csv", flow))
    out["flows-gz"] = (flows_gz, lambda: path_reader("f.gz", flow))
    for kind, make, name, of in (
        ("corpus", corpus, "c.jsonl", read_corpus),
        ("geonames", geonames, "g.txt", read_geonames),
        ("geonames-zip", geonames_zip, "g.zip", read_geonames),
        ("table-csv", table_csv, "t.csv", read_table),
        ("table-geojson", table_geojson, "t.geojson", read_table),
        ("table-gpkg", table_gpkg, "t.gpkg", read_table),
    ):
        out[kind] = (
            make,
            lambda name=name, of=of: path_reader(name, lambda folder: of(folder / name)),
        )
    return out


# The runs


CHUNK = 2_000  # inputs of one process
PACKED = frozenset({"docx", "zip", "flows-gz", "geonames-zip", "parquet"})


def input_of(kind: str, number: int) -> Case:
    """Return the input of this number."""
    rng = random.Random(f"{kind} {number}")
    made = kinds()[kind][0](rng)
    # What is packed is mostly damaged within, by its maker, or its reader would never come to that.
    if not isinstance(made, bytes) or (kind in PACKED and rng.random() < 0.7):
        return made
    return damaged(rng, made)


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    def late(*_: object) -> None:
        raise Slow

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def note(count: Count, told: str, number: int) -> None:
    count.failures[told] += 1
    count.first.setdefault(told, number)


def fuzz(
    kind: str,
    inputs: int,
    *,
    start: int = 0,
    seconds: float = 1e9,
    slow: float = 20.0,
    at: Callable[[int], None] = lambda _: None,
) -> Count:
    """Read that many inputs of a kind, beginning with number `start`; `at` is told each."""
    count, until = Count(), time.monotonic() + seconds
    run = kinds()[kind][1]()
    for number in range(start, start + inputs):
        if time.monotonic() > until:
            break
        at(number)
        case = input_of(kind, number)
        count.inputs += 1
        since = time.monotonic()
        try:
            with limited(slow):
                for found in run(case):
                    take(count, kind, found, number)
        except GeomapError as error:
            take(count, kind, error, number)
        except Slow:
            note(count, f"slower than {slow:g} s", number)
        except BrokenError as error:
            note(count, str(error), number)
        except Exception as error:  # noqa: BLE001
            note(count, f"escaped: {told(error)}", number)
        took = time.monotonic() - since
        count.seconds += took
        count.slowest = max(count.slowest, (took, number))
    count.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return count


def apart(kind: str, inputs: int, *, start: int, seconds: float, slow: float) -> Count:
    """Do the same in processes of their own: a library may end the one that it runs in."""
    context = multiprocessing.get_context("fork")
    count, until, number = Count(), time.monotonic() + seconds, start
    while number < start + inputs and time.monotonic() < until:
        here, there = context.Pipe(duplex=False)
        at = context.Value("q", number)
        some = min(CHUNK, start + inputs - number)
        left = until - time.monotonic()

        def run(n: int = number, some: int = some, left: float = left, at=at, there=there) -> None:
            told = lambda now: setattr(at, "value", now)  # noqa: E731
            there.send(fuzz(kind, some, start=n, seconds=left, slow=slow, at=told))

        child = context.Process(target=run)
        child.start()
        there.close()
        try:
            count.add(here.recv())
            number += some
        except EOFError:
            child.join()
            note(count, f"the process ended ({child.exitcode})", at.value)
            count.inputs += at.value - number + 1
            number = at.value + 1
        child.join()
    return count


def told(error: BaseException) -> str:
    """Return kind and place of an error."""
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    place = f" at {Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at else ""
    return f"{type(error).__name__}{place}"


def take(count: Count, kind: str, found: object, number: int) -> None:
    """Count one result of a reader."""
    if isinstance(found, GeomapError):
        count.refused += 1
        cause = found.__cause__
        if cause is not None and not isinstance(cause, GeomapError):
            count.boundary[told(cause)] += 1
            # A file may be damaged; a text is a text, so that the boundary hides a fault there.
            if kind == "parse":
                note(count, f"refused: {told(cause)}", number)
    else:
        count.read += 1
        if isinstance(found, Document):
            check_document(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kind", action="append", choices=sorted(kinds()), default=[])
    parser.add_argument("--inputs", type=int, default=500, help="of each kind")
    parser.add_argument("--seconds", type=float, default=1e9, help="at most, for each kind")
    parser.add_argument("--start", type=int, default=0, help="number of the first input")
    parser.add_argument("--slow", type=float, default=20.0, help="seconds that an input may take")
    parser.add_argument("--keep", type=Path, help="folder for the first input of each failure")
    options = parser.parse_args()
    bad = total = peak = 0
    print(f"{'kind':14}{'inputs':>8}{'read':>8}{'refused':>9}{'caught':>8}{'failures':>9}"
          f"{'slowest s':>11}{'s':>8}")  # fmt: skip
    for kind in options.kind or kinds():
        count = apart(
            kind, options.inputs, start=options.start, seconds=options.seconds, slow=options.slow
        )
        total += count.inputs
        peak = max(peak, count.peak)
        failures = sum(count.failures.values())
        bad += failures
        print(f"{kind:14}{count.inputs:8}{count.read:8}{count.refused:9}"
              f"{sum(count.boundary.values()):8}{failures:9}{count.slowest[0]:11.2f}"
              f"{count.seconds:8.0f}", flush=True)  # fmt: skip
        for what, times in count.failures.most_common():
            print(f"    {times:6} {what}; the first is --kind {kind} --start {count.first[what]}")
        keep(options.keep, kind, options.start, count)
    print(f"{total:,} inputs, {bad:,} failures, {peak} MB at most")
    return int(bad > 0)


def keep(folder: Path | None, kind: str, start: int, count: Count) -> None:
    """Write down the first input of each failure, or the one that was asked for."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for number in count.first.values() or ([start] if count.inputs == 1 else []):
        made = input_of(kind, number)
        raw = made if isinstance(made, bytes) else json.dumps(made.to_dict()).encode()
        (folder / f"{kind}-{number}").write_bytes(raw)


if __name__ == "__main__":
    sys.exit(main())
