const events = document.querySelector("#events");
const health = document.querySelector("#health");

health.textContent = (await fetch("/api/health")).ok ? "up" : "down";

const scheme = location.protocol === "https:" ? "wss" : "ws";
new WebSocket(`${scheme}://${location.host}/ws`).addEventListener("message", ({ data }) => {
  const event = JSON.parse(data);
  const item = document.createElement("li");
  item.textContent = `${new Date().toLocaleTimeString()}: order ${event.order} is ${event.status}`;
  events.prepend(item);
});
