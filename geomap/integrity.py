"""Whether files that geomap made are whole, and whether anybody else could have changed them.

A folder is sealed with the SHA-256 of every file in it. A sealed folder is read in full once; from
then on its files' sizes and times tell whether it was touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any, Final

SEAL: Final = "sums.json"
# What the files looked like when they were last read in full.
SEEN: Final = "seen.json"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path) -> None:
    """Write the sums of all files of a folder into its seal, as the last file of it."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file())
    sums = {name: sha256(folder / name) for name in names if name not in {SEAL, SEEN}}
    text = json.dumps(sums, indent=1, sort_keys=True) + "\n"
    (folder / SEAL).write_text(text, encoding="utf-8")


def sums_of(folder: Path) -> dict[str, str]:
    """Return the sealed sums by file name; empty when there is no seal that can be read."""
    try:
        sums = json.loads((folder / SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    whole = isinstance(sums, dict) and all(
        isinstance(x, str) and isinstance(name, str) and name == Path(name).name
        for name, x in sums.items()
    )
    return sums if whole else {}


def fault(folder: Path) -> str:
    """Return what is wrong with a sealed folder, in words; empty when it is whole."""
    sums = sums_of(folder)
    if not sums:
        return f"{SEAL} is missing or damaged"
    try:
        seen = {"sums": sums, "files": {name: _signature(folder / name) for name in sums}}
        if seen == _last_seen(folder):
            return ""
        wrong = [name for name, x in sums.items() if sha256(folder / name) != x]
    except OSError as error:
        return f"{error.filename and Path(error.filename).name}: {error.strerror}"
    if wrong:
        return f"{', '.join(wrong)} changed after it was written"
    _remember(folder, seen)
    return ""


def private(folder: Path) -> bool:
    """Tell whether nobody but this user and the administrator can change what a folder holds.

    True where the system has no owners (Windows keeps a user's folders apart by itself).
    """
    if not hasattr(os, "getuid"):
        return True
    try:
        info = folder.lstat()
    except OSError:
        return False
    owned = info.st_uid in {os.getuid(), 0}
    return stat.S_ISDIR(info.st_mode) and owned and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def make_private(folder: Path) -> None:
    """Make a folder that only this user can enter, and those above it; one that is there stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def _signature(path: Path) -> list[int]:
    info = path.stat()
    return [info.st_size, info.st_mtime_ns, info.st_ctime_ns]


def _last_seen(folder: Path) -> Any:
    try:
        return json.loads((folder / SEEN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _remember(folder: Path, seen: dict[str, Any]) -> None:
    """Keep what was seen, where the folder can be written; two processes may do so at once."""
    with contextlib.suppress(OSError):
        handle, part = tempfile.mkstemp(dir=folder, prefix=".seen-")
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a handle, not a path
            json.dump(seen, file)
        Path(part).replace(folder / SEEN)
