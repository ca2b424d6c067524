"""Writes to customers when their order moves on. Run: `python -m shop.mailer`."""

import json
import logging
import smtplib
from email.message import EmailMessage

from sqlalchemy import Row, select

from shop.db import engine
from shop.events import CHANNEL, redis
from shop.links import order_link
from shop.models import Order, Product
from shop.settings import settings


def find(order_id: int) -> Row | None:
    columns = select(Order.id, Order.email, Order.quantity, Product.name)
    with engine().connect() as connection:
        return connection.execute(columns.join(Product).where(Order.id == order_id)).one_or_none()


def letter(order: Row, status: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = f"Your order {order.id} is {status}"
    mail["From"] = settings().mail_from
    mail["To"] = order.email
    mail.set_content(f"{order.quantity} x {order.name}\n\n{order_link(order.id)}\n")
    return mail


def main() -> None:
    events = redis().pubsub(ignore_subscribe_messages=True)
    events.subscribe(CHANNEL)
    for message in events.listen():
        event = json.loads(message["data"])
        order = find(event["order"])
        if order is None:
            continue
        try:
            with smtplib.SMTP(settings().smtp_host, settings().smtp_port, timeout=20) as smtp:
                if settings().smtp_password:
                    smtp.login(settings().smtp_user, settings().smtp_password)
                smtp.send_message(letter(order, event["status"]))
        except (OSError, smtplib.SMTPException):
            logging.exception("no mail went out for order %s", event["order"])


if __name__ == "__main__":
    main()
