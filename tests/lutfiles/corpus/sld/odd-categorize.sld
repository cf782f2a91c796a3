<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor xmlns="http://www.opengis.net/se" version="1.1.0">
 <NamedLayer>
  <Name>dem</Name>
  <UserStyle>
   <FeatureTypeStyle>
    <Rule>
     <RasterSymbolizer>
      <Opacity>1.0</Opacity>
      <ColorMap><Categorize fallbackValue="#78c818"><LookupValue>Rasterdata</LookupValue>
       <Value>#00ff00</Value><Threshold>-417</Threshold><Value>#00fa00</Value><Threshold>-333</Threshold><Value>#14f500</Value></Categorize></ColorMap>
     </RasterSymbolizer>
    </Rule>
   </FeatureTypeStyle>
  </UserStyle>
 </NamedLayer>
</StyledLayerDescriptor>
