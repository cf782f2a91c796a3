"""What is seen of a raster: decimated copies, views, gray and color, and the figure on the page."""
