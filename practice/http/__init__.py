"""What every request passes on its way, and what a log may hold of it."""
