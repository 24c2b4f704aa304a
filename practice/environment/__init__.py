"""What a start finds around it: settings' names, keys, version, database, own address."""
