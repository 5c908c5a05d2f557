"""Read published files into observations; the entry point is ``folder.read_folder``."""
