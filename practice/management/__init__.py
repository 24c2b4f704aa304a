"""The commands, and the worker's jobs under the command names that they had until 0.2."""

import sys

from django.apps import apps
from django.core.management import BaseCommand, ManagementUtility, get_commands


class Utility(ManagementUtility):
    """Knows each job by its own name too, which was a command's until 0.2: people have them in
    cron. That goes one release later.
    """

    def fetch_command(self, subcommand: str) -> BaseCommand:
        if apps.ready and subcommand not in get_commands():
            from practice.worker import jobs  # when models may be imported

            if subcommand in jobs.registered():
                sys.stderr.write(
                    f"{subcommand} is now `run_job {subcommand}`. The old name goes away soon.\n"
                )
                self.argv.insert(1, subcommand := "run_job")
        return super().fetch_command(subcommand)
