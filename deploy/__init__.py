"""Installs and updates the site on a Debian server. Only the standard library may be imported, and
what of the site needs no more than that: firstrun and names of
practice/environment.
"""
