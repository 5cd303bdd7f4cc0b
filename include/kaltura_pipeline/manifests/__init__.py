"""Descriptions of titles: the sidecar beside a media file, and manifests that describe a whole batch."""
