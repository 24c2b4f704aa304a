"""How long the site's own certificate is good for."""

import ssl
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings

WAIT = 5  # seconds
WARN = timedelta(days=14)  # it is renewed a month before its end: by then that has failed twice


class Unknown(Exception):
    """The certificate could not be looked at."""


def days_left(now: datetime) -> int | None:
    """Whole days, negative when it is over, of the certificate in CERTIFICATE_FILE, else of the one
    at SITE_URL. None where neither is set. Raises Unknown.
    """
    try:
        address = urlsplit(settings.SITE_URL)
        if settings.CERTIFICATE_FILE:
            pem = Path(settings.CERTIFICATE_FILE).read_bytes()
        elif address.scheme == "https" and address.hostname:
            # Believed whoever signed it: it is asked for its dates alone, also when they are over.
            pem = ssl.get_server_certificate(
                (address.hostname, address.port or 443), timeout=WAIT
            ).encode()
        else:
            return None
        end = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    except (OSError, TypeError, ValueError) as error:  # of which those of `ssl` are kinds
        raise Unknown(type(error).__name__) from error
    return (end - now) // timedelta(days=1)
