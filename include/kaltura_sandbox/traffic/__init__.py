"""Synthetic traffic: a library and its viewers, made up from a seed. Its events are computed when asked for, not stored."""
