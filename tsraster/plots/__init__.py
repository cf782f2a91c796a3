"""Plots of what the jobs find: a histogram with its cutoffs, schemes side by side, a class map with its legend.

The only place that uses matplotlib, which the extra ``tsraster[plots]`` installs.
"""

from tsraster.plots.classmap import plot_classes
from tsraster.plots.counts import plot_histogram
from tsraster.plots.figure import require_matplotlib
from tsraster.plots.inversions import plot_inversion
from tsraster.plots.pointmap import plot_points
from tsraster.plots.sizes import plot_sizes
from tsraster.plots.spectra import plot_spectra
from tsraster.plots.strips import plot_breaks
from tsraster.plots.thinning import plot_thinning
from tsraster.plots.volumes import plot_pores, plot_scene, plot_slices

__all__ = [
    "plot_breaks",
    "plot_classes",
    "plot_histogram",
    "plot_inversion",
    "plot_points",
    "plot_pores",
    "plot_scene",
    "plot_sizes",
    "plot_slices",
    "plot_spectra",
    "plot_thinning",
    "require_matplotlib",
]
