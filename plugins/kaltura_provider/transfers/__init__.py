"""Transfers: content and reports between Kaltura and object stores or files."""
