"""Finished pages, cached until something of the site changes."""
