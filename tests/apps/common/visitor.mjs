// A visitor with a cookie jar, for the apps' traffic. With HAR=FILE, what the first one did is written there as a
// browser exports it, which has one jar.
import { writeFileSync } from "node:fs";
import { CookieJar } from "tough-cookie";

const base = process.env.STICKYLB_URL;
const visitors = [];

/** Says that an answer is not as expected; the traffic goes on, and fails at its end. */
export function check(what, good) {
  if (good) return;
  console.error(`not as expected: ${what}`);
  process.exitCode = 1;
}

export class Visitor {
  jar = new CookieJar();
  entries = [];

  constructor() {
    visitors.push(this);
  }

  get = (path, headers) => this.request("GET", path, { headers });
  postForm = (path, fields) => this.request("POST", path, { body: new URLSearchParams(fields) });
  postJson = (path, value, headers) => this.sendJson("POST", path, value, headers);

  sendJson(method, path, value, headers) {
    const body = JSON.stringify(value);
    return this.request(method, path, { body, headers: { "Content-Type": "application/json", ...headers } });
  }

  /** Sends a request, follows redirects, and gives the last answer with its whole `body`. */
  async request(method, path, { body, headers } = {}) {
    const url = new URL(path, base);
    const cookie = await this.jar.getCookieString(url.href);
    const all = { Accept: "text/html,application/json", ...(cookie && { Cookie: cookie }), ...headers };
    const request = new Request(url, { method, body, headers: all, redirect: "manual" });
    const sent = body && (await request.clone().text());
    const began = new Date();
    const response = await fetch(request);
    const answer = await response.text();
    for (const line of response.headers.getSetCookie()) await this.jar.setCookie(line, url.href);
    this.entries.push(harEntry(began, request, sent, response, answer));
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location) return this.get(new URL(location, url).href);
    return { status: response.status, headers: response.headers, body: answer, url: url.href };
  }
}

/** Ends the traffic: writes the HAR file, if one is asked for. */
export function finish() {
  const log = { version: "1.2", creator: { name: "traffic", version: "1" }, pages: [], entries: visitors[0].entries };
  if (process.env.HAR) writeFileSync(process.env.HAR, JSON.stringify({ log }, null, 1));
}

function harEntry(began, request, sent, response, answer) {
  const list = (headers) => [...headers].map(([name, value]) => ({ name, value }));
  const type = response.headers.get("content-type") ?? "";
  const wait = Date.now() - began;
  return {
    startedDateTime: began.toISOString(),
    time: wait,
    request: {
      method: request.method,
      url: request.url,
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers: list(request.headers),
      queryString: list(new URL(request.url).searchParams),
      ...(sent && { postData: { mimeType: request.headers.get("content-type"), text: sent } }),
      headersSize: -1,
      bodySize: sent ? Buffer.byteLength(sent) : 0,
    },
    response: {
      status: response.status,
      statusText: response.statusText,
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers: list(response.headers),
      content: { size: Buffer.byteLength(answer), mimeType: type, text: answer },
      redirectURL: response.headers.get("location") ?? "",
      headersSize: -1,
      bodySize: Buffer.byteLength(answer),
    },
    cache: {},
    timings: { send: 0, wait, receive: 0 },
  };
}
