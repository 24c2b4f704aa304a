"""Backups: made, kept by a rule, restored, and the restoring rehearsed.

A backup is one tar archive, encrypted with age to a public key (BACKUP_RECIPIENT). The other half
is not on the server: whoever breaks in there reads what is there today, but not what was erased
from it and still stands in an old backup, and whoever steals the backups reads nothing at all.
"""

from django.dispatch import Signal

# Sent when a backup is back in the database and migrated, before anybody reads it. A receiver does
# again what was done since for good, such as erasing, and returns a sentence that says how much.
restored = Signal()


class BackupProblem(Exception):
    """Something that whoever runs the command can understand; one sentence or two."""
