"""Stage 4: values to class codes, by intervals; old codes to new ones, by rules; and colors to phases."""

from tsraster.classification.conditions import Near, spell_color
from tsraster.classification.intervals import OUTSIDE, Outside, check_classifiable, classify
from tsraster.classification.mapping import PASS_THROUGH, Mapping, Rule
from tsraster.classification.mappingtext import parse_mapping
from tsraster.classification.phases import Phase, assign_phases, find_samples
from tsraster.classification.phasetext import parse_phases
from tsraster.classification.reclassification import list_sources, reclassify
from tsraster.classification.rules import ClassRule, RuleTable, apply_rules
from tsraster.classification.rulestext import parse_rules

__all__ = [
    "OUTSIDE",
    "PASS_THROUGH",
    "ClassRule",
    "Mapping",
    "Near",
    "Outside",
    "Phase",
    "Rule",
    "RuleTable",
    "apply_rules",
    "assign_phases",
    "check_classifiable",
    "classify",
    "find_samples",
    "list_sources",
    "parse_mapping",
    "parse_phases",
    "parse_rules",
    "reclassify",
    "spell_color",
]
