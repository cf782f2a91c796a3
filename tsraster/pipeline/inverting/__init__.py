"""A colored picture back to data: read `invert.py` first."""
