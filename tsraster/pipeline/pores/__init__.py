"""Pores of a volume, in three dimensions and at any size: read `pores.py` first."""
