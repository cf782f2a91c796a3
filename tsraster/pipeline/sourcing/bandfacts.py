"""What is known of the bands of files and Landsat scenes whose numbers stay as they are stored: `list_file`, `list_scene`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tsraster.errors import DataError, MissingSourceError, TsrasterError
from tsraster.landsat.metadata import LandsatBand, LandsatMetadata
from tsraster.landsat.mtlfile import read_mtl
from tsraster.landsat.quantities import Conversion, plan_conversion
from tsraster.landsat.scenefiles import find_band_file, find_mtl
from tsraster.landsat.sensors import describe_band
from tsraster.pipeline.sourcing.landsatscene import choose_quantity, list_pixel_bands
from tsraster.raster import Band, Raster
from tsraster.reading import open_raster
from tsraster.reading.wavelengths import find_lengths
from tsraster.writing import Spectrum


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownBand:
    """A band in a file, and what is known of it."""

    raster: Raster
    """The file."""
    band: Band
    """As it is to be written: with its number in the file, and the scale, offset and unit that make physical values of it."""
    fill: float | None = None
    """A number that is no data either, besides the nodata value of the band; it is to become that."""
    spectrum: Spectrum | None = None
    note: str = ""
    """What is to be said of it, in a sentence."""
    quantity: str = ""
    """What its scale and offset give."""
    is_named: bool = False
    """Whether its name says what it is."""


def list_file(raster: Raster) -> list[KnownBand]:
    """Return the bands of a file without alpha; a Landsat band is known by the MTL file beside it."""
    bands = raster.data_bands
    seen = _find_landsat(raster) if len(bands) == 1 else None
    if isinstance(seen, KnownBand):
        return [seen]
    lengths = find_lengths(raster, [band.number for band in bands])
    spectra = [Spectrum(wavelength=one.wavelength, width=one.width) if one.wavelength else None for one in lengths]
    return [
        KnownBand(raster=raster, band=band, spectrum=spectrum, note=seen or "")
        for band, spectrum in zip(bands, spectra, strict=True)
    ]


def _find_landsat(raster: Raster) -> KnownBand | str | None:
    """Return what the MTL file beside a band says of it, why it cannot be used, or None where there is none."""
    if "://" in raster.name or raster.name.startswith("/vsi"):
        return None
    try:
        metadata = read_mtl(find_mtl(raster.name))
        return describe_landsat(metadata, metadata.find_band(raster.name), raster, own_scale=True)
    except MissingSourceError:
        return None
    except TsrasterError as error:
        return f"{raster.name} keeps its name and its numbers: {error}"


def list_scene(metadata: LandsatMetadata, stack: ExitStack) -> list[KnownBand]:
    """Open the bands of a scene that are there, without those of quality and the panchromatic one.

    Raises
    ------
    DataError
        None is there.
    ReadError
        One cannot be read.
    """
    found = []
    for band in list_pixel_bands(metadata):
        try:
            path = find_band_file(metadata, band)
        except MissingSourceError:
            continue
        found.append(describe_landsat(metadata, band, stack.enter_context(open_raster(path))))
    if not found:
        raise DataError(f"no band of {metadata.path} is beside it; its files begin with {metadata.scene or 'its name'}")
    return found


def list_left_out(metadata: LandsatMetadata) -> list[str]:
    """Say which pixels of a scene are not among those that `list_scene` opens though they are there."""
    pan = [band for band in metadata.bands if band.name == "pan" and _is_there(metadata, band)]
    return [f"{band.key} (pan) is left out, because its pixels are of another size" for band in pan]


def _is_there(metadata: LandsatMetadata, band: LandsatBand) -> bool:
    try:
        return bool(find_band_file(metadata, band))
    except MissingSourceError:
        return False


def describe_landsat(
    metadata: LandsatMetadata, seen: LandsatBand, raster: Raster, *, own_scale: bool = False
) -> KnownBand:
    """Return what is known of a Landsat band: its name, its light, and the line to reflectance or kelvin.

    Parameters
    ----------
    metadata : LandsatMetadata
        The scene.
    seen : LandsatBand
        One of its bands.
    raster : Raster
        Its file.
    own_scale : bool
        Whether a scale that the file itself says, or numbers that are no counts, come before the MTL.
    """
    stored = raster.bands[0]
    known = KnownBand(
        raster=raster,
        band=replace(stored, name=seen.name or seen.key),
        spectrum=_find_spectrum(metadata, seen),
        is_named=True,
    )
    is_final = np.dtype(stored.dtype).kind not in "iu" or (stored.scale, stored.offset) != (1, 0)
    if seen.kind == "quality" or (own_scale and is_final):
        return known
    plain = _choose_nodata(known, seen)
    try:
        conversion = plan_conversion(metadata, seen, choose_quantity(seen))
    except TsrasterError as error:
        return replace(plain, note=f"{seen.name} ({seen.key}) keeps its stored numbers: {error}")
    return _scale(plain, seen, conversion)


def _choose_nodata(known: KnownBand, seen: LandsatBand) -> KnownBand:
    """Let what Landsat calls fill be no data, also where the file itself, cut out and saved anew, has another value for that."""
    if known.band.nodata is None:
        return replace(known, band=replace(known.band, nodata=float(seen.fill)))
    return known if known.band.nodata == seen.fill else replace(known, fill=seen.fill)


def _find_spectrum(metadata: LandsatMetadata, seen: LandsatBand) -> Spectrum | None:
    facts = describe_band(metadata.mission, metadata.sensor, seen.number)
    return None if facts is None else Spectrum(wavelength=facts.wavelength, width=facts.width)


def _scale(known: KnownBand, seen: LandsatBand, conversion: Conversion) -> KnownBand:
    if conversion.k1 is not None:
        note = (
            f"{seen.name} ({seen.key}) keeps its stored numbers, because its temperature is no line of them; classify "
            f"{Path(known.raster.name).name} with --landsat temperature"
        )
        return replace(known, note=note)
    unit = "" if conversion.unit == "1" else conversion.unit
    band = replace(known.band, scale=conversion.multiply, offset=conversion.add, unit=unit)
    quantity = conversion.label.partition(",")[0] + (f" ({unit})" if unit else "")
    return replace(known, band=band, quantity=quantity, note=" ".join(conversion.notes))


def say_known(bands: Sequence[KnownBand]) -> list[str]:
    """Say what is known of bands beyond their numbers, in a sentence each."""
    by_quantity: dict[str, list[str]] = {}
    for known in bands:
        if known.quantity:
            by_quantity.setdefault(known.quantity, []).append(known.band.name)
    said = [
        f"scale and offset of {', '.join(names)} give {quantity}, by the MTL" for quantity, names in by_quantity.items()
    ]
    linear = [known.note for known in bands if known.note and known.quantity]
    others = len(linear) - 1
    more = f" So for {others} other band{'s' if others > 1 else ''}." if others > 0 else ""
    return [*said, *(note + more for note in linear[:1]), *(k.note for k in bands if k.note and not k.quantity)]
