"""The wheel holds everything: built, installed elsewhere and used there, outside of the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_color_tables_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {f"tsraster/luts/{path.name}" for path in (ROOT / "luts").glob("*.csv")}
    assert len(shipped) >= 8
    assert shipped <= names
    assert "tsraster/py.typed" in names
    assert not any(name.startswith(("tests", "benchmarks")) for name in names)


def test_the_wheel_works_elsewhere(wheel: Path, tmp_path: Path) -> None:
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(tmp_path / "site"),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import tsraster, tsraster.lutfiles as l\n"
        "print(tsraster.__file__)\n"
        "print(len(l.shipped_luts()), l.read_lut('thermal').kind)"
    )
    # -I: neither the current folder nor the editable install of the checkout may help.
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    where, what = done.stdout.splitlines()
    assert Path(where).is_relative_to(tmp_path)
    assert what == f"{len(list((ROOT / 'luts').glob('*.csv')))} ramp"


def test_all_extras_are_in_all() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    rooms = sorted(set(extras) - {"all", "dev"})
    assert extras["all"] == [f"tsraster[{','.join(rooms)}]"]
