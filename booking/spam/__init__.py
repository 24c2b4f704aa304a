"""What looks like spam, by its signs and by its words."""
