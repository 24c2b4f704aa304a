from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from blog.importers.account import LostLine
from blog.importers.draft import ArticleDraft
from blog.importers.paragraphs import lines_of
from blog.importers.plaintext import UnknownTitle, read_articles
from blog.importers.source import UnreadableSource, read_source
from blog.importers.writer import Action, Result, write
from blog.models import ArticleIndexPage

LONG = 100_000  # characters from which on progress is shown


class Command(BaseCommand):
    help = (
        "Import articles, and a bio, from a plain-text document. The reader guesses from the "
        "document's shape where an article begins and what its lines are, and says why."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="The document: plain text.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Only say what would be done; write nothing."
        )
        parser.add_argument(
            "--publish", action="store_true", help="Publish the pages; otherwise they're drafts."
        )
        parser.add_argument(
            "--title",
            action="append",
            default=[],
            dest="titles",
            metavar="TITLE",
            help="The line that is an article's title, if the guess is wrong. Repeat it as needed. "
            "If a heading was taken for a title, give all the titles. A line of --- in the "
            "document separates articles, too.",
        )

    def handle(
        self,
        *args: Any,
        path: Path,
        dry_run: bool,
        publish: bool,
        titles: Sequence[str],
        **options: Any,
    ) -> None:
        try:
            text, guessed = read_source(path)
        except UnreadableSource as error:
            raise CommandError(f"{error}.") from error
        drafts = self.drafts(text, titles)
        index = ArticleIndexPage.objects.first()
        if index is None:
            raise CommandError("There's no list of articles to import into. Run migrate first.")
        if guessed:
            self.stdout.write(
                f"{path.name} was read as {guessed}, because it isn't in UTF-8. Check its "
                "quotation marks and accents."
            )
        for draft in drafts:
            self.describe(draft)
        lines = sum(bool(line.strip()) for line in lines_of(text))
        self.stdout.write(f"All {lines} lines of {path.name} are accounted for.")
        progress = self.progress("Writing", len(text))
        try:
            results = write(
                drafts, index=index, publish=publish, dry_run=dry_run, progress=progress
            )
        except ValidationError as error:
            raise CommandError(f"Nothing was imported: {'; '.join(error.messages)}") from error
        except IntegrityError as error:
            raise CommandError("Nothing was imported: another import was running.") from error
        for result in results:
            self.report(result, dry_run)
        if dry_run:
            self.stdout.write("This was a dry run: nothing was written.")

    def drafts(self, text: str, titles: Sequence[str]) -> list[ArticleDraft]:
        try:
            drafts = read_articles(
                text, titles=titles, progress=self.progress("Reading", len(text))
            )
        except (UnknownTitle, LostLine) as error:
            raise CommandError(f"Nothing was imported: {error}.") from error
        if not drafts:
            raise CommandError("Nothing was imported: the document has no text.")
        for draft in drafts:
            if not draft.body:
                raise CommandError(
                    f"Nothing was imported: no text follows the title on line {draft.line}."
                )
        return drafts

    def describe(self, draft: ArticleDraft) -> None:
        kind = "Article" if draft.kind == "article" else "Bio"
        self.stdout.write(f'{kind} from line {draft.line}: "{draft.title}"')
        for guess in draft.guesses:
            self.stdout.write(f"  line {guess.line}: {guess.what} ({guess.why})")
        if draft.kind == "article" and "call_to_action" not in dict(draft.body):
            self.stdout.write("  no closing invitation: it will end with the practice's own")

    def report(self, result: Result, dry_run: bool) -> None:
        if dry_run:
            self.stdout.write(f'Would be {result.action}: "{result.draft.title}"')
            return
        kept = result.action is Action.KEPT
        said = "Kept your edit of" if kept else result.action.capitalize()
        page = result.page
        waits = page is not None and (page.has_unpublished_changes or not page.live)
        self.stdout.write(f'{said} "{result.draft.title}"{" (not published)" if waits else ""}')

    def progress(self, what: str, length: int) -> Callable[[float], None]:
        """Says every tenth of the work that is done, for a document that takes a while."""
        shown = 0

        def tell(done: float) -> None:
            nonlocal shown
            if length >= LONG and int(done * 10) > shown:
                shown = int(done * 10)
                self.stdout.write(f"{what}: {shown * 10}%")

        return tell
