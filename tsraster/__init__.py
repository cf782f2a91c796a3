"""Classify rasters, with their place and their colors kept.

Pixels are read, prepared, given classes, given colors, and written. The names below stand in that order; each is
imported when it is first used, so that a program which needs one does not wait for all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tsraster.app.server import view, view_files
    from tsraster.classification import classify
    from tsraster.classtable import ClassTable
    from tsraster.coloring import colorize
    from tsraster.errors import TsrasterError, TsrasterWarning
    from tsraster.learning.pixelclassifier import PixelClassifier
    from tsraster.lut import Lut
    from tsraster.lutfiles import read_lut
    from tsraster.pipeline.accuracy import accuracy_file
    from tsraster.pipeline.breaks import breaks_file
    from tsraster.pipeline.classify import classify_file
    from tsraster.pipeline.clustering.cluster import cluster_files
    from tsraster.pipeline.colorize import colorize_file
    from tsraster.pipeline.conversion import convert_lut_file
    from tsraster.pipeline.fitting import read_table
    from tsraster.pipeline.histogram import histogram_file
    from tsraster.pipeline.inverting.invert import invert_file
    from tsraster.pipeline.labeling.labels import labels_files
    from tsraster.pipeline.labeling.trainingcheck import verify_training_set
    from tsraster.pipeline.learning.predict import predict_files
    from tsraster.pipeline.learning.train import train_file
    from tsraster.pipeline.legend import legend_file
    from tsraster.pipeline.lutcheck import check_lut_file
    from tsraster.pipeline.objects import objects_file
    from tsraster.pipeline.pointcount import pointcount_file
    from tsraster.pipeline.points import points_file
    from tsraster.pipeline.pores.pores import pores_file
    from tsraster.pipeline.porosity import porosity_files
    from tsraster.pipeline.rasterinfo import info_file
    from tsraster.pipeline.reclassify import reclassify_file
    from tsraster.raster import Georef, Pixels, Raster
    from tsraster.reading import open_raster

__version__ = "0.1.0"

__all__ = [
    "ClassTable",
    "Georef",
    "Lut",
    "PixelClassifier",
    "Pixels",
    "Raster",
    "TsrasterError",
    "TsrasterWarning",
    "accuracy_file",
    "breaks_file",
    "check_lut_file",
    "classify",
    "classify_file",
    "cluster_files",
    "colorize",
    "colorize_file",
    "convert_lut_file",
    "histogram_file",
    "info_file",
    "invert_file",
    "labels_files",
    "legend_file",
    "objects_file",
    "open_raster",
    "pointcount_file",
    "points_file",
    "pores_file",
    "porosity_files",
    "predict_files",
    "read_lut",
    "read_table",
    "reclassify_file",
    "train_file",
    "verify_training_set",
    "view",
    "view_files",
]

_HOMES = {
    "tsraster.reading": ("open_raster",),
    "tsraster.raster": ("Raster", "Pixels", "Georef"),
    "tsraster.classtable": ("ClassTable",),
    "tsraster.classification": ("classify",),
    "tsraster.lut": ("Lut",),
    "tsraster.lutfiles": ("read_lut",),
    "tsraster.coloring": ("colorize",),
    "tsraster.pipeline.rasterinfo": ("info_file",),
    "tsraster.pipeline.histogram": ("histogram_file",),
    "tsraster.pipeline.breaks": ("breaks_file",),
    "tsraster.pipeline.classify": ("classify_file",),
    "tsraster.pipeline.clustering.cluster": ("cluster_files",),
    "tsraster.pipeline.reclassify": ("reclassify_file",),
    "tsraster.pipeline.colorize": ("colorize_file",),
    "tsraster.pipeline.labeling.labels": ("labels_files",),
    "tsraster.pipeline.labeling.trainingcheck": ("verify_training_set",),
    "tsraster.pipeline.pointcount": ("pointcount_file",),
    "tsraster.pipeline.pores.pores": ("pores_file",),
    "tsraster.pipeline.porosity": ("porosity_files",),
    "tsraster.pipeline.points": ("points_file",),
    "tsraster.pipeline.objects": ("objects_file",),
    "tsraster.pipeline.accuracy": ("accuracy_file",),
    "tsraster.pipeline.inverting.invert": ("invert_file",),
    "tsraster.learning.pixelclassifier": ("PixelClassifier",),
    "tsraster.pipeline.learning.train": ("train_file",),
    "tsraster.pipeline.learning.predict": ("predict_files",),
    "tsraster.pipeline.legend": ("legend_file",),
    "tsraster.pipeline.conversion": ("convert_lut_file",),
    "tsraster.pipeline.lutcheck": ("check_lut_file",),
    "tsraster.pipeline.fitting": ("read_table",),
    "tsraster.app.server": ("view", "view_files"),
    "tsraster.errors": ("TsrasterError", "TsrasterWarning"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'tsraster' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
