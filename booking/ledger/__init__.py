"""What a restored backup is told: who was erased since, and what was wished."""
