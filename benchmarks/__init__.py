"""Time and peak memory of whole processes, one file a stage; run with ``python -m benchmarks``."""
