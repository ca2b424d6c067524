"""Run: `python -m wsproxy`. Needs no database and no secret."""

import asyncio
import os

from redis.asyncio import Redis
from websockets.asyncio.server import ServerConnection, broadcast, serve

CHANNEL = "shop:events"
browsers: set[ServerConnection] = set()


async def browser(connection: ServerConnection) -> None:
    browsers.add(connection)
    try:
        await connection.wait_closed()
    finally:
        browsers.discard(connection)


async def main() -> None:
    url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
    host = os.environ.get("WSPROXY_HOST", "127.0.0.1")
    port = int(os.environ.get("WSPROXY_PORT", "8001"))
    async with Redis.from_url(url, decode_responses=True) as redis, serve(browser, host, port):
        async with redis.pubsub(ignore_subscribe_messages=True) as events:
            await events.subscribe(CHANNEL)
            async for message in events.listen():
                broadcast(browsers, message["data"])


if __name__ == "__main__":
    asyncio.run(main())
