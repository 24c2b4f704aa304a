"""What editors and the therapist do in the admin, and what it keeps of requests: nothing.

Who reaches which address: tests/test_access.py.
"""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.test import Client, RequestFactory
from wagtail.admin.views.pages.edit import EditView
from wagtail.models import (
    Comment,
    GroupApprovalTask,
    Page,
    PageSubscription,
    Site,
    Workflow,
    WorkflowTask,
)

from blog.models import ArticleIndexPage, ArticlePage, Topic
from booking.models import ConsultationRequest
from practice.models import PracticeSettings, User
from tests import factories
from tests.access import SECRETS, TRACES, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def canary(practice: PracticeSettings, article: Any, therapist: Any) -> ConsultationRequest:
    return factories.request_with_canaries(article, therapist)


def test_an_editor_finds_nothing_of_a_request_by_looking_for_it(
    canary: ConsultationRequest, editor: User
) -> None:
    as_editor = factories.signed_in(editor, again=True)
    of_requests = ContentType.objects.get_for_model(ConsultationRequest).pk
    for address in (
        "/admin/pages/search/?q=Quillon",
        "/admin/choose-page/search/?q=Quillon",
        "/admin/api/main/pages/?search=Quillon&fields=*",
        "/admin/images/?q=Quillon",
        "/admin/documents/?q=Quillon",
        "/admin/snippets/blog/topic/?q=Quillon",
        "/admin/tag-autocomplete/?term=Quillon",
        f"/admin/reports/site-history/?object_type={of_requests}",
        "/admin/reports/site-history/?export=csv",
        "/admin/reports/page-types-usage/?export=csv",
        f"/admin/pages/{canary.article_id}/usage/",
        f"/admin/pages/{canary.article_id}/delete/",
        f"/admin/pages/{canary.article_id}/history/",
    ):
        answer = as_editor.get(address)
        assert answer.status_code == 200, address
        assert not [word for word in told(answer, address) if word not in address], address


def test_mail_of_comments_and_workflows_tells_nothing_of_requests(
    canary: ConsultationRequest,
    article: ArticlePage,
    editor: User,
    therapist: User,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    workflow = Workflow.objects.create(name="Two pairs of eyes")
    task = GroupApprovalTask.objects.create(name="Look over it")
    task.groups.set(editor.groups.all())
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    PageSubscription.objects.create(page=article, user=editor, comment_notifications=True)
    with django_capture_on_commit_callbacks(execute=True):
        workflow.start(article, therapist)
    Comment.objects.create(page=article, user=therapist, text="A comma", contentpath="title")
    edit = EditView()
    edit.page, edit.request = article, RequestFactory().get("/admin/")
    edit.request.user = therapist
    edit.send_commenting_notifications(
        {
            "new_comments": list(article.wagtail_admin_comments.all()),
            "deleted_comments": [],
            "resolved_comments": [],
            "edited_comments": [],
            "new_replies": [],
            "deleted_replies": [],
            "edited_replies": [],
        }
    )
    assert {mail.to[0] for mail in mailoutbox} == {editor.email}
    assert len(mailoutbox) >= 2
    for mail in mailoutbox:
        assert not any(word in str(mail.message()) for word in SECRETS + TRACES)


def test_an_editor_writes_articles_and_nothing_else(
    as_editor: Client, index: ArticleIndexPage, article: Any, home: Page
) -> None:
    assert as_editor.get(f"/admin/pages/{article.pk}/edit/").status_code == 200
    assert as_editor.get(f"/admin/pages/add/blog/articlepage/{index.pk}/").status_code == 200
    topic = Topic.objects.create(name="Closeness")
    assert as_editor.get(f"/admin/snippets/blog/topic/edit/{topic.pk}/").status_code == 200
    for address in (
        f"/admin/pages/{home.pk}/edit/",
        "/admin/users/",
        "/admin/groups/",
        "/admin/settings/practice/practicesettings/1/",
        "/admin/sites/",
    ):
        assert as_editor.get(address).status_code in (302, 403, 404), address


def test_the_therapist_reaches_all_that_the_work_needs(
    as_therapist: Client, article: Any, home: Page, canary: ConsultationRequest
) -> None:
    for address in (
        "/admin/",
        f"/admin/pages/{home.pk}/",
        f"/admin/pages/{home.pk}/edit/",
        f"/admin/pages/{article.pk}/edit/",
        "/admin/images/",
        "/admin/settings/practice/practicesettings/1/",
        "/admin/redirects/",
        "/admin/snippets/blog/topic/",
        f"/admin/consultations/{canary.pk}/",
    ):
        assert as_therapist.get(address, follow=True).status_code == 200, address


def test_two_groups_are_made_and_no_other(home: Page) -> None:
    assert set(Group.objects.values_list("name", flat=True)) == {"Therapist", "Editor"}
    assert Site.objects.get().root_page_id == home.pk


def test_nothing_of_a_request_enters_search_log_or_references(canary: ConsultationRequest) -> None:
    from django.apps import apps

    for model in apps.get_models():
        if model._meta.app_label in ("booking",):
            continue
        for row in model._default_manager.all().values():
            assert not any(secret in str(row) for secret in SECRETS), model
            assert "consultationrequest" not in str(row).lower() or model._meta.label in (
                "contenttypes.ContentType",
                "auth.Permission",
            ), model
