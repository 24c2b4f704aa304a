"""Which times are open, and how one is reserved."""
