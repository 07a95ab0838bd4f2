// What Node.js makes of an https server: node node.mjs BASE AUTHORITY. Prints a line for each thing that went well.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";

const [base, authority] = process.argv.slice(2);
const ca = readFileSync(authority);

const get = (path, options) =>
  new Promise((resolve, reject) => {
    const request = https.get(base + path, options, (response) => {
      const { socket } = response;
      const reused = socket.isSessionReused();
      let text = "";
      response.setEncoding("utf8").on("data", (piece) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, text, socket, reused }));
    });
    request.on("error", reject);
  });

const agent = new https.Agent({ ca, keepAlive: true, maxSockets: 1 });
const first = await get("/name", { agent });
const second = await get("/name", { agent });
console.log("get", first.status, first.text, first.socket.getProtocol(), first.socket === second.socket ? "kept" : "not kept");

// Another connection of the same agent offers the session of the first.
agent.destroy();
console.log("session", (await get("/name", { agent })).reused ? "reused" : "new");
agent.destroy();

const answer = await fetch(base + "/echo", { method: "POST", body: "x".repeat(100_000) });
console.log("fetch", answer.status, (await answer.text()).length);

// A WebSocket: the handshake, one masked text frame, and the same without a mask back.
await new Promise((resolve, reject) => {
  const key = randomBytes(16).toString("base64");
  const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": 13, "Sec-WebSocket-Key": key };
  const request = https.request(base + "/ws", { ca, headers, agent: false });
  request.on("error", reject).on("response", (response) => reject(new Error(`no upgrade: ${response.statusCode}`)));
  request.on("upgrade", (response, socket, early) => {
    const accept = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
    if (response.headers["sec-websocket-accept"] !== accept) reject(new Error("another key was accepted"));
    let got = early;
    socket.on("error", reject).on("data", (piece) => {
      got = Buffer.concat([got, piece]);
      if (got.length < 7) return;
      console.log("wss", got.subarray(2, 7).toString());
      socket.destroy();
      resolve();
    });
    const mask = [1, 2, 3, 4];
    socket.write(Buffer.from([0x81, 0x85, ...mask, ...Buffer.from("hello").map((byte, at) => byte ^ mask[at % 4])]));
  });
  request.end();
});
