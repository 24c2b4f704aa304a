"""A site with one of everything, to try its addresses on."""

import io
from typing import Any
from urllib.parse import quote

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image
from wagtail.admin.models import EditingSession
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents import get_document_model
from wagtail.models import (
    Collection,
    CollectionViewRestriction,
    GroupApprovalTask,
    Page,
    PageViewRestriction,
    Site,
    UploadedFile,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from blog.models import ArticleIndexPage, BioPage, Topic
from booking import tokens
from booking.models import Letter, Referral, Reply, Schedule
from practice.models import Heartbeat, PracticeSettings, SiteImage, User
from tests import factories

KEPT = b"kept behind a password"
SECRETS = ("Quillon", "quillon@example.com", "+16265550143", "canary")
# Words of the admin that would tell whoever may not review that there are requests at all.
TRACES = ("consultations/", "Consultations", "ConsultationRequest", "consultationrequest")


def things(therapist: User, index: ArticleIndexPage, bio: BioPage) -> dict[str, Any]:
    """One of everything that an address may name, by the word the table has for it."""
    home = index.get_parent()
    PracticeSettings.objects.update(security_contact="security@example.com")
    topic = Topic.objects.create(name="Closeness", slug="closeness")
    article = factories.article(index, author=bio)
    draft = factories.article(index, "Not ready", author=bio, live=False)
    draft.save_revision()
    consultation = factories.request_with_canaries(article, therapist)
    other_request = factories.consultation_request(name="Someone")
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    image = SiteImage.objects.create(title="Picture", file=ContentFile(picture.getvalue(), "p.png"))
    document = get_document_model().objects.create(title="Leaflet", file=ContentFile(b"x", "a.txt"))
    root = Collection.get_first_root_node()
    collection = root.add_child(name="Drawer")
    closed = root.add_child(name="Closed")
    locked = CollectionViewRestriction.objects.create(
        collection=closed, restriction_type="password", password="sesame"
    )
    kept = get_document_model().objects.create(
        title="Hidden", file=ContentFile(KEPT, "b.txt"), collection=closed
    )
    closed_article = factories.article(
        index, "Behind a password", author=bio, body=[("text", f"<p>{KEPT.decode()}</p>")]
    )
    restriction = PageViewRestriction.objects.create(
        page=closed_article, restriction_type="password", password="sesame"
    )
    Heartbeat.objects.create(pk="worker", seen_at=timezone.now())  # or /readyz/ says that it died
    workflow = Workflow.objects.create(name="Two pairs of eyes")
    task = GroupApprovalTask.objects.create(name="Look over it")
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    WorkflowPage.objects.create(workflow=workflow, page=draft)
    state = workflow.start(draft, therapist)
    other = factories.user("other@example.com", Group.objects.get(name="Editor"))
    return {
        "home": home.pk,
        "home_revision": home.latest_revision_id,
        "index": index.pk,
        "article": article.pk,
        "draft": draft.pk,
        "closed_article": closed_article.pk,
        "revision": article.latest_revision_id,
        "topic": topic.pk,
        "topic_slug": topic.slug,
        "image": image.pk,
        "document": document.pk,
        "document_file": f"{document.pk}/{document.filename}",
        "closed_file": f"{kept.pk}/{kept.filename}",
        "collection": collection.pk,
        "closed_collection": locked.pk,
        "closed_page": restriction.pk,
        "upload": UploadedFile.objects.create(
            for_content_type=ContentType.objects.get_for_model(SiteImage),
            file=ContentFile(picture.getvalue(), "u.png"),
        ).pk,
        "workflow": workflow.pk,
        "task": task.pk,
        "workflow_state": state.pk,
        "task_state": state.current_task_state_id,
        "redirect": Redirect.add_redirect("/old", f"/{article.slug}").pk,
        "site": Site.objects.get().pk,
        "group": Group.objects.get(name="Editor").pk,
        "other": other.pk,
        "passkey": Authenticator.objects.create(
            user=other, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"}
        ).pk,
        "editing": EditingSession.objects.create(
            user=therapist,
            content_type=ContentType.objects.get_for_model(Page),
            object_id=str(draft.pk),
            last_seen_at=timezone.now(),
        ).pk,
        "request": consultation.pk,
        "letter": Letter.objects.get().pk,
        "reply": Reply.objects.create(kind="decline", name="Full", body="I'm full.").pk,
        "referral": Referral.objects.create(name="Maya", reach="(415) 555-0100").pk,
        "alert": consultation.emails.get().pk,
        "token": consultation.token,
        "other_token": other_request.token,
        "mixed_token": tokens.make(consultation.pk, other_request.link_nonce),
        "secret": Schedule.load().feed_secret,
        "person": user_pk_to_url_str(therapist),
        "one_time_key": default_token_generator.make_token(therapist),
        "article_slug": article.slug,
    }


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def told(answer: Any, path: str) -> list[str]:
    """The words of a request, and in the admin those of their being there, in an answer."""
    page = content_of(answer).decode(errors="replace") + str(answer.headers)
    for asked in (path, quote(path), quote(path, safe=""), quote(path.partition("?")[0], safe="")):
        page = page.replace(asked, "")  # what was asked for may be repeated
    words = SECRETS + TRACES if path.startswith("/admin/") else SECRETS
    return [word for word in words if word in page]


# One paragraph for each class: what each gets by GET and by POST, then its addresses, one by one.
# The columns: anonymous (which a visitor with a link is everywhere, since links sign nobody in),
# a therapist without second factor, an editor, a therapist, the superuser. The editor and the
# superuser have shown their second factor just now; the therapist at sign-in alone, and again only
# where the cell says `again>`. What the words mean: `kind_of` in tests/test_access.py. A star
# stands before what is left to Wagtail to find or not: its pages, and what is nowhere.
PLACES = """
public: open open open open open
/healthz/
/readyz/
/robots.txt
/.well-known/security.txt
/theme.css
/icon.svg
/favicon.ico
/apple-touch-icon.png
/sitemap.xml
/
* /articles/
* /articles/{article_slug}/
/articles/feed/
/articles/topics/{topic_slug}/
* /about/
* /privacy/
/documents/{document_file}
/consultation/
/consultation/?article={article}
/consultation/sent/
/consultation/code/
/account/password/forgotten/
/account/password/sent/
/account/password/link/{person}-{one_time_key}/
/account/closed/
/admin/jsi18n/
/admin/sprite/

whoever has the link: open open open open open
/consultation/manage/{token}/
/consultation/manage/{other_token}/
/consultation/sent/?key={token}
/calendar/{secret}.ics

whoever has the password: locked locked locked locked locked
* /articles/behind-a-password/
/_util/authenticate_with_password/{closed_page}/{closed_article}/
/documents/{closed_file}
/documents/authenticate_with_password/{closed_collection}/

nobody: hidden|405 hidden|405 hidden|405 hidden|405 hidden|405
/metrics
/mail/bounces/
* /no-such-page/
* /articles/not-ready/
/articles/topics/no-such-topic/
/documents/999/a.txt
/consultation/manage/{mixed_token}/
/consultation/manage/{token}/calendar.ics
/calendar/{token}.ics

nobody, whoever they are in the admin: hidden factor hidden hidden hidden
/admin/failwhale/
/admin/test404/
/admin/redirects/import/
/admin/redirects/import/process/
/admin/snippets/choose/blog/topic/create/

strangers who sign in: open refused refused refused refused
/account/login/

the second step of signing in: sign-in refused refused refused refused
/account/login/code/
/account/login/passkey/

from Wagtail's ways in to ours: sign-in sign-in sign-in sign-in sign-in
/admin/login/
/_util/login/

from Wagtail's way to a password to ours: open factor open open open
/admin/password_reset/
/admin/password_reset/done/
/admin/password_reset/confirm/{person}/{one_time_key}/
/admin/password_reset/complete/

everybody who signed in: sign-in open open open open
/account/
/account/second-factor/

whether one is signed in: refused open open open open
/account/alive/

the way out: sign-in open|sign-in open|sign-in open|sign-in open|sign-in
/account/logout/
/admin/logout/

where the factor is shown again: sign-in again open|again open|again open|again
/account/again/code/
/account/again/passkey/

one's own account, asked again: sign-in again open again>open open
/account/password/change/
/account/password/set/
/account/second-factor/app/
/account/second-factor/passkey/
/account/second-factor/app/remove/
/account/second-factor/codes/
/account/second-factor/codes/new/
/account/sessions/

where the password is given again: sign-in open open|again open|again open|again
/account/again/password/

nobody but its owner, asked again: sign-in again refused again>refused refused
/account/second-factor/passkey/{passkey}/remove/

nobody, asked again: sign-in factor refused again>refused refused
/admin/bulk/auth/group/delete/?id={group}

everybody in the admin: sign-in factor open open open
/admin/account/
/admin/
/admin/api/main/pages/
/admin/api/main/pages/{article}/
/admin/api/main/pages/{article}/action/publish/
/admin/api/main/documents/
/admin/api/main/documents/{document}/
/admin/api/main/images/
/admin/api/main/images/{image}/
/admin/pages/
/admin/pages/{index}/
/admin/pages/{index}/results/
/admin/api/main/pages/find/?html_path=/articles/
/admin/bulk/wagtailcore/page/publish/?id={draft}
/admin/bulk/wagtailcore/page/delete/?id={draft}
/admin/bulk/practice/siteimage/delete/?id={image}
/admin/bulk/wagtaildocs/document/delete/?id={document}
/admin/bulk/blog/topic/delete/?id={topic}
/admin/settings/practice/practicesettings/
/admin/pages/add/blog/articlepage/{index}/
/admin/pages/add/blog/articlepage/{index}/preview/
/admin/pages/usage/blog/articlepage/
/admin/pages/create/blog/articlepage
/admin/pages/usage/blog/articlepage/results/
/admin/pages/{article}/usage/
/admin/pages/{article}/edit/
/admin/pages/{article}/edit/preview/
/admin/pages/{article}/view_draft/
/admin/pages/{index}/add_subpage/
/admin/pages/{article}/unpublish/
/admin/pages/search/
/admin/pages/search/results/
/admin/pages/{article}/move/
/admin/pages/{article}/move/{index}/confirm/
/admin/pages/{article}/set_position/
/admin/pages/{article}/copy/
/admin/pages/workflow/action/{draft}/approve/{task_state}/
/admin/pages/workflow/collect_action_data/{draft}/approve/{task_state}/
/admin/pages/workflow/confirm_cancellation/{draft}/
/admin/pages/{article}/privacy/
/admin/pages/{article}/revisions/
/admin/pages/{article}/revisions/{revision}/view/
/admin/pages/{article}/revisions/{revision}/revert/
/admin/pages/{article}/revisions/{revision}/unschedule/
/admin/pages/{article}/revisions/compare/earliest...latest/
/admin/pages/{draft}/workflow_history/
/admin/pages/{draft}/workflow_history/detail/{workflow_state}/
/admin/pages/{article}/history/
/admin/pages/{article}/history/results/
/admin/choose-page/
/admin/choose-page/{index}/
/admin/choose-page/search/
/admin/choose-page/chosen-multiple/
/admin/choose-external-link/
/admin/choose-email-link/
/admin/choose-phone-link/
/admin/choose-anchor-link/
/admin/tag-autocomplete/
/admin/tag-autocomplete/taggit/tag/
/admin/workflows/task_chooser/
/admin/workflows/task_chooser/results/
/admin/workflows/task_chooser/create/
/admin/workflows/task_chooser/{task}/
/admin/reports/workflow/
/admin/reports/workflow/results/
/admin/reports/workflow_tasks/
/admin/reports/workflow_tasks/results/
/admin/reports/site-history/
/admin/reports/site-history/results/
/admin/reports/aging-pages/
/admin/reports/aging-pages/results/
/admin/reports/page-types-usage/
/admin/reports/page-types-usage/results/
/admin/reports/deleted-pages/
/admin/dismissibles/
/admin/editing-sessions/ping/wagtailcore/page/{draft}/{editing}/
/admin/editing-sessions/release/{editing}/
/admin/embeds/chooser/
/admin/embeds/chooser/upload/
/admin/snippets/
/admin/documents/
/admin/documents/results/
/admin/documents/add/
/admin/documents/edit/{document}/
/admin/documents/delete/{document}/
/admin/documents/multiple/add/
/admin/documents/multiple/{document}/
/admin/documents/multiple/{document}/delete/
/admin/documents/usage/{document}/
/admin/images/
/admin/images/results/
/admin/images/{image}/
/admin/images/{image}/delete/
/admin/images/{image}/preview/original/
/admin/images/add/
/admin/images/usage/{image}/
/admin/images/multiple/add/
/admin/images/multiple/{image}/
/admin/images/multiple/{image}/delete/
/admin/snippets/blog/topic/
/admin/snippets/blog/topic/results/
/admin/snippets/blog/topic/add/
/admin/snippets/blog/topic/edit/{topic}/
/admin/snippets/blog/topic/delete/{topic}/
/admin/snippets/blog/topic/usage/{topic}/
/admin/snippets/blog/topic/history/{topic}/
/admin/snippets/blog/topic/history-results/{topic}/
/admin/snippets/blog/topic/copy/{topic}/
/admin/snippets/choose/blog/topic/
/admin/snippets/choose/blog/topic/results/
/admin/snippets/choose/blog/topic/chosen/{topic}/
/admin/snippets/choose/blog/topic/chosen-multiple/
/admin/documents/chooser/
/admin/documents/chooser/results/
/admin/documents/chooser/chosen/{document}/
/admin/documents/chooser/chosen-multiple/
/admin/documents/chooser/create/
/admin/images/chooser/
/admin/images/chooser/results/
/admin/images/chooser/chosen/{image}/
/admin/images/chooser/chosen-multiple/
/admin/images/chooser/create/
/admin/images/chooser/{image}/select_format/

what readers would miss, asked again: sign-in factor open again>open open
/admin/pages/{article}/delete/
/admin/api/main/pages/{article}/action/delete/
/admin/bulk/wagtailcore/page/delete/?id={article}

the therapist: sign-in factor refused open open
/admin/pages/{index}/edit/
/admin/pages/{index}/unpublish/
/admin/pages/{index}/privacy/
/admin/pages/{home}/edit/
/admin/pages/{home}/edit/preview/
/admin/pages/{home}/view_draft/
/admin/pages/{home}/copy/
/admin/pages/{home}/add_subpage/
/admin/pages/{home}/privacy/
/admin/pages/{home}/revisions/{home_revision}/view/
/admin/pages/{home}/revisions/{home_revision}/revert/
/admin/pages/add/practice/standardpage/{home}/
/admin/redirects/
/admin/redirects/results/
/admin/redirects/add/
/admin/redirects/{redirect}/
/admin/redirects/{redirect}/delete/
/admin/settings/practice/practicesettings/1/
/admin/mail/
/admin/pages/add-concern/

the therapist, asked again: sign-in factor refused again>open open
/admin/pages/{home}/unpublish/
/admin/pages/{home}/move/

the therapist, and nobody else learns of it: sign-in factor hidden open open
/admin/consultations/
/admin/consultations/results/
/admin/consultations/all/
/admin/consultations/all/results/
/admin/consultations/held-apart/
/admin/consultations/held-apart/results/
/admin/consultations/{request}/
/admin/consultations/{request}/hold/
/admin/consultations/{request}/note/
/admin/consultations/{request}/code/
/admin/consultations/{request}/address/
/admin/consultations/{request}/reach/
/admin/consultations/{request}/again/{alert}/
/admin/consultations/{request}/stands/
/admin/consultations/{request}/told/{letter}/
/admin/consultations/{request}/confirm/
/admin/consultations/{request}/decline/
/admin/consultations/{request}/close/
/admin/schedule/
/admin/schedule/new-secret/
/admin/schedule/use-as-is/
/admin/consultations/{request}/after_next/
/admin/replies/
/admin/replies/results/
/admin/replies/new/
/admin/replies/edit/{reply}/
/admin/replies/delete/{reply}/
/admin/replies/usage/{reply}/
/admin/replies/history/{reply}/
/admin/replies/history-results/{reply}/
/admin/referrals/
/admin/referrals/results/
/admin/referrals/new/
/admin/referrals/edit/{referral}/
/admin/referrals/delete/{referral}/
/admin/referrals/usage/{referral}/
/admin/referrals/history/{referral}/
/admin/referrals/history-results/{referral}/
/admin/consultations/clock/

the therapist, asked again, and nobody else learns of it: sign-in factor hidden again>open open
/admin/consultations/demand/
/admin/consultations/{request}/erase/

accounts, asked again: sign-in factor refused again>open open
/admin/users/
/admin/users/results/
/admin/users/new/
/admin/bulk/practice/user/delete/?id={other}
/admin/users/edit/{other}/
/admin/users/delete/{other}/
/admin/users/history/{other}/
/admin/users/history-results/{other}/
/admin/users/usage/{other}/
/admin/users/copy/{other}/

groups, asked again: sign-in factor refused again>refused open
/admin/groups/
/admin/groups/results/
/admin/groups/new/
/admin/groups/edit/{group}/
/admin/groups/delete/{group}/
/admin/groups/history/{group}/
/admin/groups/history-results/{group}/
/admin/groups/usage/{group}/

the superuser: sign-in factor refused refused open
/admin/pages/workflow/preview/{draft}/{task}/
/admin/pages/{article}/lock/
/admin/pages/{article}/unlock/
/admin/collections/
/admin/collections/add/
/admin/collections/{collection}/
/admin/collections/{collection}/delete/
/admin/collections/{collection}/privacy/
/admin/workflows/list/
/admin/workflows/list/results/
/admin/workflows/add/
/admin/workflows/enable/{workflow}/
/admin/workflows/disable/{workflow}/
/admin/workflows/edit/{workflow}/
/admin/workflows/usage/{workflow}/
/admin/workflows/usage/{workflow}/results/
/admin/workflows/remove/{draft}/
/admin/workflows/remove/{draft}/{workflow}/
/admin/workflows/tasks/add/wagtailcore/groupapprovaltask/
/admin/workflows/tasks/select_type/
/admin/workflows/tasks/index/
/admin/workflows/tasks/index/results/
/admin/workflows/tasks/edit/{task}/
/admin/workflows/tasks/disable/{task}/
/admin/workflows/tasks/enable/{task}/
/admin/reports/locked/
/admin/reports/locked/results/
/admin/sites/
/admin/sites/results/
/admin/sites/new/
/admin/sites/edit/{site}/
/admin/sites/delete/{site}/
/admin/sites/history/{site}/
/admin/sites/history-results/{site}/
/admin/sites/usage/{site}/
/admin/sites/copy/{site}/

closed to all: sign-in factor refused refused refused
/admin/settings/practice/practicesettings/1/preview/
/admin/bulk/booking/consultationrequest/delete/?id={request}
* /admin/snippets/booking/consultationrequest/
/admin/api/main/documents/find/
/admin/api/main/images/find/
/admin/pages/{article}/convert_alias/
/admin/tag-autocomplete/booking/consultationrequest/
/admin/editing-sessions/ping/booking/consultationrequest/{request}/{editing}/
/admin/block-preview/
/admin/documents/multiple/create_from_uploaded_document/{upload}/
/admin/documents/multiple/delete_upload/{upload}/
/admin/images/{image}/generate_url/
/admin/images/{image}/generate_url/output/
/admin/images/multiple/create_from_uploaded_image/{upload}/
/admin/images/multiple/delete_upload/{upload}/
* /admin/no/such/
"""
