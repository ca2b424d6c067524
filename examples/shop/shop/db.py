"""The database: one engine a process, one connection a request."""

from collections.abc import Iterator
from functools import lru_cache

from sqlalchemy import Connection, Engine, create_engine

from shop.settings import settings


@lru_cache
def engine() -> Engine:
    return create_engine(settings().database_url, pool_pre_ping=True)


def db() -> Iterator[Connection]:
    with engine().connect() as connection:
        yield connection
