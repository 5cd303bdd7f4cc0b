"""What the publish DAG does with entries: bring them up to date, see them play, and put them on pages."""
