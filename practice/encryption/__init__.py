"""Keys: changing them while the site serves, and writing them down on paper."""
