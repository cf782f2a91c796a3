"""The numbers of classes in label images: consecutive, spread, or from 0 to 1; and what is left for no class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tsraster.errors import UsageError
from tsraster.pipeline.labeling.labelcoding import CodingPlan


@pytest.mark.parametrize(
    ("classes", "options", "values", "unlabeled", "n_classes"),
    [
        (5, {}, (1, 2, 3, 4, 5), 0, 6),
        (5, {"first_id": 0}, (0, 1, 2, 3, 4), None, 5),
        (5, {"first_id": 0, "unlabeled": 255}, (0, 1, 2, 3, 4), 255, 5),
        (5, {"first_id": 0, "unlabeled": 5}, (0, 1, 2, 3, 4), 5, 6),
        (5, {"style": "spread"}, (1, 50, 100, 180, 200), 0, 6),
        (3, {"style": "spread"}, (85, 170, 255), 0, 4),
        (2, {"style": "spread", "values": [7, 0]}, (7, 0), None, 3),
        (5, {"style": "unit"}, (0.2, 0.4, 0.6, 0.8, 1.0), 0, 6),
        (5, {"style": "unit", "first_id": 0}, (0.0, 0.25, 0.5, 0.75, 1.0), None, 5),
        (3, {"export": "keras"}, (0, 1, 2), None, 3),
        (3, {"export": "keras", "first_id": 1}, (1, 2, 3), 0, 4),
        (3, {"export": "keras", "leaves_rest": True}, (1, 2, 3), 0, 4),
        (3, {"export": "keras", "first_id": 0, "unlabeled": 3}, (0, 1, 2), 3, 4),
        (3, {"export": "coco-stuff"}, (0, 1, 2), 255, 3),
        (3, {"export": "coco-stuff", "leaves_rest": True}, (0, 1, 2), 255, 3),
        (255, {"export": "coco-stuff"}, tuple(range(255)), 255, 255),
        (255, {}, tuple(range(1, 256)), 0, 256),
    ],
)
def test_each_class_gets_its_number(
    classes: int, options: dict[str, Any], values: tuple[float, ...], unlabeled: int | None, n_classes: int
) -> None:
    coding = CodingPlan(**options).code(classes)
    assert coding.values == values
    assert (coding.unlabeled, coding.n_classes) == (unlabeled, n_classes)
    encoded = coding.encode(np.arange(classes + 1, dtype=np.uint8))
    assert encoded.dtype == (np.float32 if options.get("style") == "unit" else np.uint8)
    np.testing.assert_array_equal(encoded[1:], np.array(values, encoded.dtype))
    assert unlabeled is None or encoded[0] == unlabeled


@pytest.mark.parametrize(
    ("classes", "options", "text"),
    [
        (256, {}, "256 classes do not fit"),
        (2, {"style": "gray"}, "--style is 'gray'; choose from ids, spread, unit"),
        (2, {"export": "voc"}, "--export is 'voc'; choose from keras, coco-stuff"),
        (2, {"export": "keras", "style": "spread"}, "wants consecutive ids"),
        (2, {"values": [1, 2]}, "--values are the numbers of --style spread"),
        (2, {"style": "spread", "values": [1, 2, 3]}, "3 values for 2 classes"),
        (2, {"style": "spread", "values": [1, 1]}, "give different whole numbers"),
        (2, {"style": "spread", "values": [1, 256]}, "from 0 to 255"),
        (2, {"style": "spread", "first_id": 0}, "--first-id is for ids"),
        (2, {"first_id": 2}, "--first-id is 2; choose 0 or 1"),
        (2, {"unlabeled": 1}, "--unlabeled is 1, which is a class"),
        (2, {"unlabeled": 256}, "does not fit into 8 bits"),
        (2, {"style": "unit", "unlabeled": 255}, "--unlabeled is for whole numbers"),
        (2, {"export": "coco-stuff", "first_id": 1}, "counts ids from 0"),
        (2, {"export": "keras", "unlabeled": 255}, "would leave gaps between the ids.* it can be 2"),
        (2, {"export": "keras", "first_id": 1, "unlabeled": 3}, "it can be 0"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(classes: int, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        CodingPlan(**options).code(classes)
