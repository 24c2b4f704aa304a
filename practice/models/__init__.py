"""The practice itself: who signs in, what it says about itself, and its plain pages."""

from practice.models.accounts import OwedLink, Tally
from practice.models.pages import HomePage, SamplePage, StandardPage
from practice.models.pictures import SiteImage, SiteRendition
from practice.models.regions import Region, parse_regions
from practice.models.settings import KEPT, Caller, DaysAway, Intake, Medium, PracticeSettings
from practice.models.user import User, UserManager

__all__ = [
    "KEPT",
    "Caller",
    "DaysAway",
    "HomePage",
    "Intake",
    "Medium",
    "OwedLink",
    "PracticeSettings",
    "Region",
    "SamplePage",
    "SiteImage",
    "SiteRendition",
    "StandardPage",
    "Tally",
    "User",
    "UserManager",
    "parse_regions",
]
