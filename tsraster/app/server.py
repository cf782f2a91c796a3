"""The server of the page, on this computer only: `view_files`, and `view` for notebooks.

Panel is imported when it is needed, so that the help of the command does not wait for it.
"""

from __future__ import annotations

import errno
import logging
import os
import secrets
import sys
import tempfile
import threading
import weakref
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsraster.app.desk import Desk
from tsraster.app.gallery import Gallery
from tsraster.errors import MissingExtraError, UsageError
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.sourcing.sources import SourcePlan
from tsraster.raster import Raster
from tsraster.reading import gdal_settings

if TYPE_CHECKING:
    import xarray
    from panel.io.server import Server
    from panel.viewable import Viewable

HOST = "127.0.0.1"
_PATIENCE = 1.0
"""Seconds."""
_OWN_STYLES = "panel/"
"""Where styles of Panel lie that it would else send browsers to another host for."""


def view_files(
    sources: Sequence[PathLike],
    *,
    root: PathLike | None = None,
    labels: PathLike | None = None,
    port: int = 0,
    no_browser: bool = False,
    landsat: str | None = None,
    mtl: PathLike | None = None,
    raw: bool = False,
    index: str | None = None,
    force: bool = False,
    qa: PathLike | None = None,
    mask: Sequence[str] | None = None,
    confidence: str = "high",
    mask_file: PathLike | None = None,
    clip: PathLike | None = None,
    clip_layer: str | None = None,
    stac: PathLike | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Show rasters and pictures in a browser on this computer, until it is interrupted.

    The server listens at 127.0.0.1 only, and answers only those who know the address with the token in it.

    Parameters
    ----------
    sources : sequence of path
        Rasters and pictures: whatever GDAL opens; or Landsat scenes, by their MTL files or folders.
    root : path, optional
        Folder below which the page can open and save other files; by default it opens only what is named here, and saves
        below the folder of the first source.
    labels : path, optional
        File in which labels are kept as they are drawn; by default one beside the first source.
    port : int
        Port to listen at; 0 takes a free one. From another computer: ssh -L PORT:127.0.0.1:PORT HOST, and the same address.
    no_browser : bool
        Print the address only, and open no browser.
    landsat : "reflectance", "radiance", "temperature" or "celsius", optional
        Physical values of a Landsat band, by the coefficients of its MTL file; a scene, named by its MTL file or folder, is
        reflectance and temperature without it.
    mtl : path, optional
        MTL file (.txt, .json, .xml) of the band; by default the one beside it.
    raw : bool
        Take numbers as they are stored: by default a scale and an offset that the source or its STAC item says are applied.
    index : text, optional
        Spectral index of the bands, such as NDVI or "SAVI:L=0.3", or a formula over their names, such as "nir08 / red"; all of
        spyndex with the extra indices.
    force : bool
        Compute the index, or those of the rules, also of numbers that are no reflectance, as a sample of them tells.
    qa : path, optional
        Quality band by which pixels are left out: of Landsat (QA_PIXEL, BQA, pixel_qa), or one whose bits a STAC item describes.
    mask : texts, optional
        What is left out by it: cloud,shadow,cirrus,snow,water,dilated,fill; or usgs-clear (which keeps shadow and cirrus),
        clear-sky, clear-land. Of other bits a field that is set, or a field and its meaning: cloud,cloud_confidence=high.
    confidence : "high", "medium" or "low"
        From which confidence on, of the bits of Landsat; of Collection 2 low leaves out nearly all.
    mask_file : path, optional
        Raster of the same size; pixels that are 0 in it, or have no data, are left out.
    clip : path, optional
        Vector file; pixels outside of its shapes are left out.
    clip_layer : text, optional
        Layer of the vector file, where it has several.
    stac : path, optional
        STAC item (JSON) that describes the bands of the source (scale, offset, nodata, unit, names) or the bits of the quality
        band; by default one beside them that names the file, and is called like it or item.json.
    announce : callable, optional
        Called with the address as soon as the server listens.

    Raises
    ------
    UsageError
        Options contradict each other, or the port cannot be used.
    ReadError, BandError, DataError
        A source cannot be read.
    MissingExtraError
        Panel is not installed.
    """
    plan = SourcePlan(
        landsat=landsat,
        mtl=mtl,
        raw=raw,
        index=index,
        force=force,
        qa=qa,
        mask=mask,
        confidence=confidence,
        mask_file=mask_file,
        clip=clip,
        clip_layer=clip_layer,
        stac=stac,
    )
    token = secrets.token_urlsafe(24)
    desk = set_desk(sources, plan, root=root, labels=labels)
    with gdal_settings(), closing(Gallery(desk)) as gallery:
        gallery.check()
        server = start_server(gallery, token, port=port)
        # Two cores that read a raster let a page wait; most have read it by then.
        gallery.open(0).overview.wait(_PATIENCE)
        address = f"http://{HOST}:{server.port}/?token={token}"
        with _opened_browser(None if no_browser else address):
            if announce is not None:
                announce(address)
            _run_until_interrupted(server)


def view(source: PathLike | Raster | xarray.DataArray, *, labels: PathLike | None = None, **options: Any) -> Viewable:
    """Show a raster in a notebook: the page of `tsraster view`.

    Parameters
    ----------
    source : path, Raster or xarray.DataArray
        What to show. A Raster is opened again by its name. An array is written to a temporary file first, with its place;
        what is drawn on it is kept only with `labels`.
    labels : path, optional
        File in which labels are kept as they are drawn; by default one beside the source.
    options
        How the source is read, as for `view_files`: `landsat`, `index`, `qa`, `mask`, ...

    Returns
    -------
    panel.viewable.Viewable
        Shown by the notebook where it is the last value of a cell.

    Raises
    ------
    UsageError, ReadError, BandError, DataError, MissingExtraError
        As `view_files` does.
    """
    _require_panel()
    folder = None
    if isinstance(source, Raster):
        source = source.name
    elif not isinstance(source, (str, os.PathLike)):
        folder = tempfile.TemporaryDirectory(prefix="tsraster")
        source = _write_array(source, Path(folder.name))
    desk = set_desk([source], SourcePlan(**options), labels=labels)
    from tsraster.app.page import build_page

    gallery = Gallery(desk)
    gallery.check()
    page = build_page(gallery)
    if folder is not None:
        weakref.finalize(page, folder.cleanup)
    return page


def set_desk(
    sources: Sequence[PathLike], plan: SourcePlan, *, root: PathLike | None = None, labels: PathLike | None = None
) -> Desk:
    """Return what is to be shown.

    Raises
    ------
    UsageError, ReadError, BandError, DataError
        As `view_files` does.
    """
    _require_panel()
    return Desk(
        sources=tuple(os.fspath(source) for source in sources),
        plan=plan,
        root=None if root is None else Path(root),
        labels=None if labels is None else Path(labels),
    )


def start_server(gallery: Gallery, token: str, *, port: int = 0) -> Server:
    """Return a server that listens; it answers when the loop of its thread runs.

    Raises
    ------
    UsageError
        The port cannot be used.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port} is no port; give one from 1024 to 65535, or 0 for a free one")
    _quiet_servers()
    _keep_styles_here()
    from panel.io.resources import CDN_DIST, DIST_DIR
    from panel.io.server import get_server

    from tsraster.app.gate import install_gate
    from tsraster.app.page import build_page

    def make_page() -> Viewable:  # Panel takes nothing else for a function, neither a method nor a partial one
        return build_page(gallery)

    try:
        # Of origins the gate admits that of the page only; Bokeh could not name a host with any port.
        server: Server = get_server(
            make_page,
            port=port,
            address=HOST,
            websocket_origin="*",
            title="tsraster",
            location=False,
            static_dirs={CDN_DIST.strip("/"): str(DIST_DIR)} if CDN_DIST.startswith(_OWN_STYLES) else {},
        )
    except OSError as error:
        raise UsageError(
            f"--port {port} cannot be used ({_say_why(error)}); give another, or 0 for a free one"
        ) from None
    install_gate(server._tornado, token)
    return server


def _require_panel() -> None:
    if find_spec("panel") is None:
        raise MissingExtraError("the page needs Panel; install it with: pip install 'tsraster[view]'")


def _say_why(error: OSError) -> str:
    reasons = {errno.EADDRINUSE: "another program listens there", errno.EACCES: "it is for administrators"}
    return reasons.get(error.errno or 0, error.strerror or "unknown reason")


def _quiet_servers() -> None:
    """Keep out of the terminal what strangers ask for, and a warning of origins, which the gate looks at."""
    for name in ("tornado.access", "tornado.general", "bokeh.server.util", "bokeh.server.views.ws"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _keep_styles_here() -> None:
    """Have Panel name this server where it would name its own host; to be called before Panel is imported.

    A text that changes in a tab that is not in front belongs to no document for that time. Panel takes that for a page
    without a server, and rewrites the addresses of styles, also of those that the whole page shares.
    """
    os.environ["PANEL_CDN_ROOT"] = _OWN_STYLES


def _run_until_interrupted(server: Server) -> None:
    """Answer requests; an interrupt, which may also end the loop, is the ordinary end."""
    server.start()
    try:
        server.io_loop.start()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop(wait=False)


@contextmanager
def _opened_browser(address: str | None) -> Iterator[None]:
    """Open a browser, if there is one with windows, by a file that only its owner can read.

    A list of processes shows everybody what a browser was called with; the token must not stand there.
    """
    if address is None or not _has_windows():
        yield
        return
    number, path = tempfile.mkstemp(prefix="tsraster", suffix=".html")
    with open(number, "w", encoding="ascii") as file:
        file.write(
            f'<meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={address}">'
        )
    threading.Thread(target=webbrowser.open, args=[Path(path).as_uri()], daemon=True).start()
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(path)


def _has_windows() -> bool:
    """Whether a browser would not take the terminal, as those without windows do."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in named)


def _write_array(array: xarray.DataArray, folder: Path) -> Path:
    import rioxarray  # noqa: F401  makes .rio known

    path = folder / "array.tif"
    array.rio.to_raster(path)
    return path
