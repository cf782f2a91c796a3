"""Files in, files out: the only place where stages are combined. `classify.py` tells the story; read it first."""
