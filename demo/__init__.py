"""The demonstration: the three DAGs on real media, against a local Kaltura and a local S3."""
