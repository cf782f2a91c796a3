<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28.2-Firenze">
 <pipe>
  <rasterrenderer type="paletted" opacity="1" band="1" alphaBand="-1" nodataColor="">
   <rasterTransparency/>
   <colorPalette>
    <paletteEntry value="1" label="water" color="#0000ff" alpha="255"/>
    <paletteEntry color="#006300" value="10" alpha="128" label="Wälder &lt;dicht&gt;"/>
   </colorPalette>
  </rasterrenderer>
 </pipe>
</qgis>
