"""Synthetic traffic: a library and its viewers, made up from a seed; its events are computed, not stored."""
