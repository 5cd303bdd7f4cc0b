"""What the reconcile DAG does: compare what files and sidecars want with what Kaltura has, and mend it when told to."""
