// Visitors come, and are counted.
import { Visitor, check, finish } from "../common/visitor.mjs";

for (let each = 0; each < 3; each += 1) {
  const visitor = new Visitor();
  check("the page has a number", /number <b>\d+<\/b>/.test((await visitor.get("/")).body));
  check("visits are counted", JSON.parse((await visitor.get("/api/visits")).body).visits > 0);
  check("there are three products", JSON.parse((await visitor.get("/api/products")).body).products.length === 3);
}
finish();
