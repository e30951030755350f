"""The learned weights: read whole and checked by their sums, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any, Final

from geomap.errors import WeightsError
from geomap.integrity import SEAL, sums_of

SHIPPED: Final = Path(__file__).parent / "_weights"
# Weights of one's own, or trained without the corpus that is scored, stand in a folder with the
# same file names.
WEIGHTS: Final = Path(os.environ.get("GEOMAP_WEIGHTS") or SHIPPED)


def read(name: str, folder: Path = WEIGHTS) -> bytes:
    """Return a file of the weights.

    The shipped ones must agree with their seal (`sums.json`); those of `GEOMAP_WEIGHTS` need none,
    for they are the user's own, but agree with one that is there.

    Raises
    ------
    WeightsError
        When the file is missing or is not what was sealed.

    """
    path = folder / name
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise WeightsError(path, error.strerror or "cannot be read") from error
    sums = _sums(folder)
    if sums.get(name, "") != hashlib.sha256(raw).hexdigest() and (sums or folder == SHIPPED):
        raise WeightsError(path, f"does not agree with {SEAL}: damaged, or of another version")
    return raw


def read_json(name: str, folder: Path = WEIGHTS) -> Any:
    """Return what a JSON file of the weights holds.

    Raises
    ------
    WeightsError
        As `read`, and when it is no JSON.

    """
    try:
        return json.loads(read(name, folder))
    except (ValueError, RecursionError) as error:
        raise WeightsError(folder / name, f"is no JSON ({error})") from error


@cache
def _sums(folder: Path) -> dict[str, str]:
    return sums_of(folder)
