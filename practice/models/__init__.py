"""The practice itself: who signs in, what it says about itself, and its plain pages."""

from practice.models.accounts import OwedLink, Tally
from practice.models.mail import TestLetter
from practice.models.operation import BackupProof, Heartbeat, Silence, Stamp
from practice.models.pages import (
    DeletedPage,
    FixedPage,
    HomePage,
    ReaderPage,
    SamplePage,
    StandardPage,
)
from practice.models.pictures import SiteImage, SiteRendition
from practice.models.regions import Region, parse_regions
from practice.models.settings import (
    KEPT,
    Agreement,
    Caller,
    DaysAway,
    Intake,
    Medium,
    PracticeSettings,
)
from practice.models.user import User, UserManager
