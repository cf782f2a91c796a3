<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" version="1.0.0">
 <NamedLayer>
  <Name>dem</Name>
  <UserStyle>
   <FeatureTypeStyle>
    <Rule>
     <RasterSymbolizer>
      <Opacity>1.0</Opacity>
      <ColorMap type="intervals" extended="true">
       <ColorMapEntry color="#0000ff" quantity="290" label="&lt; 290"/>
       <ColorMapEntry color="#006300" quantity="300.5" label="mild"/>
      </ColorMap>
     </RasterSymbolizer>
    </Rule>
   </FeatureTypeStyle>
  </UserStyle>
 </NamedLayer>
</StyledLayerDescriptor>
