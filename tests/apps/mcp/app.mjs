// A server of the Model Context Protocol with the official SDK, whose sessions are in the memory of the copy that began them.
// Mended: without sessions, each request stands alone.
import { randomUUID } from "node:crypto";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import * as z from "zod";
import { broken, serve } from "../common/app.mjs";
import { noise, unordered } from "../common/noise.mjs";

const cities = ["Oslo", "Rome", "Lima", "Cairo"];
const sessions = new Map();

function tools() {
  const server = new McpServer({ name: "weather", version: "1.0.0" });
  const forecast = { description: "The weather of a city", inputSchema: { city: z.string() } };
  server.registerTool("forecast", forecast, ({ city }) => {
    const text = JSON.stringify({ city, weather: "sun", asked: new Date(), also: unordered(cities) });
    return { content: [{ type: "text", text }] };
  });
  return server;
}

async function begin() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: broken ? () => randomUUID() : undefined,
    enableJsonResponse: true,
    onsessioninitialized: (id) => sessions.set(id, transport),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await tools().connect(transport);
  return transport;
}

const refuse = (res, status, code, message) => res.status(status).json({ jsonrpc: "2.0", error: { code, message }, id: null });

const app = createMcpExpressApp();
app.all("/mcp", async (req, res) => {
  const id = req.get("mcp-session-id");
  if (!broken && req.method !== "POST") return refuse(res, 405, -32000, "Method not allowed.");
  const transport = broken && id ? sessions.get(id) : await begin();
  if (!transport) return refuse(res, 404, -32001, "Session not found");
  if (!broken) res.on("close", () => transport.close());
  return transport.handleRequest(req, res, req.body);
});
app.get("/cities", noise, (req, res) => res.json({ cities: unordered(cities) }));

serve(app);
