"""Classify a scene from Python: file to file, and array by array.

Run it anywhere; it draws its own scene into the current folder.
"""

import numpy as np

import tsraster
from tsraster.pipeline.demo import draw_samples


def main() -> None:
    """Do the same job in two ways."""
    scene, _ = draw_samples(".", overwrite=True)

    # File to file, for rasters of any size.
    result = tsraster.classify_file(
        scene,
        "classes.tif",
        cutoffs=[285, 295],
        names=["cold", "mild", "warm"],
        lut="thermal",
        color="picture.png",
        overwrite=True,
    )
    for share in result.shares:
        print(f"{share.code} {share.name:<5} {share.interval:<11} {share.percent:5.1f} %")

    # The same table applied to an array.
    with tsraster.open_raster(scene) as raster:
        pixels = raster.read()
    codes = tsraster.classify(pixels.data[0], result.table, valid=pixels.valid)
    assert [int(np.sum(codes == share.code)) for share in result.shares] == [share.pixels for share in result.shares]


if __name__ == "__main__":
    main()
