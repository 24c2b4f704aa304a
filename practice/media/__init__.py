"""Pictures and documents: which uploads are taken, and where they are stored."""
