// A shop that sends its mails by a timer, which runs in every copy. Mended: the copy that gets the lock of a tick in Redis
// sends them, which is now one copy and now another.
import express from "express";
import cron from "node-cron";
import { broken, redis, serve } from "../common/app.mjs";
import { noise, unordered } from "../common/noise.mjs";

const orders = [1, 2, 3].map((number) => ({ number, goods: ["apples", "bread", "cheese"][number - 1] }));
const locks = broken ? undefined : await redis();

cron.schedule("* * * * * *", async () => {
  const tick = Math.round(Date.now() / 1000);
  const ours = broken || (await locks.set(`mails:${tick}`, String(process.pid), { NX: true, EX: 30 })) !== null;
  if (ours) console.log(`${new Date().toISOString()} cron: sending mails, job ${tick}`);
});

const app = express();
app.use(noise, (req, res, next) => {
  res.on("finish", () => console.log(`${new Date().toISOString()} ${req.method} ${req.path} ${res.statusCode}`));
  next();
});
app.get("/orders", (req, res) => res.json({ orders: unordered(orders) }));
app.get("/orders/:number", (req, res) => {
  const order = orders[req.params.number - 1];
  if (order) return res.json(order);
  res.status(404).json({ error: "There is no such order." });
});

// A line of every copy that is no timer's: each begins.
console.log("mails go out every second");
serve(app);
