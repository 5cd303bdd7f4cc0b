"""Sensors: wait until something is true in Kaltura."""
