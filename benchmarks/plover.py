"""How often the best event of a sentence has the annotated PLOVER type.

python benchmarks/plover.py event_type_plover.jsonl        # one sentence a line: {"id", "text",
"event"}
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import geomap
from geomap.crosswalk import event_crosswalk


def main() -> None:
    """Print the share right and the commonest confusions."""
    parser, right, confused, total = geomap.Geoparser(), 0, Counter(), 0
    for line in Path(sys.argv[1]).read_text(encoding="utf-8").split("\n"):
        if not line.strip():
            continue
        row = json.loads(line)
        wanted = row["event"].casefold()
        events = parser.parse(geomap.Document(str(row["id"]), row["text"])).events
        got = str(event_crosswalk(events[0])["plover"]).casefold() if events else "none"
        total, right = total + 1, right + (got == wanted)
        if got != wanted:
            confused[wanted, got] += 1
    print(f"PLOVER type of the best event right: {right / total:.3f} of {total}")
    for (wanted, got), number in confused.most_common(12):
        print(f"{number:4} {wanted} taken for {got}")


if __name__ == "__main__":
    main()
