"""What the admin shows of consultations: their review, and the schedule."""
