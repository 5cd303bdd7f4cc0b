"""Kaltura's analytics as typed tables: whole days, units converted once, totals compared."""
