"""How mail leaves: by which service, whether it arrives, and what stands in its way."""
