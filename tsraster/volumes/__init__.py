"""Volumes larger than memory, slab by slab: components and their sizes, previews and surfaces."""
