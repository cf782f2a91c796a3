"""The color tables that are shipped."""

from pathlib import Path


def shipped_folder() -> Path:
    """Return the folder of the color tables that are shipped: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "luts"
    return installed if installed.is_dir() else package.parent / "luts"


def shipped_luts() -> list[str]:
    """Return the names of the color tables that are shipped, sorted."""
    return sorted(path.stem for path in shipped_folder().glob("*.csv"))
