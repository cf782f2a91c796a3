"""Legends of color tables: laid out once, drawn as pixels or written as SVG or HTML."""

from tsraster.coloring.legends.drawing import draw_legend
from tsraster.coloring.legends.layout import plan_legend
from tsraster.coloring.legends.markup import legend_html, legend_svg
from tsraster.coloring.legends.parts import Legend

__all__ = ["Legend", "draw_legend", "legend_html", "legend_svg", "plan_legend"]
