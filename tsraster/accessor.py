"""``DataArray.tsraster``: classes and colors for xarray, lazy where the array is a dask one.

Importing this module makes the accessor known to xarray::

    import tsraster.accessor
    classes = array.tsraster.classify(bins=20)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import rioxarray  # noqa: F401  makes .rio known
import xarray as xr
from numpy.typing import NDArray

from tsraster.classification import Outside, check_classifiable, classify
from tsraster.classtable import ClassTable, Closed, Number
from tsraster.coloring import bind_lut, colorize
from tsraster.errors import DataError, UsageError
from tsraster.learning.arrayprediction import predict_array
from tsraster.learning.model import Model
from tsraster.learning.pixelclassifier import PixelClassifier
from tsraster.lut import Lut
from tsraster.lutfiles import read_lut
from tsraster.pipeline.fitting import TableLike, plan_classes, read_table
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.projects import load_model
from tsraster.raster import Pixels
from tsraster.reading import find_data
from tsraster.schemes import Blocks, Distribution, tally
from tsraster.schemes.distribution import Answer

_KEPT = ("AREA_OR_POINT", "long_name")
"""Attributes that hold for classes as well; scale, offset, units and statistics of the values do not."""

_SIGNS = {"<=": "at most", ">=": "at least", "<": "below", ">": "above"}
"""Words for what the CF conventions do not allow in a word; without them two classes would have the same one."""


@xr.register_dataarray_accessor("tsraster")
class TsrasterAccessor:
    """Classes and colors of a `xarray.DataArray`; coordinates, CRS and GCPs are kept."""

    def __init__(self, array: xr.DataArray) -> None:
        self._array = array

    def classify(
        self,
        *,
        cutoffs: Sequence[Number] | None = None,
        bins: int | None = None,
        scheme: str | None = None,
        classes: int | None = None,
        table: TableLike | None = None,
        closed: Closed | None = None,
        values: Sequence[int] | None = None,
        names: Sequence[str] | None = None,
        outside: Outside = "nodata",
    ) -> xr.DataArray:
        """Give each value the code of its class; see `tsraster.classify_file` for the parameters.

        NaN, infinities and the nodata value that rioxarray knows get 0.

        Returns
        -------
        xarray.DataArray
            Codes, of the same shape, dims and coordinates. The attributes ``flag_values`` and ``flag_meanings`` (as the CF
            conventions have them) say which code is which class; ``_FillValue`` is 0.

        Raises
        ------
        UsageError, TableError, DataError
            As `tsraster.classify_file` does.

        Notes
        -----
        A dask array stays lazy and becomes no other pixels; only for `bins` and `scheme` its blocks are gone through at
        once, to fit the classes.

        Examples
        --------
        >>> array = xr.DataArray([[3.0, 10.0], [11.0, float("nan")]], dims=("y", "x"))
        >>> array.tsraster.classify(cutoffs=[5, 10], names=["low", "middle", "high"]).values
        array([[1, 2],
               [3, 0]], dtype=uint8)
        """
        check_classifiable(self._array.dtype)
        plan = plan_classes(
            cutoffs=cutoffs,
            bins=bins,
            scheme=scheme,
            classes=classes,
            table=table,
            closed=closed,
            values=values,
            names=names,
        )
        fitted = plan.table or plan.fit(self._distribution(), {})
        work = partial(_classify_block, table=fitted, nodata=self._nodata, outside=outside)
        codes = xr.apply_ufunc(work, self._array, dask="parallelized", output_dtypes=[fitted.dtype])
        self._describe(codes)
        codes.attrs["flag_values"] = np.array(fitted.codes, dtype=fitted.dtype)
        words = (_make_word(label) or f"class_{code}" for code, label in zip(fitted.codes, fitted.labels, strict=True))
        codes.attrs["flag_meanings"] = " ".join(words)
        marked: xr.DataArray = codes.rio.write_nodata(0)
        return marked

    def colorize(self, lut: Lut | PathLike, *, table: TableLike | None = None) -> xr.DataArray:
        """Paint class codes; see `tsraster.colorize_file` for the parameters.

        Returns
        -------
        xarray.DataArray, dims (band, y, x)
            uint8: red, green, blue, alpha; 0 and nodata are transparent.

        Raises
        ------
        LutError
            The color table does not cover every class.
        UsageError
            The array is not two-dimensional; or it is a dask one and nothing says which classes there are.

        Examples
        --------
        >>> array = xr.DataArray([[3.0, 10.0]], dims=("y", "x"))
        >>> array.tsraster.classify(cutoffs=[5]).tsraster.colorize("gray").values[0]
        array([[  0, 255]], dtype=uint8)
        """
        codes = self._array.squeeze("band", drop=True) if self._array.sizes.get("band") == 1 else self._array
        if codes.ndim != 2:
            raise UsageError(f"colorize needs one band of class codes, and the array has the dimensions {codes.dims}")
        colors = lut if isinstance(lut, Lut) else read_lut(lut)
        bound = bind_lut(colors, self._classes(codes, table)) if colors.kind == "ramp" else colors
        painted = xr.apply_ufunc(
            partial(_colorize_block, lut=bound, nodata=self._nodata),
            codes,
            output_core_dims=[["band"]],
            dask="parallelized",
            output_dtypes=[np.uint8],
            dask_gufunc_kwargs={"output_sizes": {"band": 4}},
        )
        self._describe(painted)
        picture: xr.DataArray = painted.assign_coords(band=[1, 2, 3, 4]).transpose("band", ...)
        return picture

    def predict(
        self,
        model: Model | PixelClassifier | PathLike,
        export: str = "segmentation",
        *,
        workers: int | None = None,
    ) -> xr.DataArray:
        """Classify each pixel by a trained model; see `tsraster.predict_files`.

        Parameters
        ----------
        model : Model, PixelClassifier or path
            Of `tsraster.train_file`, or the trained forest of a project of ilastik.
        export : "segmentation", "probabilities" or "uncertainty"
            Class codes, 0 where there is no data; or float32, NaN where there is none.
        workers : int, optional
            Threads, by default one for each processor; a dask array stays lazy, and dask chooses.

        Returns
        -------
        xarray.DataArray
            Of the same coordinates, without bands; probabilities with the dimension ``class``. The attributes ``flag_values``
            and ``flag_meanings`` say which code is which class.

        Raises
        ------
        UsageError, BandError, DataError, ReadError
            As `tsraster.predict_files` does.
        """
        if isinstance(model, PixelClassifier):
            model = model.model_
        trained = model if isinstance(model, Model) else load_model(model)
        found: xr.DataArray = predict_array(trained, self._array, export, workers=workers)
        return found

    def _describe(self, result: xr.DataArray) -> None:
        """Give a result the attributes that hold for it as well, and say which of its coordinates holds the CRS."""
        result.attrs = {key: value for key, value in self._array.attrs.items() if key in _KEPT}
        place = self._array.rio.grid_mapping
        result.encoding = {"grid_mapping": place} if place in result.coords else {}

    @property
    def _nodata(self) -> float | None:
        nodata = self._array.rio.nodata
        return None if nodata is None else float(nodata)

    def _distribution(self) -> Distribution:
        """Return the distribution of the values, each question to which may go through all blocks."""
        if self._array.chunks is None:
            return tally(Blocks(_mark_data(self._array.values, self._nodata)))
        return tally(_DaskStream(self._array.data, self._nodata))

    def _classes(self, codes: xr.DataArray, table: TableLike | None) -> tuple[int, ...]:
        if table is not None:
            return read_table(table).codes
        flags = _read_flags(codes.attrs.get("flag_values"))
        if flags:
            return flags
        if codes.chunks is not None:
            raise UsageError("a lazy array does not say which classes it holds; give their table")
        if codes.dtype.kind not in "iu":
            raise DataError(f"class codes are whole numbers, and these are {codes.dtype}; classify the values first")
        return tuple(int(code) for code in np.unique(codes.values) if code not in (0, self._nodata))


def _read_flags(flags: Any) -> tuple[int, ...]:
    """Read the attribute ``flag_values``; in a GeoTIFF it is the text of an array, which numpy cuts short beyond 1000 codes."""
    if isinstance(flags, str):
        flags = [] if "..." in flags else re.findall(r"\d+", flags)
    return () if flags is None else tuple(int(code) for code in np.atleast_1d(flags))


def _make_word(label: str) -> str:
    """Return a label with only the characters that the CF conventions allow in a word.

    Examples
    --------
    >>> _make_word("<= 5 K"), _make_word("(5, 7] K"), _make_word("> 7 K")
    ('at_most_5_K', '5_7_K', 'above_7_K')
    """
    for sign, words in _SIGNS.items():
        label = label.replace(sign, words)
    return re.sub(r"[^\w.+@-]+", "_", label).strip("_")


def _classify_block(block: NDArray[Any], *, table: ClassTable, nodata: float | None, outside: Outside) -> NDArray[Any]:
    return classify(block, table, valid=find_data(block, nodata), outside=outside)


def _mark_data(block: NDArray[Any], nodata: float | None) -> Pixels:
    numbers = block.view(np.uint8) if block.dtype == bool else block
    return Pixels(data=numbers, valid=find_data(block, nodata))


_TOGETHER = 64
"""Blocks that dask works on at a time; their answers are held until they are joined."""


class _DaskStream:
    """The blocks of a dask array."""

    def __init__(self, array: Any, nodata: float | None) -> None:
        self._blocks, self._nodata = list(array.to_delayed().ravel()), nodata
        self.dtype = np.dtype(np.uint8) if array.dtype == bool else array.dtype.newbyteorder("=")

    def each(self, function: Callable[[Pixels], Answer]) -> Iterator[Answer]:
        """Yield what a function makes of each block."""
        from dask.base import compute
        from dask.delayed import delayed

        work = delayed(partial(_answer_block, function=function, nodata=self._nodata))
        for start in range(0, len(self._blocks), _TOGETHER):
            yield from compute(*map(work, self._blocks[start : start + _TOGETHER]))


def _answer_block(block: NDArray[Any], *, function: Callable[[Pixels], Answer], nodata: float | None) -> Answer:
    return function(_mark_data(block, nodata))


def _colorize_block(block: NDArray[Any], *, lut: Lut, nodata: float | None) -> NDArray[np.uint8]:
    """Paint a block of shape (row, col) to (row, col, band), as xarray wants it."""
    painted = colorize(np.where(find_data(block, nodata), block, 0).astype(block.dtype), lut)
    return np.moveaxis(painted, 0, -1)
