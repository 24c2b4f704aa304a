"""The therapist's other calendars: fetched, and their busy times brought up to date."""
