"""Uploads that several servers share, in a real server of S3: readers never meet it."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import include, path, re_path
from PIL import Image
from wagtail.documents.models import Document
from wagtail.models import Collection, CollectionViewRestriction

from practice import urls
from practice.backups import stores
from practice.http import headers
from practice.models import SiteImage
from practice.website import views
from tests.bucket import new_bucket, s3_server


class WithPictures:
    """The site's addresses, as they are where MEDIA_STORE is set."""

    urlpatterns = [re_path(urls.PICTURES, views.picture), path("", include(urls))]
    handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(server: str, settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> stores.Bucket:
    store, settings.MEDIA_STORE = new_bucket(server, monkeypatch)
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "practice.media.uploads.InBucket"},
    }
    settings.ROOT_URLCONF = WithPictures
    return store


@pytest.fixture
def picture(bucket: stores.Bucket) -> SiteImage:
    out = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return SiteImage.objects.create(title="Teal", file=ContentFile(out.getvalue(), "teal.jpg"))


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_picture_lies_in_the_store_and_comes_from_the_sites_own_address(
    bucket: stores.Bucket, picture: SiteImage, visitor: Client
) -> None:
    rendition = picture.get_rendition("width-20")
    assert bucket.names() == {picture.file.name, rendition.file.name}
    assert rendition.url == f"/media/{rendition.file.name}"
    answer = visitor.get(rendition.url)
    assert answer.status_code == 200
    with Image.open(BytesIO(body_of(answer))) as got:
        assert got.size == (20, 15)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert int(answer.headers["Content-Length"]) == rendition.file.size
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["X-Accel-Expires"] == "3600", "which nginx takes for itself"
    assert answer.headers[headers.POLICY] == headers.FILE
    assert "Set-Cookie" not in answer.headers


def test_two_pictures_of_one_name_are_two(bucket: stores.Bucket) -> None:
    names = {default_storage.save("images/a.jpg", ContentFile(text)) for text in (b"1", b"2")}
    assert len(names) == 2
    assert bucket.names() == names


def test_a_document_comes_through_wagtail_alone_and_a_private_one_to_nobody(
    bucket: stores.Bucket, visitor: Client
) -> None:
    file = ContentFile(b"%PDF-1.4 for clients %%EOF", "intake.pdf")
    document = Document.objects.create(title="Intake", file=file)
    assert bucket.names() == {"documents/intake.pdf"}
    assert body_of(visitor.get(document.url)) == b"%PDF-1.4 for clients %%EOF"
    for name in ("documents/intake.pdf", "images/../documents/intake.pdf"):
        for prefix in ("/media/", "/media//", "/media/./", "/media/images/%2e%2e/"):
            assert visitor.get(f"{prefix}{name}").status_code == 404
    private = Collection.get_first_root_node().add_child(name="For clients")
    CollectionViewRestriction.objects.create(
        collection=private, restriction_type=CollectionViewRestriction.LOGIN
    )
    Document.objects.filter(pk=document.pk).update(collection=private)
    assert visitor.get(document.url).status_code == 302


@pytest.mark.parametrize("name", ["images/none.jpg", "images/..", "images/.", "images/%00"])
def test_what_is_not_there_is_not_found(bucket: stores.Bucket, visitor: Client, name: str) -> None:
    assert visitor.get(f"/media/{name}").status_code == 404


def test_while_the_store_is_away_the_site_says_so_and_does_not_crash(
    bucket: stores.Bucket,
    picture: SiteImage,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    settings.STORAGES = {**settings.STORAGES}  # whoever asks now connects anew
    visitor = Client(raise_request_exception=False)
    assert visitor.get(f"/media/{picture.file.name}").status_code == 503
