"""The wheel in clean environments with the oldest and the newest Airflow it says it works with."""
