<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28"><renderer-v2 type="singleSymbol"><symbols/></renderer-v2></qgis>
