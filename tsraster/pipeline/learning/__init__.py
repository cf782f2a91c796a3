"""Classes by example: `train.py` makes a model of labeled pixels, `predict.py` classifies others by it."""
