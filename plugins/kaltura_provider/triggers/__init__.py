"""Triggers: what waits in the triggerer on behalf of deferred tasks."""
