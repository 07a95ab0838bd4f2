// A chat on socket.io as its guide begins: clients start with long polling, and their session is in the memory of one copy.
// Mended: WebSocket alone, so that a session is one connection, and Redis carries what is said to the other copies.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import express from "express";
import { Server } from "socket.io";
import { broken, redis, serve } from "../common/app.mjs";
import { noise } from "../common/noise.mjs";

const transports = broken ? ["polling", "websocket"] : ["websocket"];

const app = express();
const server = createServer(app);
const adapter = broken ? undefined : createAdapter(await redis(), await redis());
const io = new Server(server, { transports, adapter });
io.on("connection", (socket) => {
  socket.on("say", (text, done) => {
    io.emit("said", text, Date.now());
    done({ text, at: new Date() });
  });
  socket.on("note", (text, done) => done({ text }));
});

app.use(noise);
app.get("/", (req, res) => res.page("Chat", `<form><input name="text"></form><script src="/socket.io/socket.io.js"></script>`));
app.get("/settings", (req, res) => res.json({ transports }));

serve(server);
