"""Label images of many pictures by one recipe, and training sets made of them; begin with `labels`."""
