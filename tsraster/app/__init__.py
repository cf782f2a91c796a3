"""The interactive page: a raster, its classes and its labels, in a browser."""
