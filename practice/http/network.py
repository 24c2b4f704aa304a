"""Where a request came from, as far as a limit may know."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """The visitor's address: one IPv4 address, or the /64 network of an IPv6 one.

    A home or a server is given a whole /64 (RFC 6177), so one address of it says little. Behind
    the proxy only the last entry of X-Forwarded-For is its own word: whatever stands before that
    was written by the client. Without a proxy the header is not looked at. What is no address
    counts as one and the same, `unknown`.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]
    try:
        found = ip_address(address.strip())
    except ValueError:
        return UNKNOWN
    if found.version == 6 and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    if found.version == 6:
        return str(ip_network((int(found), 64), strict=False))
    return str(found)
