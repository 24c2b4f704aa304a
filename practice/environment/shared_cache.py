"""The cache that several servers share, in Redis or Valkey, and which a site can do without.

What lies there is read as JSON: whoever can write into it runs nothing by that (Django's own way,
pickle, would run it). So a tuple comes back as a list, and a model is not for it.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import exceptions

logger = logging.getLogger(__name__)

AWAY = (exceptions.ConnectionError, exceptions.TimeoutError)
LEAVES_ALONE_FOR = 5  # seconds, in which nobody waits again for what has just not answered


def unless_away(ask: Callable[..., Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """`ask`, or what `otherwise` gives while there is nobody to be asked."""

    def guarded(client: "Client", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= client.asks_again_at:
            try:
                return ask(client, *args, **kwargs)
            except AWAY as error:
                client.asks_again_at = time.monotonic() + LEAVES_ALONE_FOR
                logger.warning("The cache does not answer: %s", type(error).__name__)
        return otherwise(*args, **kwargs)

    return guarded


class AsJSON:
    """How a value is written. What somebody else left, or a version before this, counts as none."""

    def dumps(self, value: Any) -> Any:
        return value if type(value) is int else json.dumps(value)  # Redis itself adds to a number

    def loads(self, data: Any) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None


class Client(RedisCacheClient):
    """Django's own, which while its server is away answers as an empty cache would."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, serializer=AsJSON, **options)
        self.asks_again_at = 0.0  # by the monotonic clock

    add = unless_away(RedisCacheClient.add, lambda *args: True)
    get = unless_away(RedisCacheClient.get, lambda key, default: default)
    set = unless_away(RedisCacheClient.set, lambda *args: None)
    touch = unless_away(RedisCacheClient.touch, lambda *args: False)
    delete = unless_away(RedisCacheClient.delete, lambda key: False)
    get_many = unless_away(RedisCacheClient.get_many, lambda keys: {})
    has_key = unless_away(RedisCacheClient.has_key, lambda key: False)
    set_many = unless_away(RedisCacheClient.set_many, lambda *args: None)
    delete_many = unless_away(RedisCacheClient.delete_many, lambda keys: None)
    clear = unless_away(RedisCacheClient.clear, lambda: False)


class SharedCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client
