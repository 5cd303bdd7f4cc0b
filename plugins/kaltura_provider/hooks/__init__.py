"""Hooks: from an Airflow connection to an authenticated Kaltura client."""
