// Prices over socket.io, whose copies tell each other over Redis: that is believed to be enough for several copies, but with
// long polling each request of a client must still reach the copy that has its session. Mended: WebSocket alone.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import express from "express";
import { Server } from "socket.io";
import { broken, redis, serve } from "../common/app.mjs";
import { noise, unordered } from "../common/noise.mjs";

const transports = broken ? ["polling", "websocket"] : ["websocket"];
const goods = ["apples", "bread", "cheese", "dates"];

const app = express();
const server = createServer(app);
const io = new Server(server, { path: "/live/", transports, adapter: createAdapter(await redis(), await redis()) });
io.on("connection", (socket) => {
  socket.on("follow", (name, done) => {
    socket.join(name);
    done({ following: name });
  });
  socket.on("price", (name, cents) => io.to(name).emit("price", name, cents));
});

app.use(noise);
app.get("/goods", (req, res) => res.json({ goods: unordered(goods), transports }));
app.get("/goods/:name", (req, res) => {
  if (goods.includes(req.params.name)) return res.json({ name: req.params.name, unit: "kg" });
  res.status(404).json({ error: "There is no such thing." });
});

serve(server);
