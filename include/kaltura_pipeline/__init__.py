"""The ingest, publish and report pipeline: what its DAGs share."""
