"""Apache Airflow provider for Kaltura: sessions, uploads, entries, players and analytics as operators and sensors."""

__version__ = "0.1.0"
