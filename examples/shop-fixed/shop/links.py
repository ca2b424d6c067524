"""Links that only the customer who ordered can know."""

import hashlib
import hmac

from shop.settings import settings


def token(order_id: int) -> str:
    key = settings().secret_key.encode()
    return hmac.new(key, str(order_id).encode(), hashlib.sha256).hexdigest()[:32]


def order_link(order_id: int) -> str:
    return f"{settings().public_url}/api/orders/{order_id}?token={token(order_id)}"
