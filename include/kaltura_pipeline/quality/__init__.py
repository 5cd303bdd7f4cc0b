"""Checks of content before anything is transferred: media, captions, thumbnails."""
