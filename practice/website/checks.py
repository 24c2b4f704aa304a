"""What of a practice's own files goes badly with the site as it is now."""

from django.core.checks import Tags

from practice.environment.checking import Complaints, check
from practice.website import own_templates


@check("practice.W013", "See docs/operator/own-files.md.", tag=Tags.templates)
def own_templates_are_known() -> Complaints:
    """An update changes the site's templates, and nobody's own: a form could lose a field by it."""
    yield from own_templates.doubtful()
