from typing import Any

from django.core.management.base import BaseCommand, CommandError

from practice.website import own_templates


class Command(BaseCommand):
    help = "Copies one of the site's templates into the practice's own files, to change there."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name", help="such as includes/footer.html")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            self.stdout.write(str(own_templates.copy(name)))
        except FileNotFoundError:
            raise CommandError(f"The site has no template {name}.") from None
        except FileExistsError as error:
            raise CommandError(f"{error.filename} is already there.") from None
