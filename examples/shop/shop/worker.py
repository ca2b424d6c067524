"""Confirms new orders. Run: `python -m shop.worker`."""

from sqlalchemy import update

from shop.db import engine
from shop.events import QUEUE, announce, redis
from shop.models import Order


def confirm(order_id: int) -> None:
    new = update(Order).where(Order.id == order_id, Order.status == "new")
    with engine().begin() as connection:
        confirmed = connection.execute(new.values(status="confirmed")).rowcount
    if confirmed:
        announce(order_id, "confirmed")


def main() -> None:
    while True:
        item = redis().brpop([QUEUE], timeout=30)
        if item:
            confirm(int(item[1]))


if __name__ == "__main__":
    main()
