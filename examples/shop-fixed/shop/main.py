"""The REST API. Run by gunicorn: `gunicorn -k uvicorn_worker.UvicornWorker shop.main:app`."""

import hmac
from decimal import Decimal
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, insert, select, text

from shop.db import db
from shop.events import QUEUE, redis
from shop.links import token as token_of
from shop.models import Order, Product
from shop.settings import settings

app = FastAPI(title="shop")
app.mount("/media", StaticFiles(directory=settings().upload_dir, check_dir=False), name="media")

Db = Annotated[Connection, Depends(db)]


class ProductOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    price: Decimal
    picture: str | None


class OrderIn(BaseModel):
    product_id: int
    quantity: int = Field(gt=0, le=100)
    email: str = Field(max_length=254, pattern=r"^\S+@\S+$")


class OrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    product_id: int
    quantity: int
    status: str


class NewOrderOut(OrderOut):
    token: str


@app.get("/api/health")
def health(db: Db) -> dict[str, str]:
    db.execute(text("SELECT 1"))
    return {"status": "ok"}


@app.get("/api/products")
def products(db: Db) -> list[ProductOut]:
    return [ProductOut.model_validate(row) for row in db.execute(select(Product).order_by(Product.name))]


@app.post("/api/orders", status_code=201)
def order(body: OrderIn, db: Db) -> NewOrderOut:
    if db.scalar(select(Product.id).where(Product.id == body.product_id)) is None:
        raise HTTPException(404, "no such product")
    order_id = db.scalar(insert(Order).values(**body.model_dump(), status="new").returning(Order.id))
    db.commit()
    redis().lpush(QUEUE, order_id)
    return NewOrderOut(
        id=order_id,
        product_id=body.product_id,
        quantity=body.quantity,
        status="new",
        token=token_of(order_id),
    )


@app.get("/api/orders/{order_id}")
def order_status(order_id: int, token: str, db: Db) -> OrderOut:
    row = db.execute(select(Order).where(Order.id == order_id)).one_or_none()
    if row is None or not hmac.compare_digest(token, token_of(order_id)):
        raise HTTPException(404, "no such order")
    return OrderOut.model_validate(row)
