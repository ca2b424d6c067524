async function call(path, options) {
  const answer = await fetch(`/api${path}`, options);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export const products = () => call("/products");

export const order = (productId, email) =>
  call("/orders", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ product_id: productId, quantity: 1, email }),
  });
