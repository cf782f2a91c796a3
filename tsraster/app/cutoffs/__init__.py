"""Classes by cutoffs, edited by hand over the histogram."""
