"""Published files in, observations out: the door is ``folder.read_folder``."""
