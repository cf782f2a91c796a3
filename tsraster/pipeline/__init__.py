"""Files in, files out: the only place where stages are combined. `classify.py` tells the story; read it first."""

from tsraster.pipeline.classify import Classification, classify_file
from tsraster.pipeline.colorize import Coloring, colorize_file
from tsraster.pipeline.fitting import read_table
from tsraster.pipeline.histogram import Histogram, histogram_file
from tsraster.pipeline.rasterinfo import RasterInfo, info_file

__all__ = [
    "Classification",
    "Coloring",
    "Histogram",
    "RasterInfo",
    "classify_file",
    "colorize_file",
    "histogram_file",
    "info_file",
    "read_table",
]
