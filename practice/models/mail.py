"""Whether mail arrives, as a test letter has proved it."""

from typing import ClassVar

from django.db import models


class TestLetter(models.Model):
    """The last test letter, and what the one before it may have proved. There is one row.

    A print stands for settings without saying what they are.
    """

    __test__ = False  # no class of tests, whatever pytest makes of its name

    code = models.CharField(max_length=16)
    recipient = models.EmailField(blank=True, help_text="Only until the letter has left")
    settings_print = models.CharField(max_length=64, help_text="Under which it was asked for")
    asked_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, help_text="By the worker that sends it")
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True, help_text="Why it did not leave")
    proved_at = models.DateTimeField(null=True)
    proved_print = models.CharField(max_length=64, blank=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="test_letter_is_one")
        ]

    def __str__(self) -> str:
        return "The test letter"
