"""Redis: the queue that the worker empties, and the channel that the mailer and browsers hear."""

import json
from functools import lru_cache

from redis import Redis

from shop.settings import settings

QUEUE = "shop:orders"
CHANNEL = "shop:events"


@lru_cache
def redis() -> Redis:
    return Redis.from_url(settings().redis_url, decode_responses=True)


def announce(order_id: int, status: str) -> None:
    redis().publish(CHANNEL, json.dumps({"order": order_id, "status": status}))
