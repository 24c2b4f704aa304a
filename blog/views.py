from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from blog.models import ArticleIndexPage, ArticlePage, Topic
from practice.environment import site_url


@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    subject = get_object_or_404(Topic, slug=slug)
    articles = ArticlePage.objects.listed().filter(topics=subject)
    page = Paginator(articles, ArticleIndexPage.per_page).get_page(request.GET.get("page"))
    context = {"topic": subject, "articles": page, "address": site_url.absolute(request.path)}
    return render(request, "blog/topic.html", context)
