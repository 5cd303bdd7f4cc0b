"""What publishing many entries costs: what is said of them brought to Kaltura, playback checked, pages written."""
