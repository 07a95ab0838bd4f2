// A price list over a database, with a cache in each process: after a change the other copies show the old price.
// Mended: the cache is in Redis, where the change is seen by all.
import express from "express";
import { LRUCache } from "lru-cache";
import { broken, redis, serve } from "../common/app.mjs";
import { noise, unordered } from "../common/noise.mjs";

const client = await redis();
const database = {
  begin: () => client.hSetNX("prices", "1", "100").then(() => client.hSetNX("prices", "2", "250")),
  all: () => client.hGetAll("prices"),
  get: (id) => client.hGet("prices", id),
  set: (id, price) => client.hSet("prices", id, price),
};
await database.begin();

const memory = new LRUCache({ max: 100, ttl: 600_000 });
const cache = broken
  ? { get: (id) => memory.get(id), set: (id, price) => memory.set(id, price), delete: (id) => memory.delete(id) }
  : {
      get: (id) => client.get(`cache:${id}`),
      set: (id, price) => client.set(`cache:${id}`, price, { EX: 600 }),
      delete: (id) => client.del(`cache:${id}`),
    };

const app = express();
app.use(noise, express.json());
app.get("/", (req, res) => res.page("Prices", `<a href="/api/products">All</a>`));
app.get("/api/products", async (req, res) => res.json({ ids: unordered(Object.keys(await database.all())) }));
app.get("/api/products/:id", async (req, res) => {
  const { id } = req.params;
  let price = await cache.get(id);
  if (price === undefined || price === null) {
    price = await database.get(id);
    if (price === null) return res.status(404).json({ error: "there is no such product" });
    await cache.set(id, price);
  }
  res.json({ id, price: Number(price) });
});
app.put("/api/products/:id", async (req, res) => {
  await database.set(req.params.id, String(req.body.price));
  await cache.delete(req.params.id);
  res.status(204).end();
});

serve(app);
