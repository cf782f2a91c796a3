"""Trainable pixel classification: features of a picture at several scales, a classifier of them, and its file."""
