// Buys something, as a customer would. The shop is at $STICKYLB_URL.
import assert from "node:assert";

const shop = process.env.STICKYLB_URL ?? "http://localhost:5000";
const jar = new Map();

async function visit(path, form) {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const body = form && new URLSearchParams(form);
  const answer = await fetch(shop + path, { method: body ? "POST" : "GET", body, headers: { cookie }, redirect: "manual" });
  for (const line of answer.headers.getSetCookie()) {
    const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
    jar.set(name, value);
  }
  return answer;
}

assert.deepEqual(await (await visit("/products")).json(), ["apples", "bread", "cheese"]);
assert.equal((await visit("/login")).status, 200);
assert.equal((await visit("/login", { name: "ann" })).status, 303);
assert.equal((await visit("/cart", { product: "bread" })).status, 303);
assert.deepEqual(await (await visit("/cart")).json(), ["bread"]);
