<?xml version="1.0" encoding="UTF-8"?>
<sld:StyledLayerDescriptor xmlns:sld="http://www.opengis.net/sld" version="1.0.0">
 <sld:NamedLayer>
  <sld:Name>dem</sld:Name>
  <sld:UserStyle>
   <sld:FeatureTypeStyle>
    <sld:Rule>
     <sld:RasterSymbolizer>
      <sld:Opacity>1.0</sld:Opacity>
      <sld:ColorMap type="values">
       <sld:ColorMapEntry color="#0000ff" quantity="1" label="water"/>
      </sld:ColorMap>
     </sld:RasterSymbolizer>
    </sld:Rule>
   </sld:FeatureTypeStyle>
  </sld:UserStyle>
 </sld:NamedLayer>
</sld:StyledLayerDescriptor>
