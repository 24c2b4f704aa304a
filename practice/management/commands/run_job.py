from typing import Any

from django.core.management.base import BaseCommand, CommandError

from practice.worker import clocks, jobs


class Command(BaseCommand):
    help = "Does one of the worker's jobs once and says what it did. Without a name, lists them."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name", nargs="?", help="of the job")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
        parser.add_argument("--now", action="store_true", help="even if it isn't due")

    def handle(self, *args: Any, name: str | None, **options: Any) -> None:
        every = jobs.registered()
        if name is None:
            for each in sorted(every):
                self.stdout.write(f"{each:22}{every[each].help}")
        elif job := every.get(name):
            self._run(job, {option for option in ("dry_run", "now") if options[option]})
        else:
            raise CommandError(f"There's no job {name}. `manage.py run_job` lists them all.")

    def _run(self, job: jobs.Job, asked: set[str]) -> None:
        if len(asked) > 1 or not asked <= job.options.keys():
            raise CommandError(
                f"{job.name} doesn't take that option. `manage.py run_job` says which it takes."
            )
        if asked:
            said = job.options[asked.pop()]()
        else:
            if job.by_date:
                clocks.refuse_in_doubt()
            said = job.run_by_hand()
        if said:
            self.stdout.write(said)
