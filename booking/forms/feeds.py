"""Other calendars of the therapist's, whose addresses are secrets."""

from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from booking.busy import fetching, sync
from booking.forms.hours import BaseRows, PlainForm, rows_of
from booking.models import BusyFeed, Schedule

MOST_FEEDS = 10
AS_TYPED = {"autocapitalize": "none", "spellcheck": "false"}
validate_address = EmailValidator(
    _("%(value)s doesn't look like an email address. It should look like name@example.com.")
)


class FeedForm(PlainForm, forms.Form):
    """Another calendar. What is stored of its address is never shown: it is a secret."""

    pk = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        max_length=60,
        help_text=_("For yourself, such as: my own calendar."),
        error_messages={"required": _("Give it a name, so you'll recognize it.")},
    )
    url = forms.CharField(
        label=_("Secret address (iCal)"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", **AS_TYPED}),
    )
    own_addresses = forms.CharField(
        label=_("Your email addresses in this calendar"),
        max_length=500,
        required=False,
        help_text=_(
            "Optional. With them, invitations that you declined don't count as busy. Put a comma "
            "between two addresses."
        ),
        widget=forms.TextInput(attrs={"inputmode": "email", **AS_TYPED}),
    )

    def __init__(self, *args: Any, feeds: dict[str, BusyFeed], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.feeds = feeds
        self.fields["url"].help_text = (
            _("Leave it empty to stay with the stored address.")
            if self["pk"].value()
            else _("It begins with https://. Anyone who has it can read that calendar.")
        )

    @cached_property
    def feed(self) -> BusyFeed | None:
        """The calendar that is on file, unless it was removed since."""
        return self.feeds.get(str(self["pk"].value()))

    @property
    def host(self) -> str:
        """All that is shown of the stored address; empty where its key is missing."""
        try:
            return fetching.target(self.feed.url).host if self.feed else ""
        except fetching.AddressRefused:
            return ""

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if not url and not self.cleaned_data.get("pk"):
            raise ValidationError(_("Paste the address of the calendar."))
        try:
            if url:
                fetching.target(url)
        except fetching.AddressRefused as refused:
            raise ValidationError(str(refused)) from refused
        return url

    def clean_own_addresses(self) -> str:
        addresses = self.cleaned_data["own_addresses"].replace(",", " ").split()
        for address in addresses:
            validate_address(address)
        return ", ".join(addresses)

    def save(self, schedule: Schedule) -> None:
        """Stores it; by update, since the worker or another tab may be at it."""
        said = {name: self.cleaned_data[name] for name in ("name", "own_addresses")}
        url = self.cleaned_data["url"]
        if self.feed is None:
            if url:
                BusyFeed.objects.create(schedule=schedule, url=url, **said)
            return
        stored = BusyFeed.objects.filter(pk=self.feed.pk)
        stored.update(**said)
        if said["own_addresses"] != self.feed.own_addresses:
            sync.read_again(stored)
        if url and url != self.feed.url:
            # Its busy times stay until the new address is read: nothing opens by itself.
            now = timezone.now()
            fresh = {"read_at": None, "problem": "", "warnings": [], "accepted": None}
            stored.update(url=url, added_at=now, **fresh)
            sync.read_again(stored)


class BaseFeeds(BaseRows):
    def save(self, schedule: Schedule) -> None:
        gone = [form.feed.pk for form in self.deleted_forms if form.feed]
        BusyFeed.objects.filter(pk__in=gone).delete()
        for form in self.kept:
            form.save(schedule)


FeedFormSet = rows_of(FeedForm, BaseFeeds, spare=1, most=MOST_FEEDS)
