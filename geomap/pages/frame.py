"""Two frames whose clicks reach Python: the map page, and a text with its marks.

Both are fed data, never markup of the news.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from geomap.marks import Piece

_MAP = """export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let frame = parentElement.querySelector("iframe");
  if (!frame) {
    frame = document.createElement("iframe");
    frame.title = data.alt;
    // An origin of its own: the map can neither read nor change the page around it.
    frame.sandbox = "allow-scripts allow-popups allow-popups-to-escape-sandbox";
    frame.style.cssText = "width:100%;height:" + data.height + "px;"
      + "border:1px solid rgba(128,128,128,.35);border-radius:8px";
    parentElement.appendChild(frame);
  }
  const post = (message) => frame.contentWindow.postMessage(message, "*");
  const focus = () => {
    if (!data.focus || frame.geomapFocused === data.focus) { return; }
    frame.geomapFocused = data.focus;
    post({ geomapFocus: data.focus });
  };
  const hear = (event) => {
    const told = event.source === frame.contentWindow && event.data && event.data.geomap;
    if (!told) { return; }
    if (told.ready) {
      frame.geomapReady = true;
      if (frame.geomapView && frame.geomapSame) { post({ geomapView: frame.geomapView }); }
      frame.geomapSame = true;
      focus();
    }
    if (told.view) { frame.geomapView = told.view; }
    if (told.picked) { frame.geomapFocused = told.picked; setTriggerValue("picked", told.picked); }
  };
  window.addEventListener("message", hear);
  if (frame.geomapHash !== data.hash) {
    frame.geomapHash = data.hash;
    frame.geomapReady = false;
    frame.geomapFocused = null;
    frame.srcdoc = data.html;
  } else if (frame.geomapReady) { focus(); }
  return () => window.removeEventListener("message", hear);
}"""

_TEXT = """export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let box = parentElement.querySelector("article");
  if (!box) {
    box = document.createElement("article");
    box.tabIndex = 0;
    box.setAttribute("aria-label", "The article with what was read in it");
    parentElement.appendChild(box);
  }
  if (box.geomapHash !== data.hash) {
    box.geomapHash = data.hash; box.textContent = ""; box.dir = "auto";
    for (const [text, classes, ref, label] of data.pieces) {
      if (!classes) { box.appendChild(document.createTextNode(text)); continue; }
      // A span and no button, for a button does not break over lines.
      const piece = document.createElement("span"), pick = () => setTriggerValue("picked", ref);
      piece.textContent = text;
      piece.className = classes;
      piece.title = label;
      piece.tabIndex = 0;
      piece.setAttribute("role", "button");
      piece.dataset.ref = ref;
      piece.addEventListener("click", pick);
      piece.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(); }
      });
      box.appendChild(piece);
    }
  }
  for (const piece of box.querySelectorAll("[role=button]")) {
    piece.setAttribute("aria-pressed", piece.dataset.ref === data.picked ? "true" : "false");
  }
}"""
_TEXT_CSS = """article{max-height:640px;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;
line-height:1.9;padding:4px 8px;unicode-bidi:isolate;font-size:1rem}
[role=button]{cursor:pointer;unicode-bidi:isolate}
[role=button]:focus-visible{outline:2px solid #0072b2}
[role=button][aria-pressed=true]{outline:2px solid #0072b2;border-radius:3px}
.event{background:rgba(213,94,0,.13)}
.movement{background:rgba(0,114,178,.15)}
.event.movement{background:linear-gradient(rgba(213,94,0,.16) 50%,rgba(0,114,178,.2) 50%)}
.place{border-bottom:3px solid #009e73}
.place.unresolved{border-bottom-style:dotted}
.place.associative{border-bottom-color:#cc79a7}
.place.demonym{border-bottom-color:#e69f00}
.figure{border-bottom:3px double #0072b2;font-weight:600}
.date{border-bottom:2px dashed currentColor}"""

_map_frame = st.components.v2.component("geomap.map", js=_MAP)
_text_frame = st.components.v2.component("geomap.text", js=_TEXT, css=_TEXT_CSS)


def map_frame(html: str, *, alt: str, height: int, focus: str = "") -> str:
    """Show a map page; return the id of the mark that was just clicked, or the empty text."""
    told = _map_frame(
        data={"html": html, "hash": str(hash(html)), "alt": alt, "height": height, "focus": focus},
        key="map",
        on_picked_change=_nothing,
    )
    return str(told.picked or "")


def text_frame(pieces: Sequence[Piece], *, picked: str = "") -> str:
    """Show a text with its marks.

    Return what the mark that was just clicked refers to, or the empty text.
    """
    told = [_piece(piece) for piece in pieces]
    result = _text_frame(
        data={"pieces": told, "hash": str(hash(str(told))), "picked": picked},
        key="text",
        on_picked_change=_nothing,
    )
    return str(result.picked or "")


def _piece(piece: Piece) -> list[Any]:
    if not piece.marks:
        return [piece.text, "", "", ""]
    classes = {m.kind for m in piece.marks} | {
        extra
        for m in piece.marks
        if m.kind == "place"
        for extra in ("unresolved", "associative", "demonym")
        if extra in m.label.replace("not resolved", "unresolved")
    }
    # The finest mark answers a click: a name before the sentence around it.
    finest = min(piece.marks, key=lambda m: (m.end - m.start, m.kind != "place"))
    return [
        piece.text,
        " ".join(sorted(classes)),
        finest.ref,
        "; ".join(dict.fromkeys(f"{m.kind}: {m.label}" for m in piece.marks)),
    ]


def _nothing() -> None:
    """Let a click rerun the page."""
