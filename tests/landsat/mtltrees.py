"""Scenes written as small MTL files, in each of their three forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

Tree = Mapping[str, Mapping[str, str]]
"""The keys of each group."""

OLI_1: Tree = {
    "PRODUCT_CONTENTS": {
        "LANDSAT_PRODUCT_ID": "LC08_L1TP_224078_20200127_20200823_02_T1",
        "PROCESSING_LEVEL": "L1TP",
        "COLLECTION_NUMBER": "02",
        "FILE_NAME_BAND_4": "LC08_L1TP_224078_20200127_20200823_02_T1_B4.TIF",
        "FILE_NAME_BAND_10": "LC08_L1TP_224078_20200127_20200823_02_T1_B10.TIF",
        "FILE_NAME_QUALITY_L1_PIXEL": "LC08_L1TP_224078_20200127_20200823_02_T1_QA_PIXEL.TIF",
    },
    "IMAGE_ATTRIBUTES": {
        "SPACECRAFT_ID": "LANDSAT_8",
        "SENSOR_ID": "OLI_TIRS",
        "DATE_ACQUIRED": "2020-01-27",
        "SUN_ELEVATION": "30.0",
        "EARTH_SUN_DISTANCE": "0.9846597",
    },
    "LEVEL1_RADIOMETRIC_RESCALING": {
        "RADIANCE_MULT_BAND_4": "1.0304E-02",
        "RADIANCE_ADD_BAND_4": "-51.52246",
        "RADIANCE_MULT_BAND_10": "3.3420E-04",
        "RADIANCE_ADD_BAND_10": "0.10000",
        "REFLECTANCE_MULT_BAND_4": "2.0000E-05",
        "REFLECTANCE_ADD_BAND_4": "-0.100000",
    },
    "LEVEL1_THERMAL_CONSTANTS": {"K1_CONSTANT_BAND_10": "774.8853", "K2_CONSTANT_BAND_10": "1321.0789"},
}

ETM_OLD: Tree = {
    "METADATA_FILE_INFO": {"REQUEST_ID": "1"},
    "PRODUCT_METADATA": {
        "PRODUCT_TYPE": "L1T",
        "SPACECRAFT_ID": "Landsat7",
        "SENSOR_ID": "ETM+",
        "ACQUISITION_DATE": "2010-03-15",
        "BAND3_FILE_NAME": "L71092085_08520100315_B30.TIF",
        "BAND61_FILE_NAME": "L71092085_08520100315_B61.TIF",
        "BAND62_FILE_NAME": "L72092085_08520100315_B62.TIF",
    },
    "MIN_MAX_RADIANCE": {
        "LMAX_BAND3": "152.900",
        "LMIN_BAND3": "-5.000",
        "LMAX_BAND61": "17.040",
        "LMIN_BAND61": "0.000",
        "LMAX_BAND62": "12.650",
        "LMIN_BAND62": "3.200",
    },
    "MIN_MAX_PIXEL_VALUE": {
        f"QCAL{end}_BAND{band}": level
        for band in ("3", "61", "62")
        for end, level in (("MAX", "255.0"), ("MIN", "1.0"))
    },
    "PRODUCT_PARAMETERS": {"SUN_ELEVATION": "45.0"},
}
"""As written before 2012; its numbers are of a real scene."""


def write_odl(tree: Tree, root: str = "LANDSAT_METADATA_FILE") -> str:
    lines = [f"GROUP = {root}"]
    for group, keys in tree.items():
        entries = [f'    {key} = "{value}"' for key, value in keys.items()]
        lines += [f"  GROUP = {group}", *entries, f"  END_GROUP = {group}"]
    return "\n".join([*lines, f"END_GROUP = {root}", "END", ""])


def write_json(tree: Tree, root: str = "LANDSAT_METADATA_FILE") -> str:
    return json.dumps({root: tree})


def write_xml(tree: Tree, root: str = "LANDSAT_METADATA_FILE") -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{root}>"]
    for group, keys in tree.items():
        lines += [f"  <{group}>", *(f"    <{key}>{value}</{key}>" for key, value in keys.items()), f"  </{group}>"]
    return "\n".join([*lines, f"</{root}>", ""])


FORMS: dict[str, Callable[..., str]] = {"txt": write_odl, "json": write_json, "xml": write_xml}


def write_mtl(
    folder: Path, tree: Tree, form: str = "txt", name: str = "LC08_MTL", root: str = "LANDSAT_METADATA_FILE"
) -> Path:
    """Write a tree as an MTL file, and return its path."""
    path = folder / f"{name}.{form}"
    path.write_text(FORMS[form](tree, root), encoding="utf-8")
    return path
