"""Pictures that are arrays in HDF5, Zarr or NumPy's own file, as a `Raster`: `open_array`; and whatever is one: `open_any`."""

from tsraster.reading.arrays.opening import open_any, open_array
from tsraster.reading.arrays.stores import split_source

__all__ = ["open_any", "open_array", "split_source"]
