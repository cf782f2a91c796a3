"""The file of a model: a zip archive of ``model.json`` and one ``.npy`` a array, which any program can look into.

Nothing in it is code, and nothing is run when it is read. What is read is checked against what the archive says of its size
before memory is taken for it.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tsraster
from tsraster.errors import DataError, LutError, MissingSourceError, ReadError, UsageError, WriteError
from tsraster.learning.classifier import Classifier
from tsraster.learning.featureset import Column, FeatureSet
from tsraster.learning.forest import Forest
from tsraster.learning.gaussian import Gaussian
from tsraster.learning.model import LabeledPixels, Model
from tsraster.learning.network import Network
from tsraster.lut import Lut

KIND = "tsraster model"
VERSION = 1

_CLASSIFIERS: Mapping[str, Any] = {"forest": Forest, "network": Network, "gaussian": Gaussian}

_MOST_BYTES = 4 * 2**30
_MOST_RECORD = 64 * 2**20
"""Of ``model.json``."""

_LABELS = ("source", "places", "codes")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The date of all members, so that one training makes one file, byte for byte."""


def write_model(path: Path, model: Model) -> None:
    """Write a model.

    Raises
    ------
    WriteError
        The file cannot be written.
    """
    arrays = {f"classifier/{name}": array for name, array in model.classifier.to_arrays().items()}
    if model.labels is not None:
        arrays |= {f"labels/{name}": getattr(model.labels, name) for name in _LABELS}
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            _add(archive, "model.json", json.dumps(_describe(model), indent=2, ensure_ascii=False).encode("utf-8"))
            for name, array in arrays.items():
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
                _add(archive, f"{name}.npy", buffer.getvalue())
    except OSError as error:
        raise WriteError(f"{Path(path).name} cannot be written ({error.strerror})") from None


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, date_time=_FIRST_DAY)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, content)


def _describe(model: Model) -> dict[str, Any]:
    labels = model.labels
    return {
        "kind": KIND,
        "version": VERSION,
        "made_by": f"tsraster {tsraster.__version__}",
        "dimensions": model.dimensions,
        "bands": list(model.bands),
        "units": list(model.units),
        "fill": list(model.fill),
        "features": model.features.to_json(),
        "columns": [
            {
                "kind": c.kind,
                "scale": c.scale,
                "band": c.band + 1,
                "part": c.part,
                "slicewise": c.slicewise,
                "name": c.name,
            }
            for c in model.columns
        ],
        "classifier": model.classifier.kind,
        "classes": [
            {"code": code, "name": name, "color": "#{:02x}{:02x}{:02x}".format(*color[:3])}
            for code, name, color in zip(model.codes, model.lut.names, model.lut.colors, strict=True)
        ],
        "labels": None
        if labels is None
        else [
            {"source": name, "shape": list(shape)} for name, shape in zip(labels.sources, labels.shapes, strict=True)
        ],
        "report": dict(model.report),
    }


def read_model(path: str | os.PathLike[str]) -> Model:
    """Read a model.

    Raises
    ------
    MissingSourceError, ReadError
        There is no such file; or it is no model, is damaged, or was written by a later version.
    """
    name = os.fspath(path)
    try:
        with zipfile.ZipFile(name) as archive:
            record = _read_record(archive, name)
            arrays = {entry: _read_array(archive, entry) for entry in _list_arrays(archive)}
        return _build(record, arrays)
    except FileNotFoundError:
        raise MissingSourceError(f"{name} does not exist") from None
    except ReadError:
        raise
    except zipfile.BadZipFile as error:
        if zipfile.is_zipfile(name):
            raise ReadError(f"{name} is a damaged model: a part of it cannot be unpacked ({error})") from None
        raise ReadError(f"{name} is no model of tsraster, which is an archive with a model.json") from None
    except (DataError, LutError, UsageError, _DamagedError) as error:
        raise ReadError(f"{name} is a damaged model: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, zipfile.error) as error:
        raise ReadError(f"{name} is a damaged model: its model.json does not hold what it should ({error})") from None
    except (EOFError, NotImplementedError, RuntimeError, MemoryError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise ReadError(f"{name} is a damaged model: a part of it cannot be unpacked ({error})") from None
    except OSError as error:
        raise ReadError(f"{name} cannot be read ({error.strerror or error})") from None


class _DamagedError(Exception):
    """What is wrong with a file, without its name."""


def _read_record(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    members = {member.filename: member for member in archive.infolist()}
    if "model.json" not in members:
        raise ReadError(f"{name} is no model of tsraster: it has no model.json")
    total = sum(member.file_size for member in members.values())
    if total > _MOST_BYTES or members["model.json"].file_size > _MOST_RECORD:
        raise _DamagedError(f"it would take {total / 2**30:.1f} GiB of memory; the most is {_MOST_BYTES / 2**30:g}")
    record = json.loads(_read_member(archive, "model.json").decode("utf-8"))
    if not isinstance(record, dict) or record.get("kind") != KIND:
        raise ReadError(f'{name} is no model of tsraster: its model.json is not of the kind "{KIND}"')
    if record.get("version") != VERSION:
        raise ReadError(
            f"{name} is a model of version {record.get('version')!r}, made by {record.get('made_by', 'an unknown program')}; "
            f"tsraster {tsraster.__version__} reads version {VERSION}"
        )
    return record


def _list_arrays(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if name.endswith(".npy")]


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Unpack a member, but no more than the archive says of it."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as stream:
        content = stream.read(size + 1)
    if len(content) != size:
        raise _DamagedError(f"{name} is not as long as it should be")
    return content


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    content = _read_member(archive, name)
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read_header(stream)
    if dtype.hasobject or dtype.kind not in "biuf":
        raise _DamagedError(f"{name} does not hold numbers")
    if math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise _DamagedError(f"{name} is not as long as its shape says")
    flat = np.frombuffer(content, dtype=dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if fortran else "C").astype(dtype.newbyteorder("="))


def _build(record: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Model:
    classes = record["classes"]
    codes = [int(one["code"]) for one in classes]
    order = sorted(range(len(codes)), key=codes.__getitem__)
    if order != list(range(len(codes))):
        raise _DamagedError("its classes are not in the order of their codes")
    return Model(
        features=FeatureSet.from_json(record["features"]),
        bands=tuple(str(name) for name in record["bands"]),
        columns=tuple(_build_column(one, len(record["bands"])) for one in record["columns"]),
        classifier=_build_classifier(record["classifier"], _take(arrays, "classifier/")),
        lut=Lut(
            name="model",
            kind="classes",
            keys=tuple(codes),
            colors=tuple(_parse_color(one["color"]) for one in classes),
            names=tuple(str(one["name"]) for one in classes),
        ),
        fill=tuple(float(number) for number in record["fill"]),
        units=tuple(str(unit) for unit in record.get("units", ())),  # older models do not say them
        dimensions=int(record["dimensions"]),
        labels=None if record["labels"] is None else _build_labels(record["labels"], _take(arrays, "labels/")),
        report=dict(record["report"]),
    )


def _take(arrays: Mapping[str, NDArray[Any]], folder: str) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(folder).removesuffix(".npy"): array
        for name, array in arrays.items()
        if name.startswith(folder)
    }


def _build_column(record: Mapping[str, Any], bands: int) -> Column:
    return Column(
        kind=str(record["kind"]),
        scale=float(record["scale"]),
        band=int(record["band"]) - 1,
        part=int(record["part"]),
        slicewise=bool(record["slicewise"]),
        bands=bands,
    )


def _build_classifier(kind: str, arrays: Mapping[str, NDArray[Any]]) -> Classifier:
    if kind not in _CLASSIFIERS:
        raise _DamagedError(f"it has a classifier of the kind {kind!r}; known are {', '.join(_CLASSIFIERS)}")
    made: Classifier = _CLASSIFIERS[kind].from_arrays(arrays)
    return made


def _build_labels(records: Any, arrays: Mapping[str, NDArray[Any]]) -> LabeledPixels:
    labels = LabeledPixels(
        sources=tuple(str(one["source"]) for one in records),
        shapes=tuple(tuple(int(size) for size in one["shape"]) for one in records),
        **{name: arrays[name] for name in _LABELS},
    )
    number = len(labels.source)
    if labels.places.ndim != 2 or not len(labels.places) == len(labels.codes) == number:
        raise _DamagedError("its labels do not have one length")
    if number and int(labels.source.max()) >= len(labels.sources):
        raise _DamagedError("it has labels in a picture that it does not name")
    for i, shape in enumerate(labels.shapes):
        places = labels.places[labels.source == i]
        if len(places) and not ((places >= 0) & (places < np.array(shape))).all():
            raise _DamagedError("it has labels outside of a picture")
    return labels


def _parse_color(text: str) -> tuple[int, int, int, int]:
    number = int(text.removeprefix("#"), 16)
    if len(text) != 7:
        raise _DamagedError(f"{text!r} is no color")
    return number >> 16 & 255, number >> 8 & 255, number & 255, 255
