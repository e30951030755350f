"""Files that appear under their name only when whole; runs that go on where they stopped."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

if sys.platform != "win32":
    import fcntl


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[IO[str]]:
    """Open a file that appears under its name only when it is whole; before that nothing is left.

    Raises
    ------
    OSError
        When the file cannot be written there.

    """
    target = _target(path)
    handle, part = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
            _settle(file)
        Path(part).chmod(0o644)
        Path(part).replace(target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


@dataclass(slots=True)
class Lines:
    """The JSON lines of a run: those that an earlier try of it left, and those that follow.

    Attributes
    ----------
    read, failed
        How many lines hold a document that was read, and one that was not.
    resumed
        How many of both an earlier try had written.

    """

    file: IO[bytes]
    read: int = 0
    failed: int = 0
    resumed: int = 0

    def write(self, line: bytes, *, failed: bool = False) -> None:
        """Write a line; from then on it is kept whatever happens to this process."""
        self.file.write(line)
        self.file.flush()
        self._count(failed=failed)

    def resume(self) -> None:
        """Count the lines of the earlier try; one that was cut off is taken away."""
        end = 0
        self.file.seek(0)
        for raw in self.file:
            try:
                line = json.loads(raw) if raw.endswith(b"\n") else None
            except ValueError:
                line = None
            if not isinstance(line, dict):
                break
            end += len(raw)
            self._count(failed="error" in line)
        self.resumed = self.read + self.failed
        self.file.truncate(end)

    def _count(self, *, failed: bool) -> None:
        self.failed += failed
        self.read += not failed


def encoded(line: Mapping[str, Any]) -> bytes:
    """Return a JSON object as one line of UTF-8."""
    return f"{json.dumps(line, ensure_ascii=False)}\n".encode()


@contextmanager
def lines_of_run(path: str | os.PathLike[str], run: str) -> Iterator[Lines]:
    """Open the lines of a run, which become the file `path` when the block ends well.

    When it does not, the lines so far stay beside it as `path.RUN.part`, and the exception has a
    note that says so; the same run goes on from there. Without a line nothing stays.

    Parameters
    ----------
    path
        The file that the lines become.
    run
        What tells this run from any other into that file: its inputs and options.

    Raises
    ------
    OSError
        When the file cannot be written there, or another process is at the same run.

    """
    target = _target(path)
    part = target.with_name(f"{target.name}.{run}.part")
    with part.open("a+b") as file:
        if not _owned(file, part):
            raise OSError(f"another process is writing {part}; wait until it is done")
        lines = Lines(file)
        try:
            lines.resume()
            yield lines
            _settle(file)
        except BaseException as error:
            _leave(lines, part, error)
            raise
        if sys.platform == "win32":  # which renames no open file
            file.close()
        part.replace(target)


def _leave(lines: Lines, part: Path, error: BaseException) -> None:
    done = lines.read + lines.failed
    if done:
        error.add_note(
            f"{done:,} finished lines are kept in {part}; the same command goes on there"
        )
    else:
        part.unlink(missing_ok=True)


def _owned(file: IO[bytes], part: Path) -> bool:
    """Return whether no other process writes these lines, or has just finished them."""
    if sys.platform == "win32":  # two runs into one file are not told apart there
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), part.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _settle(file: IO[Any]) -> None:
    """Have the disk hold what was written before its name says that it is whole."""
    file.flush()
    os.fsync(file.fileno())


def _target(path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; name a file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")
    return target
