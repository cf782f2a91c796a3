"""Which pictures are to be labeled, whether they go together, and which files are made of each: `Picture`, `Layout`."""

from __future__ import annotations

import fnmatch
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tsraster.errors import DestinationExistsError, MissingSourceError, TsrasterError, UsageError, WriteError
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.labeling.labelcoding import Export
from tsraster.pipeline.labeling.photo import has_photo
from tsraster.pipeline.labeling.trainingset import PARTS, list_tiles, name_annotations, name_images
from tsraster.pipeline.series import Failure, list_sources
from tsraster.raster import Raster
from tsraster.reading import open_raster

LABELS, PREVIEW, OVERLAY = "labels", "preview", "overlay"
"""The folders of label images, of their colors, and of colors over the photos."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One source, as far as it is known before its pixels are read."""

    source: str
    shape: tuple[int, int]
    has_photo: bool
    part: str = ""
    """Of a training set: train or test."""

    @property
    def stem(self) -> str:
        """What all files that are made of it are called, without the ending."""
        return Path(self.source).stem

    @property
    def name(self) -> str:
        """The name of its file."""
        return Path(self.source).name


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything goes in the destination folder.

    Examples
    --------
    >>> picture = Picture(source="photos/7.jpg", shape=(10, 10), has_photo=True)
    >>> Layout(folder=Path("out")).list_outputs(picture)[0].as_posix()
    'out/labels/7.png'
    """

    folder: Path
    ending: str = ".png"
    """Of the label images."""
    export: Export | None = None
    tile: int | None = None

    @property
    def classes(self) -> Path:
        """What the numbers in the label images mean."""
        return self.folder / "classes.json"

    @property
    def table(self) -> Path:
        """How many pixels each class has in each picture."""
        return self.folder / "labels.csv"

    @property
    def lists(self) -> tuple[Path, ...]:
        """The lists of categories of COCO-Stuff."""
        names = ("labels.txt", "categories.json") if self.export == "coco-stuff" else ()
        return tuple(self.folder / name for name in names)

    def label_path(self, picture: Picture, place: tuple[int, int] | None = None) -> Path:
        """Return where the label image goes, or its tile that begins at a row and column."""
        folder = name_annotations(picture.part) if self.export else LABELS
        return self.folder / folder / f"{picture.stem}{_spell(place)}{self.ending}"

    def photo_path(self, picture: Picture, place: tuple[int, int] | None = None) -> Path:
        """Return where the photo of a training set goes, or its tile."""
        return self.folder / name_images(picture.part) / f"{picture.stem}{_spell(place)}.png"

    def preview_path(self, picture: Picture) -> Path:
        """Return where the color picture of the classes goes."""
        return self.folder / PREVIEW / f"{picture.stem}.png"

    def overlay_path(self, picture: Picture) -> Path:
        """Return where the photo with the colors over it goes."""
        return self.folder / OVERLAY / f"{picture.stem}.jpg"

    def list_outputs(self, picture: Picture) -> list[Path]:
        """Return all files that are made of a picture."""
        places = list_tiles(picture.shape, self.tile) if self.tile else [None]
        paths = [self.label_path(picture, place) for place in places]
        if self.export:
            paths += [self.photo_path(picture, place) for place in places]
        return [*paths, self.preview_path(picture), *([self.overlay_path(picture)] if picture.has_photo else [])]

    def make_folders(self, pictures: Iterable[Picture]) -> None:
        """Make the destination folder and those in it.

        Raises
        ------
        WriteError
            One cannot be made.
        """
        folders = {path.parent for picture in pictures for path in self.list_outputs(picture)}
        for folder in sorted({self.folder, *folders}):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise WriteError(f"the folder {folder} cannot be made ({error.strerror})") from None


def _spell(place: tuple[int, int] | None) -> str:
    return "" if place is None else f"_r{place[0]:05d}_c{place[1]:05d}"


def choose_sources(sources: PathLike | Sequence[PathLike], exclude: Sequence[str] | None) -> list[str]:
    """Return the files that are meant, without those whose names match a pattern.

    Raises
    ------
    MissingSourceError
        There are none, or none is left.
    """
    found = list_sources([sources] if isinstance(sources, str | os.PathLike) else sources)
    patterns = exclude or ()
    left = [path for path in found if not any(fnmatch.fnmatch(Path(path).name, pattern) for pattern in patterns)]
    if not left:
        without = f" but what --exclude {','.join(patterns)} leaves out" if found else ""
        raise MissingSourceError(f"no picture is named{without}; name files, folders or patterns such as photos/*.jpg")
    return left


def check_stems(paths: Sequence[str]) -> None:
    """Check that the files which are made of two pictures would not have one name.

    Raises
    ------
    UsageError
        Two pictures differ only in their folder or ending, or only in capital letters, which many systems take as the same.
    """
    known: dict[str, str] = {}
    for path in paths:
        other = known.setdefault(Path(path).stem.casefold(), path)
        if other != path:
            raise UsageError(
                f"{other} and {path} would both become {Path(path).stem}; rename one, or label them into two folders"
            )


def survey_pictures(
    paths: Sequence[str], describe_kind: Callable[[Raster], str], *, export: Export | None, tile: int | None
) -> tuple[list[Picture], list[Failure]]:
    """Look at each picture without reading pixels; leave out those that cannot be labeled as the others.

    Parameters
    ----------
    paths : sequence of str
        The pictures.
    describe_kind : callable
        What the values of a picture are; those of most pictures are taken as what is meant.
    export : "keras" or "coco-stuff", optional
        A training set needs photos.
    tile : int, optional
        Rows and columns of its tiles.
    """
    pictures: dict[str, Picture] = {}
    kinds: dict[str, str] = {}
    problems: dict[str, str] = {}
    for path in paths:
        try:
            with open_raster(path) as raster:
                kinds[path] = describe_kind(raster)
                pictures[path] = Picture(source=path, shape=raster.shape, has_photo=has_photo(raster))
        except UsageError:
            raise
        except TsrasterError as error:
            problems[path] = str(error)
    usual = Counter(kinds.values()).most_common(1)[0][0] if kinds else ""
    for path, picture in pictures.items():
        problem = _find_problem(picture, kinds[path], usual, export, tile)
        if problem:
            problems[path] = f"{path} {problem}"
    good = [picture for path, picture in pictures.items() if path not in problems]
    return good, [Failure(source=path, problem=problems[path]) for path in paths if path in problems]


def _find_problem(picture: Picture, kind: str, usual: str, export: Export | None, tile: int | None) -> str:
    if kind != usual:
        return f"holds {kind}, and most pictures hold {usual}; label it apart, or leave it out with --exclude"
    if export and not picture.has_photo:
        return "is no photo of 8 or 16 bits, as a training set needs it"
    if tile and min(picture.shape) < tile:
        return f"has {picture.shape[0]} x {picture.shape[1]} pixels, which is less than a tile of {tile}"
    return ""


def check_destination(layout: Layout, pictures: Sequence[Picture], paths: Sequence[str], *, overwrite: bool) -> None:
    """Check, before anything is done, that all files can go where they are to go.

    Raises
    ------
    UsageError
        An output would be a source, or two outputs are one.
    DestinationExistsError
        Files are there already and `overwrite` is False; or a training set holds pictures that are not of this run.
    WriteError
        The destination is no folder.
    """
    if layout.folder.exists() and not layout.folder.is_dir():
        raise WriteError(f"{layout.folder} is a file; the last argument names the folder for all outputs")
    common = [layout.classes, layout.table, *layout.lists]
    outputs = [path for picture in pictures for path in layout.list_outputs(picture)] + common
    real = {os.path.realpath(path) for path in paths}
    for path, times in Counter(outputs).items():
        if times > 1:
            raise UsageError(f"{path} would be made of two pictures; rename one")
        if os.path.realpath(path) in real:
            raise UsageError(f"{path} is a source and would be overwritten; name another folder")
    existing = [path for path in outputs if os.path.lexists(path)]
    if existing and not overwrite:
        more = f" and {len(existing) - 1} more of these files" if existing[1:] else ""
        raise DestinationExistsError(
            f"{existing[0]}{more} exist already; give --overwrite to replace them, or name another folder"
        )
    if layout.export:
        _check_strangers(layout.folder, set(outputs))


def _check_strangers(folder: Path, outputs: set[Path]) -> None:
    """Check that a loader would find only what this run makes: not a picture for training that is for tests by now."""
    names = [name(part) for part in PARTS for name in (name_images, name_annotations)]
    for inside in (folder / name for name in names):
        strangers = sorted(set(inside.iterdir()) - outputs) if inside.is_dir() else []
        if strangers:
            raise DestinationExistsError(
                f"{inside} holds {len(strangers)} files that are not of this run, such as {strangers[0].name}, and a loader "
                "would read them; remove the folder, or name another one"
            )
