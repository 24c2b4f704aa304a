"""Which times are open, and the reserving of one."""
