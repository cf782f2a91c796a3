"""Stage 3: a stream of values to class edges; one small module a scheme, and the streaming distribution."""

from tsraster.schemes.distribution import NOTHING_VALID, Distribution, Tally, counts_each, summarize, tally_block
from tsraster.schemes.equal_interval import equal_interval
from tsraster.schemes.scheme import SCHEMES, Scheme, check_class_count

__all__ = [
    "NOTHING_VALID",
    "SCHEMES",
    "Distribution",
    "Scheme",
    "Tally",
    "check_class_count",
    "counts_each",
    "equal_interval",
    "summarize",
    "tally_block",
]
