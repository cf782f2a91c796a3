"""Stage 3: a stream of values to classes; one small module a scheme, and the distribution that they are fitted to."""

from tsraster.schemes.counted import Counted
from tsraster.schemes.distribution import NOTHING_VALID, Distribution, Parts, Stream, Summary
from tsraster.schemes.scheme import SCHEMES, Choice, Scheme, check_class_count, choose_scheme, close_edges
from tsraster.schemes.tally import Blocks, counts_each, tally, tally_array

for _name, _place in {
    "equal-interval": "equal_interval:SCHEME",
    "defined-interval": "defined_interval:SCHEME",
    "quantiles": "quantiles:SCHEME",
    "percentiles": "percentiles:SCHEME",
    "natural-breaks": "natural_breaks:SCHEME",
    "otsu": "natural_breaks:SCHEME",
    "standard-deviation": "standard_deviation:SCHEME",
    "head-tail": "head_tail:SCHEME",
    "geometric-interval": "geometric_interval:SCHEME",
    "logarithmic": "logarithmic:SCHEME",
    "pretty": "pretty:SCHEME",
    "box-plot": "box_plot:SCHEME",
    "maximum-breaks": "maximum_breaks:SCHEME",
    "unique": "unique:SCHEME",
    "li": "thresholds:LI",
    "yen": "thresholds:YEN",
    "isodata": "thresholds:ISODATA",
    "triangle": "thresholds:TRIANGLE",
    "minimum": "thresholds:MINIMUM",
    "mean": "thresholds:MEAN",
}.items():
    SCHEMES.register_place(_name, f"{__name__}.{_place}")

__all__ = [
    "NOTHING_VALID",
    "SCHEMES",
    "Blocks",
    "Choice",
    "Counted",
    "Distribution",
    "Parts",
    "Scheme",
    "Stream",
    "Summary",
    "check_class_count",
    "choose_scheme",
    "close_edges",
    "counts_each",
    "tally",
    "tally_array",
]
