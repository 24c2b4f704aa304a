"""What the admin shows of consultations: their review, and the schedule."""

from booking.viewsets.consultations import viewset
from booking.viewsets.schedule import viewset as schedule_viewset

__all__ = ["schedule_viewset", "viewset"]
