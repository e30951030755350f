"""The small transformer that tags places and their use.

Three layers of MiniLM in int8, run by onnxruntime on one thread.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from geomap import weights
from geomap.toponyms.tagger import Reading, Tagged
from geomap.toponyms.wordpiece import Window, WordPiece, windows

if TYPE_CHECKING:
    import numpy as np

_BATCH = 16  # windows at once; more does not run faster on one thread


@cache
def loaded() -> tuple[Any, WordPiece]:
    """Return the session and the vocabulary; opened at the first text, never at import."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("GEOMAP_THREADS", "1"))
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        weights.read("encoder.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return session, WordPiece(weights.read("pieces.txt").decode("utf-8").split("\n")[:-1])


def read(sentences: Sequence[Tagged], wanted: Sequence[bool]) -> list[dict[int, Reading]]:
    """Return for each sentence what the encoder says of its tokens.

    Only `wanted` sentences are read, the others give nothing.
    """
    out: list[dict[int, Reading]] = [{} for _ in sentences]
    if not any(wanted):
        return out
    session, pieces = loaded()
    cut = list(windows(sentences, pieces, wanted))
    # Windows of like length share a batch, so that little is computed for padding.
    order = sorted(range(len(cut)), key=lambda i: len(cut[i].pieces))
    for start in range(0, len(order), _BATCH):
        batch = [cut[i] for i in order[start : start + _BATCH]]
        tags, use = _run(session, batch)
        for row, window in enumerate(batch):
            for number, at, first in window.words:
                out[number][at] = Reading(tuple(tags[row, first].tolist()), float(use[row, first]))
    return out


def _run(session: Any, batch: list[Window]) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    longest = max(len(window.pieces) for window in batch)
    feeds = {}
    for name in ("pieces", "cases", "known"):
        block = np.zeros((len(batch), longest), np.int64)
        for row, window in enumerate(batch):
            numbers = getattr(window, name)
            block[row, : len(numbers)] = numbers
        feeds[name] = block
    (logits,) = session.run(None, feeds)
    return _softmax(logits[..., :3]), _softmax(logits[..., 3:])[..., 1]


def _softmax(x: np.ndarray) -> np.ndarray:
    import numpy as np

    e = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: np.ndarray = e / e.sum(axis=-1, keepdims=True)
    return shares
