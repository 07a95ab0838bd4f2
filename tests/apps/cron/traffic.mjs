// Someone looks at the orders, and takes some seconds, so that the timer comes round.
import { setTimeout as sleep } from "node:timers/promises";
import { Visitor, check, finish } from "../common/visitor.mjs";

const visitor = new Visitor();
for (const number of [1, 2, 3]) {
  const { orders } = JSON.parse((await visitor.get("/orders")).body);
  check("there are three", orders.length === 3);
  check("each has a page", (await visitor.get(`/orders/${number}`)).status === 200);
  check("there is no other", (await visitor.get("/orders/77")).status === 404);
  await sleep(2000);
}
finish();
