"""What the site finds when it starts: settings' names, keys, version, database, address."""
