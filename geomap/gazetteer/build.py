"""Build a gazetteer of a user's own: from GeoNames dumps of any size, or from a table of places.

Rows are read in chunks; a chunk is kept on disk until the index is whole, so a killed build goes on
where it stopped and memory does not grow
with the rows. The index is put in place by renames; until then the old one stays as it is.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from geomap.errors import GazetteerError, OptionError
from geomap.gazetteer.compile import (
    ALTERNATE,
    FEATURES,
    KINDS,
    NONE,
    PRIMARY,
    loose_entry,
    place_radius_km,
)
from geomap.gazetteer.index import BUNDLED, Gazetteer, added_folder
from geomap.gazetteer.layout import COLUMNS, FORMAT, NO_YEAR, TEXTS, Writer, remove, strangers
from geomap.gazetteer.names import key
from geomap.gazetteer.sources import Alias, Entry, read_geonames, read_table
from geomap.integrity import make_private
from geomap.model import Kind

CHUNK = 200_000  # rows held in memory at once
_CHUNK_CHARACTERS = 200_000_000
_DIVISIONS = frozenset({"ADM1", "ADM2"})
Progress = Callable[[str], None]


def build(sources: Iterable[Path], out: Path, *, progress: Progress = lambda _: None) -> int:
    """Build the index of GeoNames dumps into the folder `out` and return the number of places.

    Dumps with places come first, then those with alternate names. Interrupted, it goes on where it
    stopped when called again with the same files.

    Raises
    ------
    GazetteerError
        For a source that is missing, cut off, of another format, with an id twice or coordinates
        out of range, or when the disk is full.

    """
    paths = list(sources)
    return _built(
        paths,
        out,
        (entry for path in paths for entry in read_geonames(path)),
        {"kind": "geonames"},
        progress,
    )


def add(
    table: Path, *, name: str = "", out: Path | None = None, progress: Progress = lambda _: None
) -> Path:
    """Build the index of a table of places and keep it where every later `Gazetteer()` finds it.

    After the bundled one.

    Parameters
    ----------
    table
        CSV, TSV, GeoJSON or GeoPackage with a name and coordinates (WGS 84, or a layer with a CRS);
        UCDP GED and ACLED exports as they are.
    name
        What the gazetteer is called; by default the file's stem.
    out
        The folder to build into instead.
    progress
        Called with a line of text now and then.

    Raises
    ------
    GazetteerError
        As `build`.

    """
    target = out or added_folder() / _plain(name or table.name.split(".")[0])
    _built([table], target, read_table(table), {"kind": "table"}, progress)
    return target


def _plain(name: str) -> str:
    """Return a name that stays inside the folder of the added gazetteers."""
    if name.startswith(".") or not name.strip() or any(c in name for c in "/\\:\0"):
        raise OptionError("name", name, "a plain name: no separator, no colon, no leading dot")
    return name


def _built(
    paths: list[Path],
    out: Path,
    entries: Iterator[Entry | Alias],
    info: dict[str, Any],
    progress: Progress,
) -> int:
    for path in paths:
        if not path.is_file():
            msg = f"there is no file {path}"
            raise GazetteerError(msg)
    _check_replaceable(out)
    marks = [
        {"file": p.name, "size": p.stat().st_size, "modified": p.stat().st_mtime_ns} for p in paths
    ]
    digest = hashlib.sha256(
        json.dumps([FORMAT, CHUNK, [(m["file"], m["size"], m["modified"]) for m in marks]]).encode()
    ).hexdigest()[:16]
    work = out.parent / f".{out.name}.{digest}.building"
    try:
        make_private(work)
        chunks = _Chunks(work, progress)
        chunks.read(entries)
        count = chunks.join(
            digest, {**info, "sources": [{k: m[k] for k in ("file", "size")} for m in marks]}
        )
        _put_in_place(work / "index", out)
    except OSError as error:
        msg = (
            f"the gazetteer cannot be written to {out}: {error}; free space or choose another"
            " folder (what is there stays as it was)"
        )
        raise GazetteerError(msg) from error
    shutil.rmtree(work)
    return count


def _check_replaceable(out: Path) -> None:
    """Refuse a target that holds anything but an index of ours: it would be deleted."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        msg = f"{out} is not a folder; name one that is new, or that holds a gazetteer"
        raise GazetteerError(msg)
    others = strangers(out) if out.exists() else []
    if others:
        shown = ", ".join(others[:3]) + (" ..." if len(others) > 3 else "")
        msg = f"{out} holds other files ({shown}); name a folder that is new or holds a gazetteer"
        raise GazetteerError(msg)


def _put_in_place(built: Path, out: Path) -> None:
    """Put the index in place by renames; what was there goes only when the new one stands."""
    _check_replaceable(out)
    if not out.exists():
        built.rename(out)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}.old-", dir=out.parent))
    out.rename(aside / out.name)
    try:
        built.rename(out)
    except OSError:
        (aside / out.name).rename(out)
        raise
    else:
        remove(aside / out.name)
    finally:
        aside.rmdir()


class _Countries:
    """Positions of countries by code or name, in the order of the bundled gazetteer."""

    def __init__(self) -> None:
        self.gaz = Gazetteer([BUNDLED])
        self.all = self.gaz.layers[0].countries
        self._known = {
            code: at for at, c in enumerate(self.all) for code in (c["iso2"], c["iso3"])
        } | {"": NONE}

    def position(self, country: str) -> int:
        """Return the position, or `NONE`; "Myanmar (Burma)" is read as "Myanmar"."""
        if country not in self._known:
            names = (country, country.partition(" (")[0], country.partition("(")[2].strip(")"))
            found = [
                p for name in names for p in self.gaz.candidates(name)[:1] if p.kind is Kind.COUNTRY
            ]
            self._known[country] = self.gaz.country_position(found[0].country) if found else NONE
        return self._known[country]


class _Chunks:
    """The parts of a build on disk: columns and sorted keys of each chunk of rows."""

    def __init__(self, work: Path, progress: Progress) -> None:
        self.work, self.progress = work, progress
        self.countries = _Countries()

    def read(self, entries: Iterator[Entry | Alias]) -> None:
        """Write the chunks that are not there yet."""
        number = row = 0
        while batch := _batch(entries):
            places = [e for e in batch if isinstance(e, Entry)]
            done = self.work / f"{number:05}.done"
            if not done.exists():
                self._write(number, row, places, [e for e in batch if isinstance(e, Alias)])
                done.touch()
            number, row = number + 1, row + len(places)
            self.progress(
                f"{number * CHUNK if len(batch) == CHUNK else (number - 1) * CHUNK + len(batch):,}"
                " rows read"
            )
        if not row:
            msg = "there is no place in the files given"
            raise GazetteerError(msg)

    def _write(self, number: int, row: int, places: list[Entry], aliases: list[Alias]) -> None:
        import numpy as np

        numbers: dict[str, Any] = {
            name: np.array(values, COLUMNS[name]) for name, values in self._columns(places).items()
        }
        texts = {
            name: np.array(
                [getattr(e, "ident" if name == "id" else name).encode("utf-8") for e in places],
                dtype="S",
            )
            for name in TEXTS
        }
        codes = {
            f"code{level}": np.array(
                [getattr(e, f"admin{level}").encode() for e in places], dtype="S"
            )
            for level in (1, 2)
        }
        own = [
            (e.admin1 if e.feature == "ADM1" else e.admin2, row + at)
            for at, e in enumerate(places)
            if e.feature in _DIVISIONS
        ]
        divisions = {
            "division_codes": np.array([code.encode() for code, _ in own], dtype="S"),
            "division_rows": np.array([r for _, r in own], "i"),
        }
        alias = {"alias_ids": np.array([a.geonameid for a in aliases], "q")}
        stored: dict[str, Any] = {
            **numbers,
            **{f"text_{k}": v for k, v in texts.items()},
            **codes,
            **divisions,
            **alias,
        }
        np.savez(self.work / f"{number:05}.npz", allow_pickle=False, **stored)
        lines = {
            f"{folded}\t{(row + at) << 2 | how}\n"
            for at, e in enumerate(places)
            for folded, how in _keys(e)
        }
        (self.work / f"{number:05}.keys").write_text(
            "".join(sorted(lines)), encoding="utf-8", newline="\n"
        )
        named = "".join(f"{key(a.name)}\n" for a in aliases)
        (self.work / f"{number:05}.aliases").write_text(named, encoding="utf-8", newline="\n")

    def _columns(self, places: list[Entry]) -> dict[str, list[int]]:
        return {
            "lon": [round(e.lon * 1e5) for e in places],
            "lat": [round(e.lat * 1e5) for e in places],
            "kind": [KINDS.index(e.kind) for e in places],
            "country": [self.countries.position(e.country) for e in places],
            "population": [e.population for e in places],
            "feature": [FEATURES.get(e.feature, 0) for e in places],
            "uncertainty": [round(10 * place_radius_km(e.kind, e.population)) for e in places],
            "valid_from": [NO_YEAR] * len(places),
            "valid_to": [NO_YEAR] * len(places),
            "disputed": [0] * len(places),
        }

    def join(self, digest: str, info: dict[str, Any]) -> int:
        """Write the index from the chunks and return the number of places."""
        import numpy as np

        index = self.work / "index"
        shutil.rmtree(index, ignore_errors=True)
        index.mkdir(mode=0o700)
        self.parts = sorted(self.work.glob("*.npz"))
        order, ids = self._by_id()
        self.progress(f"{len(order):,} places; writing the index")
        divisions = {
            bytes(code): int(row)
            for part in self.parts
            for code, row in zip(*self._load(part, "division_codes", "division_rows"), strict=True)
        }
        with Writer(index) as writer:
            for name, code in COLUMNS.items():
                if name in {"admin1", "admin2"}:
                    writer.section(
                        name,
                        code,
                        (
                            self._division_rows(part, f"code{name[-1]}", divisions)
                            for part in self.parts
                        ),
                    )
                else:
                    writer.section(
                        name, code, (self._load(part, name)[0].tobytes() for part in self.parts)
                    )
            for name in TEXTS:
                writer.texts(
                    name, (self._load(part, f"text_{name}")[0].tolist() for part in self.parts)
                )
            writer.section("by_id", "I", [np.asarray(order, np.uint32).tobytes()])
            self._alias_keys(ids, order)
            loose = _Sorted(index, "loose")
            writer.names(self._merged_keys(loose))
            self.progress("names written; writing the loose index")
            writer.loose(key for key, _ in groupby(loose.merged()))
            loose.remove()
            writer.close(
                countries=self.countries.all,
                country_rows=self._country_rows(),
                digest=digest,
                info=info,
            )
        return len(order)

    def _load(self, part: Path, *names: str) -> list[Any]:
        import numpy as np

        with np.load(part, allow_pickle=False) as chunk:
            return [chunk[name] for name in names]

    def _by_id(self) -> tuple[Any, Any]:
        """Return the rows in the order of their ids, and the ids in that order."""
        import numpy as np

        ids = np.concatenate([self._load(part, "text_id")[0] for part in self.parts])
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        twice = np.flatnonzero(ids[1:] == ids[:-1])
        if len(twice):
            shown = ", ".join(ids[at].decode() for at in twice[:3])
            msg = (
                f"{len(twice)} ids stand twice, among them {shown}; give each file once and only"
                " files that do not overlap"
            )
            raise GazetteerError(msg)
        return order, ids

    def _division_rows(self, part: Path, column: str, divisions: dict[bytes, int]) -> bytes:
        import numpy as np

        (codes,) = self._load(part, column)
        unique, inverse = np.unique(codes, return_inverse=True)
        return np.array([divisions.get(bytes(code), NONE) for code in unique], np.int32)[
            inverse
        ].tobytes()

    def _country_rows(self) -> dict[str, int]:
        import numpy as np

        rows, base = dict[str, int](), 0
        for part in self.parts:
            kinds, country = self._load(part, "kind", "country")
            for at in np.flatnonzero((kinds == KINDS.index(Kind.COUNTRY)) & (country >= 0)):
                rows.setdefault(self.countries.all[country[at]]["iso3"], base + int(at))
            base += len(kinds)
        return rows

    def _alias_keys(self, ids: Any, order: Any) -> None:
        """Write the keys of the alternate names, now that the row of every id is known."""
        import numpy as np

        for part in self.parts:
            (wanted,) = self._load(part, "alias_ids")
            if not len(wanted):
                continue
            names = part.with_suffix(".aliases").read_text(encoding="utf-8").split("\n")[:-1]
            asked = np.array([f"geonames:{ident}".encode() for ident in wanted.tolist()])
            at = np.minimum(np.searchsorted(ids, asked), len(ids) - 1)
            found = ids[at] == asked
            lines = {
                f"{name}\t{int(order[i]) << 2 | ALTERNATE}\n"
                for name, i, ok in zip(names, at.tolist(), found.tolist(), strict=True)
                if ok and name
            }
            part.with_suffix(".more-keys").write_text(
                "".join(sorted(lines)), encoding="utf-8", newline="\n"
            )

    def _merged_keys(self, loose: _Sorted) -> Iterator[tuple[str, list[int]]]:
        pairs = (
            line.split("\t")
            for line in _merged_lines(
                sorted([*self.work.glob("*.keys"), *self.work.glob("*.more-keys")])
            )
        )
        for folded, group in groupby(pairs, key=lambda pair: pair[0]):
            best: dict[int, int] = {}
            for _, posting in group:
                row, how = int(posting) >> 2, int(posting) & 3
                best[row] = min(how, best.get(row, how))
            if entry := loose_entry(folded):
                loose.put(entry)
            yield folded, sorted(row << 2 | how for row, how in best.items())


def _batch(entries: Iterator[Entry | Alias]) -> list[Entry | Alias]:
    """Return the next rows: as many as a chunk takes, fewer when they hold very long names."""
    batch, size = list[Entry | Alias](), 0
    for entry in islice(entries, CHUNK):
        batch.append(entry)
        if isinstance(entry, Entry):
            size += len(entry.name) + sum(map(len, entry.aliases))
        if size > _CHUNK_CHARACTERS:
            break
    return batch


def _merged_lines(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the lines of sorted files in order.

    A tab sorts before every character of a key, so the lines of one key stay together.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(path.open(encoding="utf-8", newline="\n")) for path in paths]
        yield from heapq.merge(*((line.rstrip("\n") for line in file) for file in files))


class _Sorted:
    """Lines sorted on disk, in runs of bounded size."""

    def __init__(self, folder: Path, name: str) -> None:
        self._stem, self._lines, self._runs = folder / name, list[str](), list[Path]()

    def put(self, line: str) -> None:
        """Add a line."""
        self._lines.append(line)
        if len(self._lines) >= 5 * CHUNK:
            self._spill()

    def _spill(self) -> None:
        run = self._stem.with_name(f"{self._stem.name}-{len(self._runs):03}.run")
        run.write_text(
            "".join(f"{line}\n" for line in sorted(self._lines)), encoding="utf-8", newline="\n"
        )
        self._runs.append(run)
        self._lines = []

    def merged(self) -> Iterator[str]:
        """Yield all lines in order."""
        self._spill()
        yield from _merged_lines(self._runs)

    def remove(self) -> None:
        """Delete the runs."""
        for run in self._runs:
            run.unlink()


def _keys(entry: Entry) -> Iterator[tuple[str, int]]:
    own = key(entry.name)
    if own:
        yield own, PRIMARY
    for folded in {
        key(alias) for alias in entry.aliases if len(alias) <= 60 and not alias.startswith("http")
    } - {own, ""}:
        yield folded, ALTERNATE
