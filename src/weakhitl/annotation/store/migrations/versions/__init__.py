"""One file a version, each leading from the one before."""
