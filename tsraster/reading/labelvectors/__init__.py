"""Labels from vector files: polygons, lines and points with a class, laid over a raster and drawn window by window."""

from tsraster.reading.labelvectors.files import VECTOR_ENDINGS, read_label_shapes
from tsraster.reading.labelvectors.shapes import LabelShapes, LabelTally

__all__ = ["VECTOR_ENDINGS", "LabelShapes", "LabelTally", "read_label_shapes"]
