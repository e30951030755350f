"""Files of one annotated or read document a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from geomap.errors import reading

Made = TypeVar("Made")


def json_lines(path: Path, make: Callable[[dict[str, Any]], Made], mend: str) -> Iterator[Made]:
    """Yield what is made of each line; blank lines are none.

    Raises
    ------
    DocumentError
        When the file cannot be read, or for a line that is of another form; `mend` tells of which
        it should be.

    """
    with reading(str(path)), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                with reading(f"{path}, line {number}", mend):
                    made = make(json.loads(line))
                yield made
