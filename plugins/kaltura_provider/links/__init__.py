"""Links from a task in Airflow's UI to pages in Kaltura."""
