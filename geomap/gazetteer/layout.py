"""The files of an index.

`names-*.marisa` and `loose-*.marisa` (tries of keys) and `index.bin` (columns), all opened by
memory map.

`index.bin` holds sections of numbers, then a JSON header with their place, then the header's length
in eight bytes: what is written can be
longer than memory. Keys are cut into tries of at most `SHARD` keys in code-point order, so that
building one needs little memory.
"""

from __future__ import annotations

import bisect
import json
import mmap
import re
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import marisa_trie

from geomap.errors import GazetteerError
from geomap.integrity import SEAL, SEEN, fault, seal

FORMAT = 10  # raise when the layout changes: older indexes are then compiled anew or refused
SHARD = 2_000_000  # keys a trie: about 100 bytes a key while it is built
NO_POINT = 2**31 - 1
NO_YEAR = -32768
COLUMNS = {
    "lon": "i",
    "lat": "i",
    "kind": "B",
    "country": "h",
    "admin1": "i",
    "admin2": "i",
    "population": "q",
    "feature": "B",
    "uncertainty": "I",
    "valid_from": "h",
    "valid_to": "h",
    "disputed": "B",
}
TEXTS = ("id", "name", "note")
_ENTRY = struct.Struct("<Q")
# The files of an index and of its building; nothing else is ever deleted with one.
_OWN = re.compile(
    rf"index\.bin|(?:names|loose)-\d{{3}}\.marisa|loose-\d{{3}}\.run"
    rf"|{re.escape(SEAL)}|{re.escape(SEEN)}|\.seen-\w{{1,20}}"
)


class Writer:
    """Writes an index into a folder, section by section; the header comes last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = (folder / "index.bin").open("wb")
        self._layout: dict[str, tuple[str, int, int]] = {}
        self._tries: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def section(self, name: str, code: str, parts: Iterable[bytes | array[int]]) -> None:
        """Write one section of numbers of the type `code` (see `array`)."""
        start = self._file.tell()
        for part in parts:
            self._file.write(part)
        size = self._file.tell() - start
        self._layout[name] = (code, start, size)
        self._file.write(b"\0" * (-size % 8))

    def texts(self, name: str, parts: Iterable[list[bytes]]) -> None:
        """Write a column of texts: their bytes and where each starts."""
        offsets, at = array("Q", [0]), 0

        def blobs() -> Iterator[bytes]:
            nonlocal at
            for part in parts:
                for raw in part:
                    at += len(raw)
                    offsets.append(at)
                yield b"".join(part)

        self.section(f"{name}_text", "B", blobs())
        self.section(f"{name}_offsets", "Q", [offsets])

    def names(self, sorted_postings: Iterable[tuple[str, list[int]]]) -> None:
        """Write the keys with their postings (`row << 2 | how`); keys come sorted and once."""
        starts, total = array("I", [0]), 0
        firsts: list[str] = []

        def shards() -> Iterator[array[int]]:
            nonlocal total
            for keys, postings, offsets in _shards(sorted_postings):
                trie = self._trie("names", len(firsts), keys)
                firsts.append(keys[0])
                order = array("I", bytes(4 * len(keys)))
                for position, key in enumerate(keys):
                    order[trie[key]] = position
                ordered = array("I")
                for position in order:
                    ordered.extend(postings[offsets[position] : offsets[position + 1]])
                    starts.append(total + len(ordered))
                total += len(ordered)
                yield ordered

        self.section("postings", "I", shards())
        self.section("starts", "I", [starts])
        self._tries["names"] = firsts

    def loose(self, entries: Iterable[str]) -> None:
        """Write the loose entries (skeleton, tab, key); they come sorted and once."""
        firsts: list[str] = []
        for keys, _, _ in _shards((entry, []) for entry in entries):
            self._trie("loose", len(firsts), keys)
            firsts.append(keys[0])
        self._tries["loose"] = firsts

    def close(self, **header: Any) -> None:
        """Write the header and the seal; without them the folder is no index."""
        raw = json.dumps(
            {"format": FORMAT, "layout": self._layout, "tries": self._tries, **header},
            ensure_ascii=False,
        ).encode("utf-8")
        self._file.write(raw + _ENTRY.pack(len(raw)))
        self._file.close()
        seal(self.folder)

    def _trie(self, what: str, number: int, keys: list[str]) -> marisa_trie.Trie:
        trie = marisa_trie.Trie(keys)
        trie.save(str(self.folder / f"{what}-{number:03}.marisa"))
        return trie


def _shards(
    pairs: Iterable[tuple[str, list[int]]],
) -> Iterator[tuple[list[str], array[int], array[int]]]:
    keys: list[str] = []
    postings, offsets = array("I"), array("I", [0])
    for key, rows in pairs:
        keys.append(key)
        postings.extend(rows)
        offsets.append(len(postings))
        if len(keys) == SHARD:
            yield keys, postings, offsets
            keys, postings, offsets = [], array("I"), array("I", [0])
    if keys:
        yield keys, postings, offsets


class Tries:
    """The tries of one kind, opened by memory map when first asked."""

    def __init__(self, folder: Path, what: str, firsts: list[str]) -> None:
        self._firsts = firsts
        self._tries = [
            marisa_trie.Trie().mmap(str(folder / f"{what}-{number:03}.marisa"))
            for number in range(len(firsts))
        ]
        self._bases = [0]
        for trie in self._tries:
            self._bases.append(self._bases[-1] + len(trie))
        # The number of a key over all tries, or None: asked for every word of a text, so one trie
        # answers itself.
        self.position: Callable[[str], int | None] = (
            self._tries[0].get if len(self._tries) == 1 else self._position
        )

    def __contains__(self, key: str) -> bool:
        return self.position(key) is not None

    def _position(self, key: str) -> int | None:
        shard = bisect.bisect_right(self._firsts, key) - 1
        if shard < 0:
            return None
        found: int | None = self._tries[shard].get(key)
        return None if found is None else found + self._bases[shard]

    def starting(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        shard = max(0, bisect.bisect_right(self._firsts, prefix) - 1)
        while shard < len(self._tries) and (
            self._firsts[shard] <= prefix or self._firsts[shard].startswith(prefix)
        ):
            yield from self._tries[shard].iterkeys(prefix)
            shard += 1


def strangers(folder: Path) -> list[str]:
    """Return the names of what lies in a folder and is no part of an index."""
    return sorted(p.name for p in folder.iterdir() if not _OWN.fullmatch(p.name) or not p.is_file())


def remove(folder: Path) -> None:
    """Delete an index, and its folder when nothing else is in it."""
    for path in folder.iterdir():
        if _OWN.fullmatch(path.name) and path.is_file():
            path.unlink()
    folder.rmdir()


def opened(folder: Path) -> tuple[dict[str, Any], dict[str, memoryview]]:
    """Return the header and the columns of the index in `folder`, by memory map.

    Raises
    ------
    GazetteerError
        When it is damaged or was written by another version.

    """
    path = folder / "index.bin"
    damaged = f"{path} is damaged: delete {folder} and build it again"
    if not (folder / SEAL).exists():
        _check_format(folder, "before 10")
    if wrong := fault(folder):
        msg = f"the gazetteer in {folder} is damaged ({wrong}): delete it and build it again"
        raise GazetteerError(msg)
    with path.open("rb") as file:
        if path.stat().st_size < _ENTRY.size:
            raise GazetteerError(damaged)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    (length,) = _ENTRY.unpack_from(mapped, len(mapped) - _ENTRY.size)
    try:
        header: dict[str, Any] = json.loads(
            mapped[max(0, len(mapped) - _ENTRY.size - length) : len(mapped) - _ENTRY.size]
        )
        layout = header["layout"]
    except (ValueError, KeyError, TypeError) as error:
        raise GazetteerError(damaged) from error
    _check_format(folder, header["format"])
    view = memoryview(mapped)
    return header, {
        name: view[at : at + size].cast(code) for name, (code, at, size) in layout.items()
    }


def _check_format(folder: Path, found: object) -> None:
    if found != FORMAT:
        msg = (
            f"{folder} was built by another version of geomap (format {found}, this one reads"
            f" {FORMAT}): build it again with `geomap gazetteer build` or `add`"
        )
        raise GazetteerError(msg)
