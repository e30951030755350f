"""A signal to stop closes what is open and is one line, wherever it meets the process."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import FrameType

_GRACE_S: Final = 1.0  # in which a second ctrl-C is the first one: closing is not broken off
# Which signals asked this process to stop, and when.
_asked: list[tuple[int, float]] = []


@contextmanager
def stoppable() -> Iterator[None]:
    """Let a signal to end, or a closed terminal, close what is open, as ctrl-C does.

    Raises
    ------
    KeyboardInterrupt
        With the number of the signal, when one comes.

    """
    _asked.clear()
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        signals = []
    before = {number: signal.getsignal(number) for number in signals}
    hooks = sys.excepthook, sys.unraisablehook
    # What is in the middle of loading shows a stop in 40 lines of its own.
    sys.excepthook = lambda kind, error, trace: (
        None if issubclass(kind, KeyboardInterrupt) else hooks[0](kind, error, trace)
    )
    sys.unraisablehook = _unless_stopped(hooks[1])
    try:
        for number, handler in before.items():
            # Whoever started us may have chosen that one is not heard, as nohup does.
            if handler in {signal.SIG_DFL, signal.default_int_handler}:
                signal.signal(number, _stop)
        yield
    finally:
        # Whoever works on after this was not asked to stop.
        _asked.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.excepthook, sys.unraisablehook = hooks


def heed() -> None:
    """Stop when that was asked: an extension that was loading may have made an error of it.

    Raises
    ------
    KeyboardInterrupt
        With the number of the signal.

    """
    if _asked:
        raise KeyboardInterrupt(_asked[0][0])


def _stop(number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    again = bool(_asked) and now - _asked[-1][1] < _GRACE_S
    _asked.append((number, now))
    if not again:
        raise KeyboardInterrupt(number)


def _unless_stopped(hook: Callable[[Any], object]) -> Callable[[Any], None]:
    def told(what: Any) -> None:
        if not isinstance(what.exc_value, KeyboardInterrupt):
            hook(what)

    return told
