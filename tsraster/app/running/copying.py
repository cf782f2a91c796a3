"""Commands to copy: text that wraps between its words only, and a button that puts it into the clipboard."""

from __future__ import annotations

import re

import panel as pn

from tsraster.app.desk import escape

_WIDTH = 70
_COPY = """
const find = (root) => {
  for (const element of root.querySelectorAll("*")) {
    if (element.matches("span.%s")) return element;
    const found = element.shadowRoot && find(element.shadowRoot);
    if (found) return found;
  }
  return null;
};
const copyBySelection = (text) => {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
};
const text = find(document).textContent;
if (navigator.clipboard) navigator.clipboard.writeText(text).catch(() => copyBySelection(text));
else copyBySelection(text);
"""


def make_copy_button(name: str) -> pn.widgets.Button:
    """Return a button that copies the text of the element of a class."""
    button = pn.widgets.Button(label="Copy", width=_WIDTH, height=26, margin=(5, 5, 0, 5))
    button.js_on_click(code=_COPY % name)
    return button


def mark_words(text: str) -> str:
    """Return lines of a command as HTML in which a word is broken only where it is longer than a line.

    Examples
    --------
    >>> mark_words("ls a&b")
    '<span style="display:inline-block">ls</span> <span style="display:inline-block">a&amp;b</span>'
    """
    lines = ([_mark(word) for word in re.split(r"( +)", line)] for line in text.splitlines())
    return "\n".join("".join(parts) for parts in lines)


def _mark(word: str) -> str:
    return word if not word.strip() else f'<span style="display:inline-block">{escape(word)}</span>'
