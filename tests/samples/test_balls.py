"""Drawn volumes hold the pores that their truth says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import pdist

from tsraster.errors import UsageError
from tsraster.samples.balls import GAP, draw_ball_slabs, draw_balls, draw_radii, place_balls

SHAPE = (40, 44, 48)
RADII = np.array([2.5, 9.0, 4.0, 1.0, 4.0, 6.5, 1.5])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cut", [False, True])
def test_each_ball_is_a_component_of_its_own(seed: int, cut: bool) -> None:
    drawn = draw_balls(SHAPE, RADII, seed=seed, cut=cut)
    labels, number = ndimage.label(drawn.volume == 0, np.ones((3, 3, 3)))
    assert number == np.count_nonzero(drawn.voxels)
    assert sorted(np.bincount(labels.ravel())[1:]) == sorted(drawn.voxels[drawn.voxels > 0])
    assert drawn.porosity == np.mean(drawn.volume == 0)
    _, faces = ndimage.label(drawn.volume == 0)
    assert faces == number


def test_a_voxel_is_in_a_ball_when_its_middle_is() -> None:
    drawn = draw_balls(SHAPE, RADII, seed=1)
    middles = np.moveaxis(np.indices(SHAPE), 0, -1)
    inside = np.zeros(SHAPE, dtype=bool)
    for center, radius, voxels in zip(drawn.balls.centers, drawn.balls.radii, drawn.voxels, strict=True):
        ball = ((middles - center) ** 2).sum(axis=-1) <= radius**2
        assert ball.sum() == voxels
        inside |= ball
    np.testing.assert_array_equal(drawn.volume, np.where(inside, 0, 255))


def test_balls_keep_apart_and_off_the_border() -> None:
    balls = place_balls((60, 60, 60), draw_radii(150, 4.0, 0.8, seed=2), seed=2)
    reach = balls.radii[:, None] + balls.radii
    assert (pdist(balls.centers) > reach[np.triu_indices(len(reach), 1)] + GAP).all()
    assert (balls.centers - balls.radii[:, None]).min() >= 1
    assert (balls.centers + balls.radii[:, None]).max() <= 58
    assert balls.draw()[0][[0, -1]].min() == 255


def test_balls_that_stick_out_lie_everywhere() -> None:
    balls = place_balls((20, 20, 400), np.full(60, 3.0), seed=3, cut=True)
    assert balls.centers[:, :2].min() < 1
    assert 18 < balls.centers[:, :2].max() <= 19.5
    assert balls.draw()[0][0].min() == 0


def test_volumes_are_those_of_the_balls() -> None:
    drawn = draw_balls((90, 90, 90), draw_radii(120, 5.5, 0.6, seed=4), seed=4)
    assert drawn.voxels.sum() == pytest.approx(drawn.balls.volumes.sum(), rel=0.01)
    logs = np.log(draw_balls((8, 8, 8), np.zeros(0)).balls.volumes)
    assert len(logs) == 0


def test_radii_are_those_of_lognormal_volumes() -> None:
    logs = np.log(4 / 3 * np.pi * draw_radii(20_000, 5.0, 0.7) ** 3)
    assert (logs.mean(), logs.std()) == pytest.approx((5.0, 0.7), abs=0.02)
    assert 4 / 3 * np.pi * draw_radii(2000, 2.0, 1.0, smallest=10).min() ** 3 >= 10


@pytest.mark.parametrize("planes", [1, 7, 64])
def test_slabs_are_the_volume(planes: int) -> None:
    balls = place_balls(SHAPE, RADII, seed=5, cut=True, light=True)
    slabs = list(draw_ball_slabs(balls, planes))
    assert {len(slab) for slab in slabs[:-1]} <= {planes}
    np.testing.assert_array_equal(np.concatenate(slabs), balls.draw()[0])
    parts = [balls.draw(start, start + planes)[1] for start in range(0, SHAPE[0], planes)]
    assert np.sum(parts, axis=0).tolist() == balls.draw()[1].tolist()


def test_light_balls_are_the_dark_ones_turned_round() -> None:
    dark, light = (draw_balls(SHAPE, RADII, light=light).volume for light in (False, True))
    np.testing.assert_array_equal(dark, 255 - light)


def test_a_seed_places_the_same_balls_and_another_places_others() -> None:
    one, again, other = (place_balls(SHAPE, RADII, seed=seed) for seed in (0, 0, 1))
    assert one.centers.tolist() == again.centers.tolist()
    assert one.centers.tolist() != other.centers.tolist()
    assert one.radii.tolist() == RADII.tolist()


@pytest.mark.parametrize(
    ("radii", "reason"),
    [
        ([20.0], "no place for a ball of radius 20"),
        ([6.0] * 200, "no place for a ball of radius 6"),
        ([2.0, 0.0], "above 0"),
        ([2.0, np.nan], "finite"),
    ],
    ids=["too large", "too many", "nothing", "no number"],
)
def test_balls_that_do_not_fit_are_refused(radii: list[float], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        draw_balls((40, 40, 40), np.array(radii))


def test_a_sample_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        draw_balls((16, 16, 16), np.array([2.0])).balls.light = True  # type: ignore[misc]
