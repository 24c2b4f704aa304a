"""What every HTTP request passes through, and what a log may say about it."""
