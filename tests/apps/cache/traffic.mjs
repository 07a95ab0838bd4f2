// Two customers look at prices, then a clerk changes one.
import { Visitor, check, finish } from "../common/visitor.mjs";

const [ada, grace, clerk] = [new Visitor(), new Visitor(), new Visitor()];
for (const customer of [ada, grace]) {
  await customer.get("/");
  await customer.get("/api/products");
  check("a product has a price", (await customer.get("/api/products/1")).status === 200);
  await customer.get("/api/products/2");
}
await clerk.get("/api/products/1");
await clerk.sendJson("PUT", "/api/products/1", { price: 120 });
const changed = await clerk.get("/api/products/1");
check("the clerk sees the new price", JSON.parse(changed.body).price === 120);
finish();
