"""A real name never stands beside a license or a credential that is marked as a sample."""

import pytest
from django.test import Client

from blog.models import ArticlePage, BioPage
from practice import samples
from practice.models import HomePage, PracticeSettings
from tests import factories

pytestmark = pytest.mark.django_db

ESSAY, BIO = "/articles/when-the-house-goes-quiet/", "/about/"
ADDRESSES = [ESSAY, BIO, "/articles/", "/consultation/", "/"]
MARK = "(sample)"


@pytest.fixture
def sample(home: HomePage, article: ArticlePage, bio: BioPage) -> PracticeSettings:
    """The settings as the sample has them, but for what nobody names a license beside."""
    own = {
        "practice_name": "Quiet Harbor Counseling",
        "fee": "$180",
        "for_whom": "Couples",
        "email": "a@example.com",
    }
    return factories.practice_settings(**samples.SETTINGS | own, has_taken_request=True)


def text(visitor: Client, address: str) -> str:
    answer = visitor.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_therapist_who_has_a_name_has_no_sample_license(visitor: Client, address: str) -> None:
    PracticeSettings.objects.update(therapist_name="Robin Reader")
    html = text(visitor, address)
    assert "Robin Reader" in html
    assert MARK not in html
    assert "Licensed in" not in html


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize("address", [ESSAY, BIO])
def test_an_author_who_has_a_name_has_no_sample_license(
    visitor: Client, bio: BioPage, address: str
) -> None:
    bio.title = "Robin Reader"
    factories.publish(bio)
    main = text(visitor, address).partition("<footer")[0]
    assert "Robin Reader" in main
    assert MARK not in main


@pytest.mark.usefixtures("sample")
def test_a_sample_credential_of_the_biography_stands_beside_no_real_name(
    visitor: Client, bio: BioPage
) -> None:
    bio.credential = samples.SETTINGS["credential"]
    factories.publish(bio)
    PracticeSettings.objects.update(therapist_name="Robin Reader")
    assert MARK not in text(visitor, ESSAY) + text(visitor, BIO)


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize("address", [ESSAY, BIO])
def test_the_samples_own_name_keeps_them_marked_as_they_are(visitor: Client, address: str) -> None:
    assert text(visitor, address).count("000000 (sample)") >= 2


@pytest.mark.parametrize("address", [ESSAY, BIO])
def test_a_license_of_ones_own_stands_beside_every_name(
    visitor: Client, article: ArticlePage, bio: BioPage, practice: PracticeSettings, address: str
) -> None:
    bio.title = "Robin Reader"
    factories.publish(bio)
    main = text(visitor, address).partition("<footer")[0]
    assert "000000" in main
