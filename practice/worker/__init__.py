"""The process that does what recurs: its clock, its heartbeat, its connections."""
