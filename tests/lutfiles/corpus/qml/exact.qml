<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28.2-Firenze" styleCategories="AllStyleCategories" maxScale="0">
 <pipe>
  <provider><resampling enabled="false"/></provider>
  <rasterrenderer nodataColor="" opacity="1" classificationMax="2" classificationMin="0" band="1" alphaBand="-1" type="singlebandpseudocolor">
   <rasterTransparency/>
   <minMaxOrigin><limits>MinMax</limits></minMaxOrigin>
   <rastershader>
    <colorrampshader colorRampType="EXACT" classificationMode="2" clip="0" minimumValue="0" maximumValue="2" labelPrecision="4">
     <item alpha="255" value="1" label="water" color="#0000ff"/>
     <item value="2" label="wood" color="#006300"/>
    </colorrampshader>
   </rastershader>
  </rasterrenderer>
 </pipe>
 <blendMode>0</blendMode>
</qgis>
