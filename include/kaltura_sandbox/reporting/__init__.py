"""Reports: the events that players sent, counted for days and time zones."""
