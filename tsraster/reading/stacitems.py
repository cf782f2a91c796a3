"""STAC items: which of their assets a file is, and where an item lies beside a file.

Nothing but JSON is read here; what an asset says of its bands is in `tsraster.reading.stacbands`.

References
----------
https://github.com/radiantearth/stac-spec/blob/master/item-spec/item-spec.md
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from tsraster.errors import DataError, MissingSourceError, ReadError

_MOST_BYTES = 16 * 2**20
_MOST_CANDIDATES = 8
_MOST_LISTED = 12
_SAID = ("bands", "raster:bands", "raster:scale", "raster:offset", "nodata", "unit", "classification:bitfields")
"""What makes the values of two assets of one file different."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StacAsset:
    """A file, as an item describes it."""

    item: str
    """Where the item is."""
    file: str
    """The name of the file."""
    record: Mapping[str, Any]
    properties: Mapping[str, Any]
    """What the item says of all of its assets."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StacItem:
    """An item, and its assets by the names of their files."""

    path: str
    record: Mapping[str, Any]

    def find_asset(self, file: str | os.PathLike[str]) -> StacAsset | None:
        """Return the asset that a file is, by its name in upper or lower case; None where none is.

        Raises
        ------
        DataError
            Several assets have that name, and say different things of it.
        """
        wanted = _get_name(os.fspath(file))
        found = [one for one in self._list_assets() if wanted.lower() in _list_names(one)]
        if not found:
            return None
        said = [{key: one.get(key) for key in _SAID} for one in found]
        if any(other != said[0] for other in said[1:]):
            raise DataError(
                f"the STAC item {self.path} has {len(found)} assets whose file is called {wanted}, and says different things "
                "of them; name an item with only one of them with --stac, or leave it out with --raw"
            )
        properties = self.record.get("properties")
        given = properties if isinstance(properties, Mapping) else {}
        return StacAsset(item=self.path, file=wanted, record=found[0], properties=given)

    def list_files(self) -> str:
        """Return the names of the files of all assets in one line."""
        names = list(dict.fromkeys(_get_name(one["href"]) for one in self._list_assets()))
        more = [f"and {len(names) - _MOST_LISTED} more"] if len(names) > _MOST_LISTED else []
        return ", ".join([*names[:_MOST_LISTED], *more]) or "none"

    def _list_assets(self) -> list[Mapping[str, Any]]:
        assets = self.record["assets"].values()
        return [one for one in assets if isinstance(one, Mapping) and isinstance(one.get("href"), str)]


def read_item(path: str | os.PathLike[str]) -> StacItem:
    """Read a STAC item.

    Parameters
    ----------
    path : path
        A JSON file of this computer.

    Raises
    ------
    MissingSourceError, ReadError
        It is not there, cannot be read, or is no JSON.
    DataError
        It is no item: it has no assets.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "item.json"
    ...     _ = path.write_text('{"assets": {"red": {"href": "https://host/LC08_SR_B4.TIF?key=7"}}}')
    ...     print(read_item(path).list_files())
    LC08_SR_B4.TIF
    """
    name = os.fspath(path)
    record = _parse(name, _read_bytes(name))
    if not isinstance(record, Mapping) or not isinstance(record.get("assets"), Mapping):
        raise DataError(f"{name} is no STAC item: it has no assets; name a file such as LC08_..._SR_stac.json")
    return StacItem(path=name, record=record)


def find_assets_beside(file: str | os.PathLike[str]) -> list[StacAsset]:
    """Find what items that lie beside a file say of it.

    An item is a .json in the same folder that is called item, or whose name holds only parts of the file's name, in their order,
    and at most ``stac`` behind them: of ``LC08_L2SP_047027_20201204_20210313_02_T1_SR_B4.TIF`` those are ``..._T1_SR_stac.json``,
    ``..._T1_stac.json`` and ``LC08_L2SP_047027_20201204_02_T1.json``.

    Returns
    -------
    list of StacAsset
        That whose item has the longest name first; empty where no item knows the file, and for files that are not in a folder of
        this computer, such as /vsi paths and URLs.

    Raises
    ------
    ReadError
        What would be the item, and names the file, is broken.
    DataError
        An item says different things of the file.

    Notes
    -----
    The folder is listed once, and at most 9 files are read, none larger than 16 MiB.
    """
    path = Path(file)
    if os.fspath(file).startswith("/vsi") or not os.path.isfile(path):
        return []
    looked = (_look_into(path.parent / name, path.name) for name in _list_candidates(path))
    return [asset for asset in looked if asset is not None]


def _list_candidates(path: Path) -> list[str]:
    """Return the names of the files that may be the item of a raster, the most alike first."""
    own = _split(path.name)
    try:
        with os.scandir(path.parent) as entries:
            names = [one.name for one in entries if one.name[-5:].lower() == ".json" and one.name != path.name]
    except OSError:
        return []
    alike = [name for name in names if _is_alike(name, own)]
    alike.sort(key=lambda name: (-len(name), name))
    return alike[:_MOST_CANDIDATES] + [name for name in names if name.lower() == "item.json"]


def _is_alike(name: str, own: list[str]) -> bool:
    """Say whether the parts of the name of an item are among those of a raster, in their order, and the first the same."""
    if not name.lower().startswith(own[0]):
        return False
    parts = _split(name)[:-1]
    for wanted in (parts, parts[:-1], parts[:-2]) if parts[-1:] == ["stac"] else (parts,):
        left = iter(own)
        if wanted[:1] == own[:1] and all(part in left for part in wanted):
            return True
    return False


def _split(name: str) -> list[str]:
    return [part for part in re.split(r"[._\-]+", name.lower()) if part] or [""]


def _look_into(path: Path, file: str) -> StacAsset | None:
    """Return the asset of a file in what may be an item; a broken one that names the file is no reason to go on without."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        data = _read_bytes(str(path))
    except (OSError, ValueError):
        return None
    try:
        record = _parse(str(path), data)
    except ReadError as error:
        if file.lower().encode() in data.lower():
            raise ReadError(f"{error}, and it names {file}; repair or remove it, or leave it out with --raw") from None
        return None
    if not isinstance(record, Mapping) or not isinstance(record.get("assets"), Mapping):
        return None
    return StacItem(path=str(path), record=record).find_asset(file)


def _read_bytes(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise MissingSourceError(f"there is no STAC item {name} on this computer; name its file") from None
    except (OSError, ValueError) as error:
        raise ReadError(f"the STAC item {name} cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(data) > _MOST_BYTES:
        raise ReadError(f"{name} is larger than {_MOST_BYTES // 2**20} MiB and no STAC item")
    return data


def _parse(name: str, data: bytes) -> Any:
    try:
        return json.loads(data)
    except RecursionError:
        raise ReadError(f"{name} is no JSON that can be read (it is nested too deeply)") from None
    except ValueError as error:
        raise ReadError(f"{name} is no JSON ({str(error)[:80]})") from None


def _list_names(asset: Mapping[str, Any]) -> set[str]:
    """Return the names that the file of an asset may have: a # or % in a path is itself, and in an address is not."""
    href = str(asset["href"])
    return {_get_name(href).lower(), href.replace("\\", "/").rsplit("/", 1)[-1].lower()}


def _get_name(href: str) -> str:
    """Return the name of a file, by its path or its address, without what a signed address has behind it."""
    if "://" not in href:
        return href.replace("\\", "/").rsplit("/", 1)[-1]
    try:
        return PurePosixPath(unquote(urlsplit(href).path)).name
    except ValueError:  # an address with a wrong host
        return href.rsplit("/", 1)[-1]
