"""A cluster in a box: manifests are read and checked here, then run on virtual time."""
