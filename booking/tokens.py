"""A visitor's private link: the request's id with its nonce, signed.

The link can be rebuilt whenever a letter needs it, so it is stored nowhere; a new nonce
revokes it. Knowing it allows all that the visitor may do, and shows nothing that was written.
"""

from django.core.signing import BadSignature, Signer


def _signer() -> Signer:
    return Signer(salt="booking.visitor", sep=".")


def make(pk: int, nonce: str) -> str:
    """The token for the request `pk`, safe in an address."""
    return _signer().sign(f"{pk}-{nonce}")


def read(token: str) -> tuple[int, str] | None:
    """`(pk, nonce)` of a token that was signed here, else None."""
    try:
        pk, _, nonce = _signer().unsign(token).partition("-")
        return int(pk), nonce
    except (BadSignature, ValueError):
        return None
