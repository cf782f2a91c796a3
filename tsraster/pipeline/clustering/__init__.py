"""Unsupervised classes of several bands: read `cluster.py` first."""
