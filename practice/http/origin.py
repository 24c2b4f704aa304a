"""Whether a page of this site sent a form."""

from django.http import HttpRequest


def is_foreign(request: HttpRequest) -> bool:
    """Whether another site's page sent it, as the browser says (W3C Fetch Metadata).

    It guards visitors' forms (`csrf_exempt`) in place of a cookie. Nobody is signed in there, so
    a cookie would prove nothing and mark the device; and those pages send no referrer, under which
    browsers give `Origin: null` and Django's own guard refuses the form. What is foreign gets the
    form shown again instead of a wall.
    """
    return request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
