"""Why a letter did not leave, in words for the therapist."""

import pytest

from practice.mail import errors


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("SMTPRecipientsRefused", "The mail server refused the address."),
        ("AnymailRecipientsRefused", "The mail server refused the address."),
        ("TimeoutError", "The mail server didn't respond in time."),
        ("ReadTimeout", "The mail server didn't respond in time."),
        ("ConnectionRefusedError", "The site couldn't reach the mail server."),
        ("ConnectionError", "The site couldn't reach the mail server."),
        ("gaierror", "The site couldn't reach the mail server."),
        ("SMTPServerDisconnected", "The site couldn't reach the mail server."),
        (
            "SSLCertVerificationError",
            "The site couldn't make a secure connection to the mail server.",
        ),
        ("SMTPAuthenticationError 535", "The mail server didn't let this site sign in."),
        ("AnymailRequestsAPIError 401", "The mail server didn't let this site sign in."),
        ("AnymailRequestsAPIError 503", "The mail server refused the email."),
        ("SMTPDataError 554", "The mail server refused the email."),
        ("SMTPSenderRefused 553", "The mail server refused this site's own address."),
        ("UnreadableLetter", "The site couldn't read the email, because its key is missing."),
        ("NobodyToWriteTo", "There's no address for alerts in Settings, Practice."),
        (
            "KeyError",
            "The site couldn't put the email together. See the worker's log on the server.",
        ),
        ("", "The site hasn't tried to send it yet."),
    ],
)
def test_a_sentence_says_why_a_letter_did_not_leave(kept: str, said: str) -> None:
    assert errors.in_words(kept) == said
