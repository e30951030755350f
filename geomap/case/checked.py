"""Which case files were found whole, and as what, so that a file is looked through once a state.

A state is the size and the times of the file and of its log. What is kept of it, in the user's own
cache, names no case: without the file nobody learns from it which cases there are.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from enum import IntEnum
from pathlib import Path

import platformdirs


class Level(IntEnum):
    """How far a file was looked through."""

    NOTHING = 0
    PAGES = 1  # SQLite's own check of its pages, rows and indexes
    ROWS = 2  # the checksums of all rows, too


def state_of(path: Path) -> str:
    """Return what changes when a file or its log is written, empty when it cannot be told."""
    out = []
    for file in (path, path.with_name(f"{path.name}-wal")):
        try:
            told = file.stat()
        except FileNotFoundError:
            out.append("none")
        except OSError:
            return ""
        else:
            # The time of change cannot be set back the way the time of writing can.
            out.append(f"{told.st_ino} {told.st_size} {told.st_mtime_ns} {told.st_ctime_ns}")
    return "; ".join(out)


def level_of(path: Path, state: str) -> Level:
    """Return how far the file was looked through in this state."""
    with suppress(OSError, ValueError):
        level, _, known = _note(path).read_text(encoding="utf-8").partition(" ")
        if known == state and state:
            return Level(int(level))
    return Level.NOTHING


def keep_level(path: Path, state: str, level: Level) -> None:
    """Keep that a file was whole in this state; where nothing can be kept, it is looked at anew."""
    note = _note(path)
    part = note.with_name(f"{note.name}.{os.getpid()}")
    with suppress(OSError):
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.write_text(f"{int(level)} {state}", encoding="utf-8")
        part.replace(note)


def _note(path: Path) -> Path:
    return _folder() / hashlib.blake2b(os.fsencode(path.resolve()), digest_size=16).hexdigest()


def _folder() -> Path:
    cache = os.environ.get("GEOMAP_CACHE") or platformdirs.user_cache_dir("geomap", appauthor=False)
    return Path(cache) / "checked"
