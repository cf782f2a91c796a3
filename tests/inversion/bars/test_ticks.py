"""Ticks beside a bar: what they say, where they contradict each other, and what values the colors get."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from tsraster.errors import UsageError
from tsraster.inversion.bars.calibration import calibrate_bar
from tsraster.inversion.bars.colorbars import ColorBar, read_bar
from tsraster.inversion.bars.ticks import Tick, fit_ticks, parse_ticks


def read_drawn(length: int = 200, *, upright: bool = False, offset: int = 50) -> ColorBar:
    line = matplotlib.colormaps["viridis"]((np.arange(length) + 0.5) / length)[:, :3] * 255
    pixels = np.broadcast_to(line.round().astype(np.uint8).T[:, np.newaxis], (3, 12, length))
    if upright:
        return read_bar(pixels.transpose(0, 2, 1)[:, ::-1], 7, offset)
    return read_bar(pixels, offset, 7)


def read_legend(lengths: tuple[int, ...] = (40, 40, 40, 40)) -> ColorBar:
    levels = np.repeat(np.linspace(0, 240, len(lengths)), lengths).astype(np.uint8)
    return read_bar(np.broadcast_to(levels, (3, 12, len(levels))), 50, 7)


@pytest.mark.parametrize(
    ("text", "ticks"),
    [
        ("648=0.4,525=0.6", ((648, 0.4), (525, 0.6))),
        (" 1.5 = -2e3 , 7=+3,", ((1.5, -2000), (7, 3))),
        ("0=1,1=2,2=3", ((0, 1), (1, 2), (2, 3))),
    ],
)
def test_ticks_are_read_as_pixel_and_value(text: str, ticks: tuple[Tick, ...]) -> None:
    assert parse_ticks(text) == ticks


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 of them; two are the least"),
        ("648=0.4", "has 1 of them; two are the least"),
        ("648=0.4,525", "'525' is no pixel=value"),
        ("648=0.4,525=0.6=1", "is no pixel=value"),
        ("648=a,525=0.6", "'648=a' is no pixel=value"),
        ("648=nan,525=0.6", "'648=nan' is not finite"),
        ("inf=1,525=0.6", "'inf=1' is not finite"),
    ],
)
def test_text_that_is_no_ticks_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_ticks(text)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_ticks_that_were_pointed_at_with_errors_decide_the_scale(scale: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    positions = np.linspace(600, 100, 6)
    values = np.linspace(0.5, 3, 6) if scale == "linear" else 10 ** np.linspace(-2, 3, 6)
    noisy = positions + random.uniform(-0.8, 0.8, 6)
    fit = fit_ticks(list(zip(noisy.tolist(), values.tolist(), strict=True)))
    assert fit.scale == scale
    assert fit.rms_pixels < 0.8
    # Oracle: numpy's own least squares.
    slope, intercept = np.polyfit(noisy, np.log10(values) if scale == "log" else values, 1)
    assert (fit.slope, fit.intercept) == pytest.approx((slope, intercept))
    heights = np.log10(values) if scale == "log" else values
    off = np.abs((np.polyval([slope, intercept], noisy) - heights) / slope)
    assert sorted(np.abs(fit.off)) == pytest.approx(sorted(off))


def test_two_ticks_are_linear_unless_log_is_asked() -> None:
    assert fit_ticks(((100, 1.0), (300, 100.0))).scale == "linear"
    fit = fit_ticks(((100, 1.0), (300, 100.0)), "log")
    assert fit.value_at(np.array([200.0])) == pytest.approx([10])


@pytest.mark.parametrize(
    ("text", "scale", "message"),
    [
        ("100=1,100=2", None, "ticks 100=1 and 100=2 give one pixel two values"),
        ("100=1,200=1", None, "ticks 100=1 and 200=1 give two pixels one value"),
        ("100=1,200=2,300=1.5,400=4", None, "tick (200=2|300=1.5) contradicts the others"),
        ("100=1,200=2,300=3,400=0.4,500=5", None, "tick 400=0.4 contradicts the others"),
        ("100=1,200=2,303=3,400=4,500=5", None, "tick 303=3 contradicts .* 3 stands at pixel 300.0"),
        ("525=0.6,402=0.8,279=1.0,156=1.25", None, "tick 156=1.25 contradicts"),
        ("100=1,200=10,330=100,400=1000,500=10000", None, "tick 330=100 contradicts .* log scale"),
        ("100=1,200=10,300=100", "linear", "contradicts the others: on their linear scale"),
        ("100=0,200=10,300=100", "log", "tick 100=0 has no place on a log scale"),
        ("100=-1,200=10", "log", "tick 100=-1 has no place on a log scale"),
        ("100=1,200=2", "cubic", "linear or log, not 'cubic'"),
    ],
)
def test_ticks_that_contradict_each_other_are_refused_by_name(text: str, scale: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        fit_ticks(parse_ticks(text), scale)
    assert "\n" not in str(caught.value)


def test_an_error_of_a_pixel_is_no_contradiction() -> None:
    fit = fit_ticks(parse_ticks("100=1,201=2,300=3,399=4"))
    assert 0.5 < max(np.abs(fit.off)) < 1.5
    assert fit.rms_value == pytest.approx(fit.rms_pixels * abs(fit.slope))


def test_values_at_the_ends_are_those_of_the_edges() -> None:
    lying, upright = read_drawn(), read_drawn(upright=True)
    assert lying.edges == upright.edges == (50, 250)
    scale, fit = calibrate_bar(lying, vmin=10, vmax=30)
    assert scale.values[[0, -1]] == pytest.approx([10.05, 29.95])
    assert fit.value_at(np.array([50.0, 250.0])) == pytest.approx([10, 30])
    turned, _ = calibrate_bar(upright, vmin=10, vmax=30)
    assert turned.values[[0, -1]] == pytest.approx([29.95, 10.05])
    assert turned.recolor([12.0]) == pytest.approx(scale.recolor([12.0]))
    back, _ = calibrate_bar(lying, vmin=30, vmax=10)
    assert back.values == pytest.approx(scale.values[::-1])


def test_a_logarithmic_bar_has_its_geometric_mean_in_the_middle() -> None:
    scale, fit = calibrate_bar(read_drawn(), vmin=0.1, vmax=1000, scale="log")
    assert scale.log
    assert fit.value_at(np.array([150.0])) == pytest.approx([10])


def test_ticks_and_ends_say_the_same() -> None:
    bar = read_drawn(upright=True)
    by_ticks, fit = calibrate_bar(bar, ticks=parse_ticks("250=0,150=5,50=10"))
    by_ends, _ = calibrate_bar(bar, vmin=0, vmax=10)
    assert fit.scale == "linear"
    assert by_ticks.values == pytest.approx(by_ends.values)


def test_steps_have_the_value_of_their_middle() -> None:
    scale, _ = calibrate_bar(read_legend(), ticks=parse_ticks("50=0,130=2,210=4"))
    assert scale.is_stepped
    assert scale.values == pytest.approx([0.5, 1.5, 2.5, 3.5])


@pytest.mark.parametrize(
    ("ticks", "values"),
    [
        ("50=0,90=1,130=5,170=20,210=100", [0.5, 3, 12.5, 60]),
        ("91=1,130=5,169=20", [-1, 3, 12.5, 27.5]),
        ("50=100,90=20,130=5,170=1,210=0", [60, 12.5, 3, 0.5]),
    ],
)
def test_steps_of_unequal_limits_take_those_of_the_ticks(ticks: str, values: list[float]) -> None:
    scale, fit = calibrate_bar(read_legend(), ticks=parse_ticks(ticks))
    assert fit.scale == "steps"
    assert scale.values == pytest.approx(values)


@pytest.mark.parametrize("ticks", ["50=0,90=1,150=5,170=20,210=100", "90=1,130=5,150=20"])
def test_ticks_off_the_steps_contradict_each_other(ticks: str) -> None:
    with pytest.raises(UsageError, match="contradicts"):
        calibrate_bar(read_legend(), ticks=parse_ticks(ticks))
    with pytest.raises(UsageError, match="contradicts"):
        calibrate_bar(read_legend(), ticks=parse_ticks("50=0,90=1,130=5,170=20,210=100"), scale="linear")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing says the values"),
        ({"vmin": 1}, "nothing says the values"),
        ({"vmin": 1, "vmax": 1}, "span no range"),
        ({"vmin": float("nan"), "vmax": 1}, "span no range"),
        ({"vmin": 0, "vmax": 1, "scale": "log"}, "must both be above 0"),
        ({"vmin": 1, "vmax": 2, "scale": "sqrt"}, "linear or log, not 'sqrt'"),
        ({"ticks": ((50, 0.0), (250, 1.0)), "vmax": 1}, "give one of them"),
        ({"ticks": ((10, 0.0), (250, 1.0))}, "tick 10=0 lies off the color bar, which goes from x 50 to 250"),
        ({"ticks": ((50, 0.0),)}, "two are the least"),
    ],
)
def test_values_that_are_wrong_or_missing_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        calibrate_bar(read_drawn(), **options)  # type: ignore[arg-type]
