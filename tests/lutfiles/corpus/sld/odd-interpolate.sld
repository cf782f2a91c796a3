<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor xmlns="http://www.opengis.net/se" version="1.1.0">
 <NamedLayer>
  <Name>dem</Name>
  <UserStyle>
   <FeatureTypeStyle>
    <Rule>
     <RasterSymbolizer>
      <Opacity>1.0</Opacity>
      <ColorMap><Interpolate fallbackValue="#dddddd"><LookupValue>Rasterdata</LookupValue>
       <InterpolationPoint><Data>0</Data><Value>#000000</Value></InterpolationPoint><InterpolationPoint><Data>255</Data><Value>#ffffff</Value></InterpolationPoint></Interpolate></ColorMap>
     </RasterSymbolizer>
    </Rule>
   </FeatureTypeStyle>
  </UserStyle>
 </NamedLayer>
</StyledLayerDescriptor>
