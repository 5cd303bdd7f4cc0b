"""How fast uploads are, next to other uploaders and to ``curl``, near and far: ``make bench-upload``."""
