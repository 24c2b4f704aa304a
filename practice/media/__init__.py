"""Pictures and documents: what of an upload comes in, and where it is kept."""
