"""The practice itself: who signs in, what it says about itself, and its plain pages."""

from practice.models.pages import HomePage, SamplePage, StandardPage
from practice.models.pictures import SiteImage, SiteRendition
from practice.models.regions import Region, parse_regions
from practice.models.settings import Caller, DaysAway, Intake, Medium, PracticeSettings
from practice.models.user import User, UserManager

__all__ = [
    "Caller",
    "DaysAway",
    "HomePage",
    "Intake",
    "Medium",
    "PracticeSettings",
    "Region",
    "SamplePage",
    "SiteImage",
    "SiteRendition",
    "StandardPage",
    "User",
    "UserManager",
    "parse_regions",
]
