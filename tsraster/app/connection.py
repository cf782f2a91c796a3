"""A banner over the whole page when its server is gone, so that nobody draws what is kept nowhere."""

from __future__ import annotations

from bokeh.document import Document
from bokeh.events import ClientReconnected, ConnectionLost
from bokeh.models import CustomJS

_SHOW = """
if (!document.getElementById("gone")) {
  const banner = document.createElement("div");
  banner.id = "gone";
  banner.setAttribute("role", "alert");
  banner.style.cssText = "position:fixed;inset:0;z-index:100000;display:flex;align-items:flex-start;justify-content:center;"
    + "background:rgba(255,255,255,0.6);cursor:not-allowed";
  banner.style.font = "bold 16px sans-serif";
  const text = document.createElement("div");
  text.textContent = "The connection to the server is lost, and nothing more can be done on this page. Finished strokes are kept "
    + "in the file of labels. If tsraster view has ended, start it again, and open the address that it prints.";
  text.style.cssText = "background:#c92a2a;color:white;padding:14px 24px;margin-top:0;width:100%;text-align:center";
  banner.replaceChildren(text);
  for (const name of ["keydown", "pointerdown", "wheel"]) {
    banner.addEventListener(name, (event) => { event.stopPropagation(); event.preventDefault(); });
  }
  document.body.append(banner);
}
"""
_HIDE = "document.getElementById('gone')?.remove();"


def watch_connection(document: Document | None) -> None:
    """Have a page say, over all else, that its server is gone, until it is there again."""
    if document is not None and document.session_context is not None:
        document.js_on_event(ConnectionLost, CustomJS(code=_SHOW))
        document.js_on_event(ClientReconnected, CustomJS(code=_HIDE))
