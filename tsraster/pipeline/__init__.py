"""Files in, files out: the only place where stages are combined. `classify.py` tells the story; read it first."""

from tsraster.pipeline.classify import Classification, classify_file

__all__ = ["Classification", "classify_file"]
