"""Classify a Landsat scene in physical values, against the raw numbers of as many bands; and cluster it, small and large."""

import json
import sys
from pathlib import Path

from benchmarks.processes import TSRASTER, Run, describe, run_in_turn, run_process
from benchmarks.scene import draw_apart

MOST = 1.5
"""What the values may take at the most by the time of the raw numbers."""
SEEDS = {"3": 2, "4": 0, "5": 1}
"""By the number of a band: green, red, near infrared. The thermal one holds the numbers of the red one."""
ABOUT = {"SPACECRAFT_ID": "LANDSAT_8", "SENSOR_ID": "OLI_TIRS", "DATE_ACQUIRED": "2020-01-27", "SUN_ELEVATION": "57.7"}

Keys = dict[str, dict[str, str]]
"""What an MTL file says, by group."""

RAW = ",".join(str(9000 + 1000 * i) for i in range(19))
JOBS = {
    "reflectance, level 2": ("L2SP_SR_B4", "reflectance", [round(0.05 + 0.0275 * i, 4) for i in range(19)]),
    "reflectance, level 1": ("L1TP_B4", "reflectance", [round(0.1 + 0.0237 * i, 4) for i in range(19)]),
    "temperature, level 2": ("L2SP_ST_B10", "temperature", [round(180 + 3.4 * i, 1) for i in range(19)]),
    "temperature, level 1": ("L1TP_B10", "temperature", [round(237 + 3.4 * i, 1) for i in range(19)]),
}
"""The file, the quantity, and 19 cutoffs that lie about where those of the raw numbers do."""
INDEX = [round(-0.45 + 0.05 * i, 2) for i in range(19)]


def run(folder: Path, size: int, runs: int) -> None:
    """Measure all."""
    bands = {number: draw_apart(folder / f"{number}.tif", size, seed=seed) for number, seed in SEEDS.items()}
    lay_scene(folder, "L2SP", describe_surface(), {**{f"SR_B{n}": bands[n] for n in bands}, "ST_B10": bands["4"]})
    lay_scene(folder, "L1TP", describe_top(), {**{f"B{n}": bands[n] for n in bands}, "B10": bands["4"]})
    for name, words in (("19 cutoffs", RAW), ("20 bins", None)):
        measure_bands(folder, f"{size} px, {name}", words, runs)
        measure_index(folder, f"{size} px, {name}", words, runs)
    measure_growth(folder, size, runs)


def lay_scene(folder: Path, level: str, keys: Keys, files: dict[str, Path]) -> None:
    """Write the MTL file of a scene, and give files that are drawn the names of its bands."""
    for band, file in files.items():
        (folder / f"{level}_{band}.TIF").hardlink_to(file)
    names = {f"FILE_NAME_BAND_{band.removeprefix('SR_').removeprefix('B')}": f"{level}_{band}.TIF" for band in files}
    contents = {"LANDSAT_PRODUCT_ID": level, "PROCESSING_LEVEL": level, "COLLECTION_NUMBER": "02", **names}
    tree = {"LANDSAT_METADATA_FILE": {"PRODUCT_CONTENTS": contents, "IMAGE_ATTRIBUTES": ABOUT, **keys}}
    (folder / f"{level}_MTL.json").write_text(json.dumps(tree), encoding="utf-8")


def describe_surface() -> Keys:
    """Return the coefficients of level 2, Collection 2."""
    return {
        "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": list_lines("REFLECTANCE", "2.75e-05", "-0.2"),
        "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS": {
            "TEMPERATURE_MULT_BAND_ST_B10": "0.00341802",
            "TEMPERATURE_ADD_BAND_ST_B10": "149.0",
        },
    }


def describe_top() -> Keys:
    """Return the coefficients of level 1, Collection 2."""
    return {
        "LEVEL1_RADIOMETRIC_RESCALING": {
            **list_lines("REFLECTANCE", "2.0E-05", "-0.1"),
            "RADIANCE_MULT_BAND_10": "3.342E-04",
            "RADIANCE_ADD_BAND_10": "0.1",
        },
        "LEVEL1_THERMAL_CONSTANTS": {"K1_CONSTANT_BAND_10": "774.8853", "K2_CONSTANT_BAND_10": "1321.0789"},
    }


def list_lines(quantity: str, multiply: str, add: str) -> dict[str, str]:
    """Return the same line for each reflective band."""
    ends = {"MULT": multiply, "ADD": add}
    return {f"{quantity}_{end}_BAND_{number}": value for number in SEEDS for end, value in ends.items()}


def classify_command(source: Path, cutoffs: str | None, *more: str) -> list[str]:
    """Return the command that classifies at cutoffs, or else into 20 bins."""
    ways = ["--bins", "20"] if cutoffs is None else ["--cutoffs", cutoffs]
    return [*TSRASTER, "classify", str(source), str(source.parent / "classes.tif"), "--overwrite", *ways, *more]


def measure_bands(folder: Path, name: str, raw: str | None, runs: int) -> None:
    """Measure each quantity of one band against its raw numbers."""
    commands = [classify_command(folder / "4.tif", raw)]
    for file, quantity, cutoffs in JOBS.values():
        spelled = None if raw is None else ",".join(map(str, cutoffs))
        commands.append(classify_command(folder / f"{file}.TIF", spelled, "--landsat", quantity))
    first, *found = run_in_turn(commands, runs)
    describe(f"raw, {name}", first)
    for label, one in zip(JOBS, found, strict=True):
        compare(f"{label}, {name}", one, first)


def measure_index(folder: Path, name: str, raw: str | None, runs: int) -> None:
    """Measure an index of two bands against their raw numbers, classified one band after the other in one process."""
    ways = "bins=20" if raw is None else f"cutoffs=[{raw}]"
    pairs = [(str(folder / f"{n}.tif"), str(folder / f"classes{n}.tif")) for n in "45"]
    script = f"import tsraster\nfor pair in {pairs}: tsraster.classify_file(*pair, {ways}, overwrite=True)"
    spelled = None if raw is None else ",".join(map(str, INDEX))
    index = classify_command(folder / "L2SP_MTL.json", spelled, "--index", "NDVI")
    both, one = run_in_turn([[sys.executable, "-c", script], index], runs)
    describe(f"raw, two bands, {name}", both)
    compare(f"NDVI, level 2, {name}", one, both)


def compare(name: str, values: Run, raw: Run) -> None:
    """Print a line, the ratio of the time of the processors, and whether the values took too long."""
    describe(name, values, raw, "raw")
    print(f"    ratio of the time of the processors {values.processor_seconds / raw.processor_seconds:.2f}")
    if values.seconds > MOST * raw.seconds:
        print(f"    more than {MOST} of raw")


def measure_growth(folder: Path, size: int, runs: int) -> None:
    """Cluster three bands, and as many with a ninth of the pixels."""
    found = []
    for side in (size // 3, size):
        bands = [draw_apart(folder / f"{side}-{seed}.tif", side, seed=seed) for seed in SEEDS.values()]
        stack = folder / f"{side}.tif"
        run_process([*TSRASTER, "stack", *map(str, bands), str(stack)])
        command = [*TSRASTER, "cluster", str(stack), str(folder / "classes.tif"), "--classes", "7", "--overwrite"]
        found += run_in_turn([command], runs)
        describe(f"cluster 3 bands of {side} px, 7 classes", found[-1])
    memory, seconds = found[1].megabytes / found[0].megabytes, found[1].seconds / found[0].seconds
    print(f"    nine times the pixels: {memory:.2f} times the memory, {seconds:.2f} times the time")
