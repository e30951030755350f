"""The case against the bare parser: speed of adding, opening, totals, memory.

And how well copies of a story are told from updates.

python benchmarks/case.py [--documents 10000] [--flows unhcr_flows.csv.gz] [--corpus lgl.jsonl]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from geomap.case import Case
from geomap.case.duplicates import bands, same_story
from geomap.case.tables import read_unhcr_flows
from geomap.geoparser import Geoparser
from geomap.model import Document

TOWNS = (
    "Goris Stepanakert Kharkiv Kherson Mariupol Bakhmut Aleppo Idlib Homs Raqqa Mosul Kirkuk Gaza"
    " Rafah Goma Bukavu Khartoum Nyala Kabul Kunduz Herat Sanaa Aden Mekelle Gondar Maiduguri Kano"
    " Bamako Gao Timbuktu".split()
)
LANDS = (
    "Armenia Ukraine Syria Iraq Egypt Turkey Poland Chad Rwanda Uganda Pakistan Iran Yemen Ethiopia"
    " Nigeria Niger Mali Sudan Lebanon Jordan".split()
)
TELLERS = [
    "the governor's office",
    "the United Nations refugee agency",
    "local officials",
    "aid workers",
    "the interior ministry",
]
SENTENCES = [
    "Shelling hit the centre of {town} on {day}, killing {few} people, {teller} said.",
    (
        "About {many:,} people have fled {town} for {land} since the fighting began, according to"
        " {teller}."
    ),
    "A total of {many:,} people had crossed from {town} into {land} by {day}.",
    "Protesters marched through {town} on {day} to demand an end to the blockade.",
    "Talks between delegations from {land} and {other} ended in {town2} without an agreement.",
    "An air strike near {town2} wounded {few} civilians late on {day}.",
    (
        "Hospitals in {town} were short of fuel and medicine, {teller} said, and schools stayed"
        " shut for a third week."
    ),
    "In {town2}, families queued for bread while the army of {land} closed the road to {town}.",
    "{teller} warned that up to {many:,} people could leave {town2} if the road is not opened.",
    (
        "Residents returned to {town2} in small numbers after the ceasefire, carrying what was left"
        " of their belongings."
    ),
]


def story(number: int) -> Document:
    """Return one made-up article; numbers near each other tell of different towns and days."""
    pick = random.Random(number)
    day = dt.date(2023, 1, 1) + dt.timedelta(days=number % 365)
    town, town2, land, other = (
        pick.choice(TOWNS),
        pick.choice(TOWNS),
        pick.choice(LANDS),
        pick.choice(LANDS),
    )
    values = {
        "town": town,
        "town2": town2,
        "land": land,
        "other": other,
        "teller": pick.choice(TELLERS),
        "day": (day - dt.timedelta(days=1)).strftime("%A"),
        "few": pick.randint(2, 40),
        "many": pick.randint(1, 900) * 100,
    }
    lines = [line.format(**values) for line in pick.sample(SENTENCES, 8)]
    return Document(
        f"story {number}",
        " ".join(line[0].upper() + line[1:] for line in lines),
        f"{town}, {day}",
        "wire",
        f"https://news.example/{number}",
        day,
    )


def one_process(count: int, path: str) -> None:
    """Parse and add the same documents.

    So that both speeds are of one run and the memory that of the case.
    """
    parser = Geoparser()
    docs = [story(n) for n in range(count)]
    for doc in docs[:20]:
        parser.parse(doc)
    sample = docs[: max(1, count // 5)]
    start = time.process_time()
    for doc in sample:
        parser.parse(doc)
    bare = len(sample) / (time.process_time() - start)
    start = time.process_time()
    with Case.create(path, geoparser=parser) as case:
        case.add(docs)
    added = count / (time.process_time() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {"parse_per_s": bare, "add_per_s": added, "ratio": added / bare, "add_mb": memory}
        )
    )


def reading(path: str) -> None:
    """Open a case and add it up."""
    start = time.perf_counter()
    case = Case.open(path)
    opened = time.perf_counter() - start
    start = time.perf_counter()
    case.totals()
    total = time.perf_counter() - start
    start = time.perf_counter()
    case.totals(by=("origin_country", "destination_country"))
    by = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {
                "open_s": opened,
                "totals_s": total,
                "totals_by_pair_s": by,
                "read_mb": memory,
                "file_mb": Path(path).stat().st_size / 1e6,
                **{k: v for k, v in case.info().items() if isinstance(v, int)},
            }
        )
    )


def flows(table: Path) -> None:
    """Read UNHCR's flows and compare totals by year and pair with those of pandas."""
    data = pd.read_csv(table, keep_default_na=False, na_values=[""])
    data["people"] = (
        data[["refugees", "asylum_seekers", "refugee_like", "oip"]]
        .fillna(0)
        .sum(axis=1)
        .astype(int)
    )
    want = {
        (str(int(y)), a, b): int(n)
        for (y, a, b), n in data.groupby(["year", "coo_iso", "coa_iso"]).people.sum().items()
    }
    with tempfile.TemporaryDirectory() as folder, Case.create(Path(folder) / "flows.gpkg") as case:
        start = time.perf_counter()
        case.add_many_parsed(read_unhcr_flows(table, case.geoparser.gazetteer))
        took = time.perf_counter() - start
        got = {
            t.key: t.best for t in case.totals(by=("year", "origin_country", "destination_country"))
        }
        print(
            f"UNHCR flows: {case.info()['movements']:,} movements in {took:.0f} s;"
            f" {sum(got.get(k) == n for k, n in want.items()):,} of {len(want):,} totals equal"
            " those of pandas"
        )


def copies(corpus: Path | None) -> None:
    """Cut, re-head and update stories and see which are taken for copies.

    Then all pairs of a corpus.
    """
    found = updated = 0
    count = 400
    for number in range(count):
        text = story(number).text
        lines = text.split(". ")
        pick = random.Random(number)
        other = [
            f"{TOWNS[number % 30]} (Wire) - {text}",
            ". ".join(lines[:-2]),
            f"{text} Additional reporting from the capital.",
        ][number % 3]
        found += bool(set(bands(text)) & set(bands(other))) and same_story(text, other)
        digit = pick.randint(41, 99)
        updated += same_story(text, re.sub(r"\d[\d,]*", str(digit), text, count=1))
    print(
        f"copies of one story found {found} of {count}; updates taken for copies {updated} of"
        f" {count}"
    )
    if corpus is not None:
        texts = [
            json.loads(line)["text"]
            for line in corpus.read_text(encoding="utf-8").split("\n")
            if line
        ]
        start = time.process_time()
        marks: dict[int, list[int]] = {}
        pairs = set()
        for number, text in enumerate(texts):
            for mark in bands(text):
                pairs |= {(other, number) for other in marks.get(mark, [])}
                marks.setdefault(mark, []).append(number)
        same = [p for p in sorted(pairs) if same_story(texts[p[0]], texts[p[1]])]
        print(
            f"{corpus.name}: {len(texts)} texts, {len(pairs)} pairs compared, {len(same)} copies,"
            f" {time.process_time() - start:.2f} CPU s"
        )
        for a, b in same[:10]:
            print(f"   {texts[a][:70]!r} = {texts[b][:70]!r}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=10_000)
    options.add_argument("--flows", type=Path)
    options.add_argument("--corpus", type=Path)
    options.add_argument("--one", nargs=2)
    options.add_argument("--read")
    given = options.parse_args()
    if given.one:
        one_process(int(given.one[0]), given.one[1])
        return
    if given.read:
        reading(given.read)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/case.gpkg"
        for arguments in (["--one", str(given.documents), path], ["--read", path]):
            told = json.loads(
                subprocess.run(
                    [sys.executable, __file__, *arguments],
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
            )
            print(
                "  ".join(
                    f"{name} {value:,.2f}" if isinstance(value, float) else f"{name} {value:,}"
                    for name, value in told.items()
                )
            )
    copies(given.corpus)
    if given.flows:
        flows(given.flows)


if __name__ == "__main__":
    main()
