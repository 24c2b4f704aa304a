"""What differs from place to place: zones, how times are written, working days, law."""
