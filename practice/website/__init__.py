"""The public site's own parts, and the pages and groups that it begins with."""
