"""Files of a run: the folder, its record, its checkpoints. The only part of the package that writes to disk."""
