// A hub that speaks SignalR's protocol, as ASP.NET Core does: POST negotiate gives a token, which all further requests carry
// in `id`, and the connection is in the memory of one copy. Mended: no negotiation, and WebSocket alone.
import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import express from "express";
import { WebSocketServer } from "ws";
import { broken, serve } from "../common/app.mjs";
import { noise } from "../common/noise.mjs";

const END = "\x1e"; // behind each message
const availableTransports = [{ transport: "LongPolling", transferFormats: ["Text", "Binary"] }];
const connections = new Map();

/** Answers a client's messages: the handshake, and calls. */
function received(text, send) {
  for (const message of text.split(END).filter(Boolean).map((part) => JSON.parse(part))) {
    if (message.protocol) send(`{}${END}`);
    const result = { said: message.arguments?.[0], at: new Date() };
    if (message.type === 1) send(JSON.stringify({ type: 3, invocationId: message.invocationId, result }) + END);
  }
}

const app = express();
const server = createServer(app);
app.get("/settings", noise, (req, res) => res.json({ webSocketAlone: !broken }));

const hub = express.Router();
hub.post("/negotiate", (req, res) => {
  const connectionToken = randomBytes(16).toString("base64url");
  connections.set(connectionToken, { waiting: [] });
  res.json({ negotiateVersion: 1, connectionId: randomUUID(), connectionToken, availableTransports });
});
hub.use((req, res, next) => {
  req.hub = connections.get(req.query.id);
  if (req.hub) next();
  else res.status(404).type("text/plain").send("No Connection with that ID");
});
hub.post("/", express.text({ type: "*/*" }), (req, res) => {
  received(req.body, (text) => req.hub.waiting.push(text));
  req.hub.wake?.();
  res.send("");
});
hub.delete("/", (req, res) => {
  connections.delete(req.query.id);
  req.hub.wake?.();
  res.status(202).end();
});
hub.get("/", async (req, res) => {
  // The first poll is answered at once, with nothing; a later one when there is something, and after a while.
  if (req.hub.polled && req.hub.waiting.length === 0) {
    await new Promise((wake) => Object.assign(req.hub, { wake, limit: setTimeout(wake, 3000) }));
    clearTimeout(req.hub.limit);
  }
  req.hub.polled = true;
  if (!connections.has(req.query.id)) return res.status(204).end();
  res.type("text/plain").send(req.hub.waiting.splice(0).join(""));
});

if (broken) app.use("/hub", hub);
else {
  new WebSocketServer({ server, path: "/hub" }).on("connection", (socket) => {
    socket.on("message", (data) => received(String(data), (text) => socket.send(text)));
  });
}

serve(server);
