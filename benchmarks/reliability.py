"""What becomes of a case when the power, the disk or a bit goes: campaigns with printed figures.

python benchmarks/reliability.py [CAMPAIGN ...] [--times N] [--seed N]

Campaigns: kill-add, kill-parse, kill-build, full, writers, flips, rot. Without a name all of them
run with the counts that docs/reliability.md reports. The full disk is a small tmpfs where this
process may mount one, else a bound on the size of files.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from geomap.case import Case, store
from geomap.case.checked import Level
from geomap.errors import CaseError, CaseLockedError, DocumentError, GeomapError
from geomap.export import write_geojson
from geomap.geoparser import Geoparser
from geomap.integrity import SEEN
from geomap.model import Document, Quantifier, Quantity, Unit

TOWNS = ["Tripoli", "Aleppo", "Homs", "Kharkiv", "Goris", "Goma", "Khartoum"]
DAY = dt.date(2024, 3, 1)
# How an outcome begins that must not be.
WRONG = (
    "SILENT",
    "TRACEBACK",
    "LOST",
    "HALF WRITTEN",
    "LOCKED OUT",
    "READER REFUSED",
    "DIFFERS",
    "full, said as",
)


def documents(count: int) -> list[Document]:
    """Return made-up news, of which two tell of each strike."""
    return [
        Document(
            f"t{n}",
            f"Shelling near {TOWNS[n // 2 % 7]} killed {n // 2 % 9 + 2} people on Monday. About"
            f" {n + 1}00 people fled {TOWNS[n % 7]} for {TOWNS[(n + 3) % 7]}, report number {n}"
            " said.",
            f"Report {n}",
            "wire",
            published=DAY + dt.timedelta(days=n % 2),
        )
        for n in range(count)
    ]


def sample(path: Path, parser: Geoparser, count: int = 12) -> None:
    """Make a case that holds one of everything: copies, joint events, failures, corrections."""
    with Case.create(path, title="A case", geoparser=parser) as case:
        case.add([*documents(count), DocumentError("bad.txt", "it is no text")])
        case.add(Document("again", documents(1)[0].text, "Another headline", "other wire"))
        movements = [m for m in case.movements() if m.quantity is not None]
        case.set(
            movements[0].id, quantity=Quantity(321, 321, 321, Quantifier.EXACT, Unit.PERSON, "321")
        )
        case.reject(movements[-1].id)
        entry = case.documents()[0].key
        name = case.parsed(entry).toponyms[0]
        case.reassign(name.place, doc=entry, start=name.start, end=name.end, scope="case")


def is_wrong(came: str) -> bool:
    """Tell whether an outcome is one that must not be."""
    return came.removeprefix("read: ").removeprefix("write: ").startswith(WRONG)


# What a case tells, view by view


def views(case: Case, keys: Sequence[str]) -> dict[str, Callable[[], Any]]:
    """Return everything that is told of a case, each by its name as something to call."""
    return {
        "title": lambda: case.title,
        "documents": case.documents,
        "failures": case.failures,
        **{f"document {k}": lambda k=k: case.parsed(k).to_dict() for k in keys},
        **{f"citations {k}": lambda k=k: case.citations(k) for k in keys},
        "events": lambda: [e.to_dict() for e in case.events()],
        "movements": lambda: [m.to_dict() for m in case.movements()],
        "names": case.names,
        "series": case.series,
        "totals": lambda: [t.explain() for t in case.totals(by=("origin", "destination"))],
        "corrections": lambda: [c.to_dict() for c in case.corrections()],
        "unmatched": lambda: [c.to_dict() for c in case.unmatched()],
        "layers": lambda: {name: _rows(frame) for name, frame in case.frames().items()},
    }


def _rows(frame: Any) -> list[tuple[str, ...]]:
    shapes = frame.geometry.to_wkt().tolist()
    values = frame.drop(columns=frame.geometry.name).astype(str).to_numpy().tolist()
    return [(str(shape), *row) for shape, row in zip(shapes, values, strict=True)]


def told(path: Path, parser: Geoparser) -> tuple[list[str], dict[str, Any]]:
    """Return the keys of a whole case and what each view tells."""
    with Case.open(path, readonly=True, geoparser=parser) as case:
        keys = [entry.key for entry in case.documents()]
        return keys, {name: view() for name, view in views(case, keys).items()}


def exported(path: Path, parser: Geoparser, folder: Path) -> dict[str, bytes]:
    """Return the files of an export by name."""
    with Case.open(path, readonly=True, geoparser=parser) as case:
        return {p.name: p.read_bytes() for p in write_geojson(case.frames(), folder)}


def outcome(
    path: Path, parser: Geoparser, clean: tuple[list[str], dict[str, Any]], *, readonly: bool
) -> str:
    """Open a damaged case and compare all it tells with what is right.

    Returns `right`, `told` (an error in clear words, at once or at some view), or what is wrong:
    `SILENT view` and `TRACEBACK error`.
    """
    keys, right = clean
    errors = 0
    try:
        with Case.open(path, readonly=readonly, geoparser=parser) as case:
            for name, view in views(case, keys).items():
                try:
                    if view() != right[name]:
                        return f"SILENT {name}"
                except GeomapError:
                    errors += 1
    except GeomapError:
        return "told"
    except Exception as error:  # noqa: BLE001 - the campaign is there to find them
        return f"TRACEBACK {type(error).__name__}: {error}"
    return "told" if errors else "right"


# Campaigns: each returns how often what came about


def flips(times: int, seed: int, parser: Geoparser, *, known: bool = False) -> Counter[str]:
    """Flip one random bit of a case, so many times, and read everything from it.

    First for reading only, then for writing. With `known` the file's times say that it was whole
    when last looked at, as when a disk rots.
    """
    pick, found = random.Random(seed), Counter[str]()
    level = mock.patch.object(store, "level_of", return_value=Level.ROWS)
    with tempfile.TemporaryDirectory() as folder, level if known else contextlib.nullcontext():
        path = Path(folder) / "whole.gpkg"
        sample(path, parser)
        clean, whole = told(path, parser), path.read_bytes()
        for number in range(times):
            broken = bytearray(whole)
            at = pick.randrange(len(whole))
            broken[at] ^= 1 << pick.randrange(8)
            bad = Path(folder) / f"flip{number}.gpkg"
            for readonly in (True, False):
                bad.write_bytes(broken)
                came = outcome(bad, parser, clean, readonly=readonly)
                found[f"{'read' if readonly else 'write'}: {came}"] += 1
                if came.split()[0] in {"SILENT", "TRACEBACK"}:
                    sys.stderr.write(f"byte {at} {came}\n")
            for rest in Path(folder).glob(f"{bad.name}*"):
                rest.unlink()
    return found


ADDING = """
import json, sys, time
from geomap.case import Case
from geomap.errors import CaseLockedError
from geomap.model import Document
docs = [Document.from_dict(json.loads(line)) for line in open(sys.argv[2], encoding="utf-8")]
size = int(sys.argv[3])
from geomap.geoparser import Geoparser
parser = Geoparser()
parser.parse(docs[0])
print("go", flush=True)
for start in range(0, len(docs), size):
    while True:
        try:
            with Case.open(sys.argv[1], geoparser=parser) as case:
                case.add(docs[start:start + size])
                print(case.info()["documents"], flush=True)
            break
        except CaseLockedError:
            time.sleep(0.05)
"""


def _adding(case: Path, docs: Path, size: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ADDING, str(case), str(docs), str(size)],
        stdout=subprocess.PIPE,
        text=True,
    )


def _written(path: Path, docs: Sequence[Document]) -> Path:
    path.write_text("".join(json.dumps(d.to_dict()) + "\n" for d in docs), encoding="utf-8")
    return path


def kill_add(times: int, seed: int, parser: Geoparser, *, count: int = 40) -> Counter[str]:
    """Kill the adding of documents at a random moment; look at what is there; add again."""
    pick, found = random.Random(seed), Counter[str]()
    docs = documents(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = _written(folder / "docs.jsonl", docs)
        _full_case(folder / "whole.gpkg", docs, parser)
        wanted = exported(folder / "whole.gpkg", parser, folder / "wanted")
        took = 0.0
        for number in range(-1, times):
            path = folder / f"case{number}.gpkg"
            Case.create(path).close()
            process = _adding(path, texts, 5)
            process.stdout.readline()  # type: ignore[union-attr] - it reads from here on
            start = time.monotonic()
            if number < 0:  # the first one only tells how long it takes
                process.communicate()
                took = time.monotonic() - start
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(pick.random() * took)
            ended = process.poll() is not None
            process.send_signal(signal.SIGKILL)
            lines = process.stdout.read().split()  # type: ignore[union-attr]
            process.wait()
            found["killed in between" if not ended else "had ended"] += 1
            problem = _after(path, docs, int(lines[-1]) if lines else 0, parser)
            if not problem and exported(path, parser, folder / f"out{number}") != wanted:
                problem = "LOST: the export differs after a rerun"
            found[problem or "opens, whole documents, a rerun gives the same bytes"] += 1
            for rest in folder.glob(f"case{number}.gpkg*"):
                rest.unlink()
            shutil.rmtree(folder / f"out{number}", ignore_errors=True)
    return found


def _full_case(path: Path, docs: Sequence[Document], parser: Geoparser) -> None:
    with Case.create(path, geoparser=parser) as case:
        case.add(docs)


def _after(path: Path, docs: Sequence[Document], saved: int, parser: Geoparser) -> str:
    """Open a case after a crash for reading, then for writing, and add what is missing."""
    texts = {d.text for d in docs}
    try:
        with Case.open(path, readonly=True, geoparser=parser) as case:
            case.frames()
        with Case.open(path, geoparser=parser) as case:
            held = case.documents()
            if len(held) < saved:
                return f"LOST: {len(held)} documents of {saved} that were reported as saved"
            if any(case.parsed(entry.key).document.text not in texts for entry in held):
                return "HALF WRITTEN: a text is none of those that were added"
            case.add(docs)
    except GeomapError as error:
        return f"LOCKED OUT: {error}"
    return ""


def kill_parse(times: int, seed: int, parser: Geoparser) -> Counter[str]:
    """Kill `geomap parse -o` at a random moment: the file is whole or not there."""
    del parser
    pick, found = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = _written(folder / "docs.jsonl", documents(200))
        command = [sys.executable, "-m", "geomap", "parse", str(texts), "-o"]
        start = time.monotonic()
        subprocess.run([*command, str(folder / "whole.jsonl")], check=True, capture_output=True)
        took, whole = time.monotonic() - start, (folder / "whole.jsonl").read_bytes()
        for number in range(times):
            out = folder / f"out{number}.jsonl"
            process = subprocess.Popen(
                [*command, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait((0.3 + 0.7 * pick.random()) * took)
            found["had ended" if process.poll() is not None else "killed in between"] += 1
            process.kill()
            process.wait()
            if out.exists() and out.read_bytes() != whole:
                found["HALF WRITTEN"] += 1
                continue
            subprocess.run([*command, str(out)], check=True, capture_output=True)
            same = out.read_bytes() == whole
            found["whole or absent, a rerun gives the same bytes" if same else "DIFFERS"] += 1
    return found


def full(times: int, seed: int, parser: Geoparser, *, count: int = 40) -> Counter[str]:
    """Let the disk be full at a random size, give it room, and go on."""
    pick, found = random.Random(seed), Counter[str]()
    docs = documents(count)
    with tempfile.TemporaryDirectory() as name, _cache(Path(name) / "cache"):
        folder = Path(name)
        _full_case(folder / "whole.gpkg", docs, parser)
        wanted = exported(folder / "whole.gpkg", parser, folder / "wanted")
        size = (folder / "whole.gpkg").stat().st_size
        for number in range(times):
            disk = folder / f"disk{number}"
            disk.mkdir()
            with _small(disk, pick.randrange(size // 4, 3 * size) // 1024) as grow:
                path = disk / "case.gpkg"
                saved = _until_full(path, docs, parser, found)
                grow()
                if not path.exists():
                    found["no room to make it; nothing half"] += not any(disk.iterdir())
                    continue
                problem = _after(path, docs, saved, parser)
                if not problem and exported(path, parser, folder / f"out{number}") != wanted:
                    problem = "LOST: the export differs"
                found[problem or "opens, goes on, the same bytes"] += 1
    return found


def _until_full(
    path: Path, docs: Sequence[Document], parser: Geoparser, found: Counter[str]
) -> int:
    """Add until the disk is full and return how many documents were reported as saved."""
    saved = 0
    try:
        Case.create(path, geoparser=parser).close()
        for start in range(0, len(docs), 4):
            with Case.open(path, geoparser=parser) as case:
                case.add(docs[start : start + 4])
                saved = case.info()["documents"]
    except CaseError as error:
        clear = "free space" in str(error) or "cannot be made" in str(error)
        found["full, said clearly" if clear else f"full, said as: {str(error)[:90]}"] += 1
    except Exception as error:  # noqa: BLE001 - the campaign is there to find them
        found[f"TRACEBACK {type(error).__name__}: {error}"] += 1
    else:
        found["had room"] += 1
    return saved


@contextlib.contextmanager
def _small(disk: Path, kilobytes: int) -> Iterator[Callable[[], None]]:
    """Make `disk` small, and give what makes it large again."""
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
    if (
        os.geteuid() == 0
        and subprocess.run(mounted, capture_output=True, check=False).returncode == 0
    ):
        grow = ["mount", "-o", "remount,size=256m", str(disk)]
        try:
            yield lambda: subprocess.run(grow, check=True, capture_output=True) and None
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True, capture_output=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, hard))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


@contextlib.contextmanager
def _cache(folder: Path) -> Iterator[None]:
    """Keep notes of files that were looked through apart; the gazetteer's index is made already."""
    with mock.patch("geomap.case.checked._folder", return_value=folder):
        yield


def writers(times: int, seed: int, parser: Geoparser, *, count: int = 24) -> Counter[str]:
    """Let two processes add at once while this one reads."""
    del seed
    found = Counter[str]()
    docs = documents(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _full_case(folder / "whole.gpkg", docs, parser)
        wanted = exported(folder / "whole.gpkg", parser, folder / "wanted")
        halves = [_written(folder / f"half{n}.jsonl", docs[n::2]) for n in (0, 1)]
        for number in range(times):
            path = folder / f"case{number}.gpkg"
            Case.create(path).close()
            running = [_adding(path, half, 3) for half in halves]
            while any(process.poll() is None for process in running):
                try:
                    with Case.open(path, readonly=True, geoparser=parser) as case:
                        case.frames(), case.documents()
                    found["read meanwhile"] += 1
                except CaseLockedError:
                    found["reader told to wait"] += 1
                except GeomapError as error:
                    found[f"READER REFUSED: {str(error)[:120]}"] += 1
                time.sleep(0.05)
            for process in running:
                process.communicate()
            failed = [p.returncode for p in running if p.returncode]
            same = exported(path, parser, folder / f"out{number}") == wanted
            found[
                "both ended, nothing lost, the same bytes"
                if same and not failed
                else f"LOST: exits {failed}, same export {same}"
            ] += 1
    return found


def kill_build(times: int, seed: int, parser: Geoparser) -> Counter[str]:
    """Kill `geomap gazetteer build` over an older index: that one or the new one is there, whole.

    A rerun goes on and gives the same bytes as a build that nobody killed.
    """
    del parser
    pick, found = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dump = folder / "XX.txt"
        dump.write_text("".join(_dump_line(n) for n in range(60_000)), encoding="utf-8")
        first = folder / "few.txt"
        first.write_text(_dump_line(0), encoding="utf-8")
        command = [sys.executable, "-m", "geomap", "gazetteer", "build"]
        start = time.monotonic()
        _run([*command, str(dump), "-o", str(folder / "whole")])
        took, whole = time.monotonic() - start, _bytes_of(folder / "whole")
        _run([*command, str(first), "-o", str(folder / "old")])
        old = _bytes_of(folder / "old")
        for _ in range(times):
            process = subprocess.Popen(
                [*command, str(dump), "-o", str(folder / "old")],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait((0.1 + 0.6 * pick.random()) * took)
            found["had ended" if process.poll() is not None else "killed in between"] += 1
            process.kill()
            process.wait()
            there = _bytes_of(folder / "old")
            if there not in ({}, old, whole):
                found["HALF WRITTEN"] += 1
            _run([*command, str(dump), "-o", str(folder / "old")])
            same = _bytes_of(folder / "old") == whole
            found["the old or the new, a rerun gives the same bytes" if same else "DIFFERS"] += 1
            _run([*command, str(first), "-o", str(folder / "old")])
    return found


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _dump_line(n: int) -> str:
    cells = [str(9_000_000 + n), f"Testa {n}", f"Testa {n}", f"Ain Testa {n}"]
    cells += [f"{n % 170 - 85}.5", f"{n % 350 - 175}.5", "P", "PPL", "SY", "", "09"]
    return "\t".join([*cells, "", "", "", "100", "", "", "Asia/Damascus", "2024-01-01"]) + "\n"


def _bytes_of(folder: Path) -> dict[str, bytes]:
    """Return what an index holds but for the note of when it was last looked at."""
    return {p.name: p.read_bytes() for p in folder.glob("*") if p.name != SEEN}


CAMPAIGNS: dict[str, tuple[int, Callable[[int, int, Geoparser], Counter[str]]]] = {
    "kill-add": (200, kill_add),
    "kill-parse": (20, kill_parse),
    "kill-build": (50, kill_build),
    "full": (50, full),
    "writers": (5, writers),
    "flips": (500, flips),
    "rot": (500, lambda times, seed, parser: flips(times, seed, parser, known=True)),
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("campaign", nargs="*", choices=[[], *CAMPAIGNS])
    options.add_argument("--times", type=int, help="instead of each campaign's own count")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    parser = Geoparser()
    parser.parse(documents(1)[0])
    wrong = 0
    for name in given.campaign or CAMPAIGNS:
        times, run = CAMPAIGNS[name]
        start = time.monotonic()
        found = run(given.times or times, given.seed, parser)
        print(f"{name}: {given.times or times} times, {time.monotonic() - start:.0f} s")
        for came, count in sorted(found.items(), key=lambda item: (-item[1], item[0])):
            print(f"  {count:6,}  {came}")
            wrong += count if is_wrong(came) else 0
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
