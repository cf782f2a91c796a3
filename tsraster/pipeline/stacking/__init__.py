"""Bands of several files as one raster; begin with `stack`."""
