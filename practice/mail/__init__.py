"""How mail leaves: by which service, whether it arrives, what gets in its way."""
