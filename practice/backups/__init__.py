"""Backups: made, kept by a rule, restored, and the restoring rehearsed.

A backup is one tar archive, encrypted with age to a public key (BACKUP_RECIPIENT). The other half
is not on the server: whoever breaks in there reads what is there today, but not what was erased
from it and still stands in an old backup, and whoever steals the backups reads nothing at all.

| module | what it knows |
|---|---|
| streams | pipes between one reader and one writer, digests of what passes |
| sealing | age: a pair of keys, encrypting, decrypting |
| snapshots | all of the database at one moment, on SQLite and PostgreSQL |
| archive | the members of a backup, and the manifest that vouches for them |
| stores | a folder or an S3 bucket |
| uploads | pictures and documents, where the site keeps them |
| keeping | which backups are kept |
| making, restoring, rehearsing | the three commands |
| proofs | what the admin shows of it all |
"""

from django.dispatch import Signal

# Sent when a backup is back in the database and migrated, before anybody reads it. A receiver does
# again what was done since for good, such as erasing, and returns a sentence that says how much.
restored = Signal()


class BackupProblem(Exception):
    """Something that whoever runs the command can understand; one sentence or two."""
