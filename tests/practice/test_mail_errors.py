"""Why a letter did not leave, in words for the therapist."""

import pytest

from practice.mail import errors


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("SMTPRecipientsRefused", "The mail server refused the address."),
        ("AnymailRecipientsRefused", "The mail server refused the address."),
        ("TimeoutError", "The mail server did not answer in time."),
        ("ReadTimeout", "The mail server did not answer in time."),
        ("ConnectionRefusedError", "The mail server could not be reached."),
        ("ConnectionError", "The mail server could not be reached."),
        ("gaierror", "The mail server could not be reached."),
        ("SMTPServerDisconnected", "The mail server could not be reached."),
        ("SSLCertVerificationError", "There was no safe connection to the mail server."),
        ("SMTPAuthenticationError 535", "The mail server did not let this site sign in."),
        ("AnymailRequestsAPIError 401", "The mail server did not let this site sign in."),
        ("AnymailRequestsAPIError 503", "The mail server refused the email."),
        ("SMTPDataError 554", "The mail server refused the email."),
        ("SMTPSenderRefused 553", "The mail server refused this site's own address."),
        ("UnreadableLetter", "A key is missing, so the email could not be read."),
        ("NobodyToWriteTo", "The settings name no address for alerts."),
        ("KeyError", "The email could not be made. The worker's log on the server says more."),
        ("", "It has not been tried yet."),
    ],
)
def test_a_sentence_says_why_a_letter_did_not_leave(kept: str, said: str) -> None:
    assert errors.in_words(kept) == said
