"""What a job reads: a file or a Landsat scene, in physical values, as an index, and masked; begin with `sources`."""
