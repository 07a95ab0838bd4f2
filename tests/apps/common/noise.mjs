// What differs from answer to answer in any real app, and means nothing. SEED chooses the mixture: each kind is there
// for about half of the seeds. The values are truly random, as they are in production.
import { randomUUID } from "node:crypto";
import os from "node:os";

const mixture = Math.imul(Number(process.env.SEED ?? 1), 0x9e3779b1) >>> 0;

/** Whether this mixture has a thing. Bits 31 to 16 are of the noise below, 15 to 8 are for an app's own settings. */
export const has = (bit) => ((mixture >>> bit) & 1) === 1;

const requestIdHeader = has(31);
const requestId = has(30);
const date = has(29);
const milliseconds = has(28);
const shuffledLists = has(27);
const shuffledKeys = has(26);
const timing = has(25);
const recommendations = has(24);
const namesItself = has(23);
const uptime = has(22);
const nonce = has(21);
const delay = has(20);
const cookie = has(19);
const elementIds = has(18);

const shuffle = (list) => list.map((item) => [Math.random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item);

/** A list from a query without ORDER BY. */
export const unordered = (list) => (shuffledLists ? shuffle(list) : list);

/** What there is besides the answer itself. */
function extras(began) {
  const more = {};
  if (requestId) more.requestId = randomUUID();
  if (date) more.servedAt = new Date().toISOString();
  if (milliseconds) more.time = Date.now();
  if (timing) more.took = performance.now() - began;
  if (recommendations) more.recommended = shuffle(["tea", "coffee", "cake", "bread"]).slice(0, 1 + Math.random() * 4);
  if (namesItself) more.instance = { host: os.hostname(), pid: process.pid, port: Number(process.env.PORT) };
  if (uptime) more.uptime = process.uptime();
  return more;
}

/** Express middleware: headers, what `res.json` sends, and `res.page(title, html)` for a whole page. */
export function noise(req, res, next) {
  const began = performance.now();
  if (requestIdHeader) res.set("X-Request-Id", randomUUID());
  if (timing) res.set("Server-Timing", `app;dur=${Math.random() * 9}`);
  if (cookie) res.append("Set-Cookie", `last_seen=${randomUUID()}; Path=/`);
  if (namesItself) res.set("X-Served-By", `${os.hostname()}:${process.env.PORT}`);

  const json = res.json.bind(res);
  res.json = (body) => {
    const fields = Object.entries({ ...body, ...extras(began) });
    return json(Object.fromEntries(shuffledKeys ? shuffle(fields) : fields));
  };
  res.page = (title, html) => {
    const once = nonce ? randomUUID().replaceAll("-", "") : "";
    if (nonce) res.set("Content-Security-Policy", `script-src 'nonce-${once}'`);
    const script = nonce ? `<script nonce="${once}">document.documentElement.lang = "en"</script>` : "";
    const id = elementIds ? ` id="w${randomUUID()}"` : "";
    const lines = Object.entries(extras(began)).map(([name, value]) => `<li>${name}: ${JSON.stringify(value)}</li>`);
    return res.send(
      `<!doctype html><html><head><title>${title}</title>${script}</head>` +
        `<body><h1>${title}</h1>${html}<footer${id}><ul>${lines.join("")}</ul></footer></body></html>`,
    );
  };
  setTimeout(next, delay ? Math.random() * 15 : 0);
}
