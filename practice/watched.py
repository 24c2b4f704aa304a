from practice.pagecache.triggers import remove  # noqa: F401  migration 0004 asks for it here
