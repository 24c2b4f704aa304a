"""A visitor's private link: the request's id with its nonce, signed. And the code in its place.

The link can be rebuilt whenever a letter needs it, so it is stored nowhere; a new nonce
revokes it. Knowing it allows all that the visitor may do, and shows nothing that they wrote.
A code is read out on the telephone, and only its digest is stored.
"""

import secrets

from django.core.signing import BadSignature, Signer
from django.utils.crypto import salted_hmac

# Without what looks or sounds like another: 0OQ, 1IL, Z like 2, 5S, 8B, V like U, N like M, CDEGPT.
LETTERS = "234679AFHJKMRUWXY"
LENGTH, GROUP = 8, 4


def _signer() -> Signer:
    return Signer(salt="booking.visitor", sep=".")


def new_code() -> str:
    """`H7K4 2MRX`: as it is read out."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return f"{letters[:GROUP]} {letters[GROUP:]}"


def digest(code: str) -> str:
    """64 hexadecimal digits for a code, however its letters are written and grouped."""
    typed = "".join(filter(str.isalnum, code)).upper()
    return salted_hmac("booking.code", typed, algorithm="sha256").hexdigest()


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
