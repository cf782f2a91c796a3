"""Keys pressed on the page, outside of fields for text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bokeh.document import Document
from bokeh.events import DocumentReady
from bokeh.models import ColumnDataSource, CustomJS

UNDO = ("z", "ctrl+z")
REDO = ("shift+z", "ctrl+shift+z", "ctrl+y")
"""Keys that undo and redo what the pane in front has changed."""

_LISTEN = """
document.addEventListener("keydown", (event) => {
  const element = event.composedPath()[0];
  if (["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName) || element.isContentEditable) return;
  const modifiers = (event.ctrlKey || event.metaKey ? "ctrl+" : "") + (event.shiftKey ? "shift+" : "");
  keys.data = {key: [modifiers + event.key.toLowerCase()], time: [Date.now()]};
});
"""


def listen_to_keys(document: Document | None, carrier: Any, tell: Callable[[str], None]) -> None:
    """Call a function with each key that is pressed, such as "1", "z", "ctrl+z" or "[".

    Parameters
    ----------
    document : Document or None
        The page; where there is none, as in a notebook, keys are left to the notebook.
    carrier : model of Bokeh
        Something on the page, with which the source of the keys goes to the browser.
    tell : callable
        Takes the key.
    """
    if document is None:
        return
    keys = ColumnDataSource(data={"key": [], "time": []})
    carrier.tags = [*carrier.tags, keys]
    keys.on_change("data", lambda _attr, _old, new: tell(new["key"][0]))
    document.js_on_event(DocumentReady, CustomJS(args={"keys": keys}, code=_LISTEN))
