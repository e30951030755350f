"""How the time of adding grows with the number of copies of one story in a case.

    python benchmarks/copies.py [--sizes 250,500,1000,2000]

Each document is added as one that is read already and tells nothing, so that only what a case does
to find copies is measured: CPU seconds at each size and the exponent between the first and the
last, of which 1 is linear.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from geomap.case import Case
from geomap.geoparser import Geoparser
from geomap.model import Document, Parsed

MOST = 1.15
_DICE = random.Random(7)
_WORDS = ["".join(_DICE.choices("abcdefghijklmnop", k=7)) for _ in range(4000)]


def _body(dice: random.Random, words: int = 150) -> str:
    return " ".join(dice.choices(_WORDS, k=words))


def one_story(count: int) -> Iterator[Document]:
    """Yield copies that differ in one word."""
    body = _body(random.Random(1))
    for n in range(count):
        yield Document(str(n), f"{body} {_WORDS[n % 4000]}")


def longer_and_longer(count: int) -> Iterator[Document]:
    """Yield copies of which each is longer than all before, so that each would count for all."""
    # From 400 to 600 words whatever their number, so that the text alone does not grow with it.
    words, step = _body(random.Random(2), 600).split(), max(1, count // 200)
    for n in range(count):
        yield Document(str(n), " ".join(words[: 400 + n // step]) + " und" * (n % step))


def older_and_older(count: int) -> Iterator[Document]:
    """Yield copies of which each was published before all others."""
    body, day = _body(random.Random(3)), dt.date(2024, 1, 1)
    for n in range(count):
        yield Document(str(n), f"{body} {_WORDS[n]}", published=day - dt.timedelta(days=n))


def form_letter(count: int) -> Iterator[Document]:
    """Yield reports with other figures in the same words."""
    body = _body(random.Random(4))
    for n in range(count):
        yield Document(str(n), f"{body} {n} {n * 7} {n * 11} came")


def one_text(count: int) -> Iterator[Document]:
    """Yield one text under as many names."""
    body = _body(random.Random(5))
    for n in range(count):
        yield Document(f"{n:06}", body)


def different(count: int) -> Iterator[Document]:
    """Yield texts that have nothing in common."""
    for n in range(count):
        yield Document(str(n), _body(random.Random(100 + n)))


TEXTS: dict[str, Callable[[int], Iterator[Document]]] = {
    made.__name__: made
    for made in (different, one_story, longer_and_longer, older_and_older, form_letter, one_text)
}


def cpu_s(docs: list[Document], parser: Geoparser) -> tuple[float, int]:
    """Return the CPU seconds of adding documents, and how many stories the case has of them."""
    parsed = [Parsed(doc, (), (), ()) for doc in docs]
    with (
        tempfile.TemporaryDirectory() as folder,
        Case.create(Path(folder) / "case.gpkg", geoparser=parser) as case,
    ):
        begun = time.process_time()
        case.add_many_parsed(parsed)
        return time.process_time() - begun, int(str(case.info()["stories"]))


def main() -> None:
    """Print the table; exit with 1 when something grows too fast."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", default="250,500,1000,2000")
    arguments.add_argument("--only", default="")
    options = arguments.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    parser, worst = Geoparser(), 0.0
    for name, make in TEXTS.items():
        if options.only not in name:
            continue
        told = [cpu_s(list(make(size)), parser) for size in sizes]
        growth = math.log(told[-1][0] / told[0][0]) / math.log(sizes[-1] / sizes[0])
        worst = max(worst, growth)
        seconds = " ".join(f"{s:8.2f}" for s, _ in told)
        print(f"{name:20} {seconds}  {growth:5.2f}  {told[-1][1]} stories", flush=True)
    print(f"greatest exponent: {worst:.2f} (at most {MOST})")
    raise SystemExit(worst > MOST)


if __name__ == "__main__":
    main()
