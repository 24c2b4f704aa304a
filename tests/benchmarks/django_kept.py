"""Production's settings, with Django's own cache of pages in local memory in place of ours."""

from practice.settings import *  # noqa: F403
from practice.settings import MIDDLEWARE as OURS

MIDDLEWARE = [
    "django.middleware.cache.UpdateCacheMiddleware",
    *(name for name in OURS if name != "practice.pagecache.middleware.PageCache"),
    "django.middleware.cache.FetchFromCacheMiddleware",
]
CACHE_MIDDLEWARE_SECONDS = 600
