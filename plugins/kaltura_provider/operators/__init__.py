"""Operators: one Kaltura action, or a few that belong together, as an Airflow task."""
