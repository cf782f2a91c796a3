"""A field of values down to the points that carry it, and the field made again from them."""
