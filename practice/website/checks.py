"""What of a practice's own files goes badly with the site as it is now."""

from django.core.checks import Tags, Warning

from practice.environment.checking import Complaints, check
from practice.website import own_templates


@check(Tags.templates)
def own_templates_are_known() -> Complaints:
    """An update changes the site's templates, and nobody's own: a form could lose a field by it."""
    for line in own_templates.doubtful():
        yield Warning(line, hint="docs/operator.md, “A practice's own files”.", id="practice.W013")
