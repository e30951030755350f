"""How quickly geomap starts and reads, as ratios against named peers in the same run.

make bench
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import geomap

REPEATS = 5


def seconds(*command: str) -> float:
    """Return the best wall time of a fresh process."""
    best = float("inf")
    for _ in range(REPEATS):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        best = min(best, time.perf_counter() - begin)
    return best


def main() -> None:
    """Print the ratios."""
    python = sys.executable
    peer = seconds(python, "-c", "import geopandas")
    help_time = seconds(python, "-m", "geomap", "--help")
    print(
        f"geomap --help {help_time:.3f} s, import geopandas {peer:.3f} s, ratio"
        f" {help_time / peer:.2f} (limit 0.33)"
    )
    opened = seconds(
        python,
        "-c",
        "import time, geomap.gazetteer as g; t = time.perf_counter(); g.Gazetteer();"
        " print(time.perf_counter() - t)",
    )
    print(
        f"fresh process to an open gazetteer {opened:.3f} s, ratio to import geopandas"
        f" {opened / peer:.2f}"
    )
    text = (Path(__file__).parents[1] / "seeds" / "000_313cf4aea927ca38.txt").read_text(
        encoding="utf-8"
    )
    parser = geomap.Geoparser()
    parser.parse(text)
    for copies in (50, 200):
        begin = time.process_time()
        parser.parse("\n\n".join([text] * copies), published="2023-09-25")
        used = time.process_time() - begin
        print(
            f"whole chain on {copies} copies of the seed in one text:"
            f" {len(text) * copies / used:,.0f} code points a CPU second"
        )


if __name__ == "__main__":
    main()
