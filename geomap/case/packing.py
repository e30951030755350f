"""What was read in a document, packed into its row of a case and read out of it again."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from geomap.case import picture
from geomap.case.bounds import as_json
from geomap.case.opening import MEND
from geomap.case.sums import is_whole
from geomap.errors import CaseError, CorrectionError, DocumentError, OptionError
from geomap.model import Event, Movement, Parsed, Toponym

LEFT_OUT: Final = "left out of the"  # begins the warning of a record that is out of bounds
LONGEST: Final = 1 << 28  # bytes of what was read in one document, unpacked


class UnreadableError(CaseError):
    """Raised for a row with sums that agree and content that geomap does not write."""


def packed(parsed: Parsed, name: str) -> bytes:
    """Return what was read in a document, without the document itself, as bytes for its row.

    Raises
    ------
    DocumentError
        When it is longer than what is read out of a row again.
    OptionError
        When it holds what a file cannot.

    """
    body = parsed.to_dict()
    del body["document"]
    pack, out, size = zlib.compressobj(3), bytearray(), 0
    # Record by record, for all of it at once takes ten times its size in memory.
    for piece in _pieces(body):
        told = piece.encode()
        size += len(told)
        if size > LONGEST:
            raise DocumentError(
                name,
                f"what was read in it takes more than {LONGEST:,} bytes; split it",
            )
        out += pack.compress(told)
    return bytes(out + pack.flush())


def _pieces(body: dict[str, Any]) -> Iterator[str]:
    """Yield the JSON of an object in pieces, each item of a list by itself."""
    for number, (name, value) in enumerate(body.items()):
        yield f"{',' if number else '{'}{as_json('name', name)}:"
        if isinstance(value, list) and value:
            for place, item in enumerate(value):
                yield f"{',' if place else '['}{as_json('what was read', item)}"
            yield "]"
        else:
            yield as_json("what was read", value)
    yield "}"


def unpacked(body: object) -> Any:
    """Return the JSON that was packed into a row.

    Raises
    ------
    ValueError, TypeError, zlib.error, RecursionError
        When it is none, or longer than what geomap writes.

    """
    # What is packed may be made to fill the memory: nothing geomap wrote is longer.
    opened = zlib.decompressobj()
    told = opened.decompress(body, LONGEST)  # type: ignore[arg-type]
    if opened.unconsumed_tail or not opened.eof:
        raise ValueError(f"what was read has no end within {LONGEST:,} bytes")
    return json.loads(told)


def stored(db: sqlite3.Connection, key: str) -> Parsed:
    """Return a document as it was read, without corrections.

    Raises
    ------
    CorrectionError
        When the case has no such document.
    CaseError
        When its row is not the one that was written.
    UnreadableError
        When it is, and yet holds what geomap does not write.

    """
    row = db.execute("SELECT parsed FROM geomap_documents WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise CorrectionError(f"the case has no document {key!r}")
    if not is_whole(db, "geomap_documents", key):
        raise CaseError(f"document {key} of the case is damaged and not shown; {MEND}")
    try:
        return replace(_read(row[0]), document=picture.stored_document(db, key))
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RecursionError,
        zlib.error,
    ) as error:
        raise UnreadableError(
            f"document {key} of the case holds what geomap does not write ({error}); {MEND}"
        ) from error


def _read(body: object) -> Parsed:
    told = {"document": {"id": "", "text": ""}, **unpacked(body)}
    try:
        return Parsed.from_dict(told)
    except OptionError:
        return Parsed.from_dict(_within_bounds(told))


def _within_bounds(told: dict[str, Any]) -> dict[str, Any]:
    """Return a document without the records whose figures, dates or points are out of bounds.

    An older geomap kept such; the document says that they are left out.
    """
    out = {**told, "warnings": list(told.get("warnings", ()))}
    for side, kind in (("toponyms", Toponym), ("events", Event), ("movements", Movement)):
        out[side] = []
        for item in told.get(side, ()):
            try:
                kind.from_dict(item)
            except OptionError as error:
                out["warnings"].append(f"{LEFT_OUT} {side}: {error}")
            else:
                out[side].append(item)
    return out
