"""The models that rows_worker.py asks Django about."""
