"""Words on a page that are not ours: shown as they are, whatever they would mean to Streamlit.

Labels and messages of Streamlit are Markdown, with directives, math, icons and links of their own;
a picture in a headline would even ask another host. So a page gives them constants, numbers, and
what has gone through `literal`; a test holds each call to this.
"""

from __future__ import annotations

import re
from typing import Final

import streamlit as st

# What is made of plain text after Markdown was read: icons, addresses, arrows and dashes. A word
# joiner, which nobody sees, comes between.
_MADE: Final = re.compile(
    r"(?<=:)(?=[\w/])|(?<=@)|(?<=www)(?=\.)|(?<=[-<>~])(?=[->=])", re.IGNORECASE
)
_JOINER: Final = "\u2060"
_SIGNS: Final = {ord(c): f"&#{ord(c)};" for c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}


def literal(text: object) -> str:
    """Return text that Streamlit's Markdown shows as it is, on one line."""
    line = re.sub(r"\s", " ", str(text)).strip()
    return _MADE.sub(_JOINER, line).translate(_SIGNS)


def error(text: object) -> None:
    """Say what went wrong."""
    st.error(literal(text))


def warning(text: object) -> None:
    """Say what to look out for."""
    st.warning(literal(text))


def info(text: object) -> None:
    """Say what is worth knowing."""
    st.info(literal(text))


def success(text: object) -> None:
    """Say what was done."""
    st.success(literal(text))


def caption(text: object) -> None:
    """Say it in small type."""
    st.caption(literal(text))
