"""Kaltura's services: every module here is imported at start and declares its types, actions, routes and jobs."""
