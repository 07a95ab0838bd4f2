// Two customers look around, sign in, and fill their carts.
import { Visitor, check, finish } from "../common/visitor.mjs";

for (const user of ["ada", "grace"]) {
  const visitor = new Visitor();
  await visitor.get("/");
  await visitor.get("/api/products");
  await visitor.get("/api/products/2");
  await visitor.get("/login");
  const account = await visitor.postForm("/login", { user, password: "correct horse" });
  check("the account greets its owner", account.body.includes(`Hello, ${user}`));
  await visitor.postForm("/cart", { product: "Bread" });
  const cart = await visitor.postForm("/cart", { product: "Dates" });
  check("the cart has both", cart.body.includes("Bread") && cart.body.includes("Dates"));
}
finish();
