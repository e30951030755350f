"""How the time of reading grows with a text that was made to be slow.

    python benchmarks/growth.py [--whole] [--sizes 50,100,200]

For each text and stage: CPU seconds at each size (kB) and the exponent between the first and the
last: 1 is linear. `--whole` also times the whole parse.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import time
from collections.abc import Callable

from geomap.gazetteer import Gazetteer
from geomap.geoparser import Geoparser
from geomap.model import Document, read_date
from geomap.quantities import find_figures
from geomap.text.segment import sentences, tokens
from geomap.times import find_times

MOST = 1.15
ROUND_S = 8.0  # seconds for which a stage is measured again
_DAY = read_date("2024-05-15")
_NEWS = (
    "Shelling hit the town of Bakhmut on Monday, killing 12 people and injuring 30, officials"
    " said. More than 2,900 people fled Goma for Bukavu in March 2023. The mayor spoke of peace."
    " Rain fell. "
)


def texts(gaz: Gazetteer) -> dict[str, Callable[[int], str]]:
    """Return the makers of texts by name; each gives a text of about so many code points."""
    dice = random.Random(5)
    rows = dice.sample(range(len(gaz)), 20_000)
    names = [gaz.place_at(row).name for row in rows]

    def repeated(unit: str) -> Callable[[int], str]:
        return lambda size: unit * (size // len(unit) + 1)

    def distinct(pattern: str) -> Callable[[int], str]:
        def make(size: int) -> str:
            out, length = [], 0
            for n, name in enumerate(itertools.cycle(names)):
                out.append(pattern.format(name=name, other=names[-n % len(names)], n=n % 28 + 1))
                length += len(out[-1])
                if length >= size:
                    return "".join(out)
            return ""

        return make

    return {
        "ordinary news": repeated(_NEWS),
        "people fled from here to there": repeated("1234 people fled Goma for Kabul, "),
        "people fled": repeated("1234 people fled, "),
        "fled from A and B and": repeated("fled from Goma and Kabul and "),
        "distinct places": distinct("{name}, "),
        "distinct events": distinct("On {n} May 2020 shelling hit {name} near {other}. "),
        "triggers": repeated("attack bombing riot shelling killed and "),
        "dots": repeated("."),
        "contents line": lambda size: "Chapter " + "." * size + " 5",
        "blanks": lambda size: "word" + " " * size + "word",
        "list of figures": repeated("Goma 1000 people fled, "),
        "brackets": repeated("("),
        "one long word": repeated("A"),
        "digits": repeated("7"),
        "groups of digits": repeated("123,456,"),
        "figures and blanks": repeated("123 "),
        "number words": repeated("hundred and "),
        "years": repeated("in 2020 "),
        "days": repeated("on 5 May 2020, "),
        "weekdays": repeated("on Monday and "),
        "hyphens": repeated("a-"),
        "the": repeated("the "),
        "line breaks": repeated("\n \n"),
        "capital letters": repeated("U.S."),
        "possessives": repeated("Goma's "),
        "native script": repeated("غزة "),
        "quotes": repeated('."'),
        "per cent of": repeated("nearly 30 per cent of the total population of "),
    }


def stages(parser: Geoparser, *, whole: bool) -> dict[str, Callable[[str], object]]:
    """Return the stages of reading by name."""

    def in_sentences(text: str, read: Callable[[str, int, int], object]) -> None:
        for span in sentences(text):
            read(text, span.start, span.end)

    out: dict[str, Callable[[str], object]] = {
        "segmentation": lambda text: in_sentences(text, lambda t, a, b: list(tokens(t, a, b))),
        "quantities": lambda text: in_sentences(text, find_figures),
        "times": lambda text: in_sentences(text, lambda t, a, b: find_times(t, a, b, _DAY)),
        "toponyms": lambda text: parser.toponyms(Document("text", text)),
    }
    if whole:
        out["whole parse"] = lambda text: parser.parse(text, published="2024-05-15")
    return out


def cpu_s(stage: Callable[[str], object], made: list[str]) -> list[float]:
    """Return the CPU seconds of a stage for texts of several sizes, the best of some rounds.

    What else the machine does only ever adds to a run, so the least is the nearest to the truth;
    the sizes take turns, for its speed drifts.
    """
    best, begun = [math.inf] * len(made), time.process_time()
    for _ in range(15):
        for n, text in enumerate(made):
            start = time.process_time()
            stage(text)
            best[n] = min(best[n], time.process_time() - start)
        if time.process_time() - begun > ROUND_S:
            break
    return best


def main() -> None:
    """Print the table; exit with 1 when something grows too fast."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--whole", action="store_true")
    arguments.add_argument("--sizes", default="50,100,200")
    arguments.add_argument("--only", default="")
    options = arguments.parse_args()
    sizes = [1000 * int(kb) for kb in options.sizes.split(",")]
    parser = Geoparser()
    parser.parse(_NEWS)
    worst = 0.0
    for name, make in texts(parser.gazetteer).items():
        if options.only not in name:
            continue
        for stage, run in stages(parser, whole=options.whole).items():
            took = cpu_s(run, [make(size) for size in sizes])
            growth = math.log(took[-1] / took[0]) / math.log(sizes[-1] / sizes[0])
            # Below a hundredth of a second the clock decides.
            counts = took[-1] >= 0.01
            worst = max(worst, growth if counts and stage != "whole parse" else 0)
            mark = " TOO FAST" if counts and growth > MOST else ""
            seconds = " ".join(f"{s:8.3f}" for s in took)
            print(f"{name:32} {stage:14} {seconds}  {growth:5.2f}{mark}", flush=True)
    print(f"greatest exponent of a stage: {worst:.2f} (at most {MOST})")
    raise SystemExit(worst > MOST)


if __name__ == "__main__":
    main()
