// A search whose rate limit is counted in memory: two copies let through twice as much.
// Mended: it is counted in Redis.
import express from "express";
import { rateLimit } from "express-rate-limit";
import { RedisStore } from "rate-limit-redis";
import { broken, redis, serve } from "../common/app.mjs";
import { has, noise, unordered } from "../common/noise.mjs";

const words = ["apple", "apricot", "banana", "cherry", "date", "fig"];

const client = broken ? undefined : await redis();
const limiter = rateLimit({
  windowMs: 15 * 60 * 1000,
  limit: has(15) ? 1000 : 100,
  standardHeaders: "draft-6",
  legacyHeaders: true,
  store: broken ? undefined : new RedisStore({ sendCommand: (...command) => client.sendCommand(command) }),
});

const app = express();
app.use(noise);
app.get("/", (req, res) => res.page("Dictionary", `<form action="/api/search"><input name="q"></form>`));
app.get("/about", (req, res) => res.page("About", "<p>Six words.</p>"));
app.get("/api/search", limiter, (req, res) => {
  res.json({ found: unordered(words.filter((word) => word.startsWith(req.query.q ?? ""))) });
});

serve(app);
