"""What visitors and the therapist type."""
