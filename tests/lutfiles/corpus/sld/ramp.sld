<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" version="1.0.0">
 <NamedLayer>
  <Name>dem</Name>
  <UserStyle>
   <FeatureTypeStyle>
    <Rule>
     <RasterSymbolizer>
      <Opacity>1.0</Opacity>
      <ColorMap>
       <ColorMapEntry color="#000000" quantity="-1.5" label="cold"/>
       <ColorMapEntry color="#FFffFF" quantity="7" opacity="0.5" label="warm &amp; wet"/>
      </ColorMap>
     </RasterSymbolizer>
    </Rule>
   </FeatureTypeStyle>
  </UserStyle>
 </NamedLayer>
</StyledLayerDescriptor>
