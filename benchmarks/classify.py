"""Classify a band: 19 cutoffs and 20 bins, against `gdal raster reclassify` with the same 20 ranges."""

from itertools import pairwise
from pathlib import Path

from benchmarks.processes import TSRASTER, describe, find_gdal, run_in_turn, size_ratio
from benchmarks.scene import draw_apart

CUTOFFS = {
    "uint16": [1796 * i for i in range(1, 20)],
    "float32": [round(149 + 6.14 * i, 2) for i in range(1, 20)],
}
ENDS = {"uint16": (0, 65535), "float32": (149, 400)}


def gdal_command(gdal: list[str], dtype: str, source: Path, destination: Path) -> list[str]:
    """Return the command that makes the same classes, deflated and tiled, with all threads."""
    edges = [ENDS[dtype][0], *CUTOFFS[dtype], ENDS[dtype][1]]
    ranges = [f"({low},{high}]={code}" for code, (low, high) in enumerate(pairwise(edges), start=1)]
    rest = "NO_DATA=NO_DATA" if dtype == "uint16" else "DEFAULT=0"
    return [
        *(
            "env",
            "GDAL_NUM_THREADS=ALL_CPUS",
            *gdal,
            "raster",
            "reclassify",
            "--overwrite",
            "-m",
            ";".join([*ranges, rest]),
        ),
        *("--ot", "Byte", "--co", "TILED=YES", "--co", "COMPRESS=DEFLATE", "--co", "NUM_THREADS=ALL_CPUS"),
        *(str(source), str(destination)),
    ]


def run(folder: Path, size: int, runs: int) -> None:
    """Measure all pairs."""
    gdal = find_gdal()
    if gdal is None:
        print("without ratios: no gdal program of 3.11 or later was found; name one in TSRASTER_BENCH_GDAL")
    for dtype in CUTOFFS:
        source = draw_apart(folder / f"{dtype}.tif", size, dtype)
        ours, theirs = folder / "ours.tif", folder / "theirs.tif"
        base = [*TSRASTER, "classify", str(source), str(ours), "--overwrite"]
        jobs = {
            "19 cutoffs": [*base, "--cutoffs", ",".join(map(str, CUTOFFS[dtype]))],
            "20 bins, thermal": [*base, "--bins", "20", "--lut", "thermal"],
        }
        for name, command in jobs.items():
            commands = [command] if gdal is None else [command, gdal_command(gdal, dtype, source, theirs)]
            found = run_in_turn(commands, runs)
            describe(f"classify {dtype} {size} px, {name}", found[0], found[1] if gdal else None, "gdal")
            if gdal is not None:
                print(f"    size of the output by that of gdal {size_ratio(ours, theirs):.2f}")
