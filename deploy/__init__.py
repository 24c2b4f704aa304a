"""Installs and updates the site on a Debian server. Only the standard library may be imported."""
