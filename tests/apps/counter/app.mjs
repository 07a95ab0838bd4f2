// A home page with the number of its visits, which each copy counts in its memory. Mended: Redis counts.
import express from "express";
import { broken, redis, serve } from "../common/app.mjs";
import { noise, unordered } from "../common/noise.mjs";

const products = ["Apples", "Bread", "Cheese"].map((name, id) => ({ id, name, stock: 10 * id }));
const counts = broken ? undefined : await redis();
let visits = 0;

async function visit(req, res, next) {
  res.locals.visits = broken ? (visits += 1) : await counts.incr("visits");
  next();
}

const app = express();
app.use(noise);
app.get("/", visit, (req, res) => res.page("Welcome", `<p>You are visitor number <b>${res.locals.visits}</b></p>`));
app.get("/api/visits", visit, (req, res) => res.json({ visits: res.locals.visits }));
app.get("/api/products", (req, res) => res.json({ products: unordered(products) }));

serve(app);
