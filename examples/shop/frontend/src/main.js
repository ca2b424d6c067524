import { order, products } from "./api.js";

const list = document.querySelector("#products");
const news = document.querySelector("#news");

for (const product of await products()) {
  const item = document.createElement("li");
  const buy = document.createElement("button");
  item.textContent = `${product.name}: ${product.price} `;
  buy.textContent = "Buy";
  buy.addEventListener("click", async () => {
    const email = prompt("Your mail address?");
    if (!email) return;
    const made = await order(product.id, email);
    news.textContent = `Order ${made.id} is ${made.status}`;
  });
  item.append(buy);
  list.append(item);
}

const scheme = location.protocol === "https:" ? "wss" : "ws";
new WebSocket(`${scheme}://${location.host}/ws`).addEventListener("message", ({ data }) => {
  const event = JSON.parse(data);
  news.textContent = `Order ${event.order} is ${event.status}`;
});
