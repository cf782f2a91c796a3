"""Stage 4: values to class codes, by intervals, and old codes to new ones, by rules."""

from tsraster.classification.intervals import OUTSIDE, Outside, check_classifiable, classify
from tsraster.classification.mapping import PASS_THROUGH, Mapping, Rule
from tsraster.classification.mappingtext import parse_mapping
from tsraster.classification.reclassification import list_sources, reclassify

__all__ = [
    "OUTSIDE",
    "PASS_THROUGH",
    "Mapping",
    "Outside",
    "Rule",
    "check_classifiable",
    "classify",
    "list_sources",
    "parse_mapping",
    "reclassify",
]
