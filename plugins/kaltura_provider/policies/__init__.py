"""Policies that tell Airflow how to treat failures of Kaltura tasks."""
