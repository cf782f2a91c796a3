"""The color bar in a picture: found, read, and given its values."""
