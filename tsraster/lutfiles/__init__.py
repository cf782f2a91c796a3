"""Color tables from files and to files, one module a format, and those that are shipped."""

from tsraster.lutfiles.finding import read_lut
from tsraster.lutfiles.fitting import fit_lut
from tsraster.lutfiles.lutformat import LUT_FORMATS, LutFormat
from tsraster.lutfiles.shipped import shipped_luts

__all__ = ["LUT_FORMATS", "LutFormat", "fit_lut", "read_lut", "shipped_luts"]

# In the order in which they are listed; each is imported when it is first used.
LUT_FORMATS.register_place("csv", "tsraster.lutfiles.csvtable:CSV")
LUT_FORMATS.register_place("gdal", "tsraster.lutfiles.gdaltext:GDAL")
LUT_FORMATS.register_place("esri", "tsraster.lutfiles.gdaltext:ESRI")
LUT_FORMATS.register_place("qml", "tsraster.lutfiles.qgisstyle:QML")
LUT_FORMATS.register_place("qgis", "tsraster.lutfiles.qgistext:QGIS")
LUT_FORMATS.register_place("sld", "tsraster.lutfiles.sldstyle:SLD")
LUT_FORMATS.register_place("grass", "tsraster.lutfiles.grassrules:GRASS")
LUT_FORMATS.register_place("cpt", "tsraster.lutfiles.gmtcpt:CPT")
LUT_FORMATS.register_place("pam", "tsraster.lutfiles.pamsidecar:PAM")
LUT_FORMATS.register_place("envi", "tsraster.lutfiles.enviheader:ENVI")
LUT_FORMATS.register_place("imagej", "tsraster.lutfiles.imagejlut:IMAGEJ")
LUT_FORMATS.register_place("gimp", "tsraster.lutfiles.gimppalette:GIMP")
LUT_FORMATS.register_place("adobe", "tsraster.lutfiles.adobetable:ADOBE")
LUT_FORMATS.register_place("otb", "tsraster.lutfiles.gdaltext:OTB")
