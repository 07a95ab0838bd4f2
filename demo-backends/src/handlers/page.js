"use strict";
const $ = (id) => document.getElementById(id);
const mine = document.body.dataset;
const colors = new Map([[mine.name, mine.color], [mine.served, mine.color]]);
const WAIT = 1000;
const DOTS = 20;

// Text is set as text and never as markup, so that nothing in it is HTML.
function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function line(...parts) {
  const p = make("p");
  p.append(...parts);
  return p;
}

function show(id, ...lines) {
  $(id).replaceChildren(...lines);
}

// Black or white, whichever is more readable on the colour.
function ink(color) {
  const [r, g, b] = [1, 3, 5]
    .map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

function paint(element, name) {
  const color = colors.get(name) ?? "#888888";
  element.style.background = color;
  element.style.borderColor = color;
  element.style.color = ink(color);
  return element;
}

const badge = (name) => paint(make("span", name, "badge"), name);

// --- One dot for each response ---------------------------------------------

const answers = [];

function drawDots() {
  const dots = answers.map(({ name, omit, status }) => {
    const dot = make("li", name ? Array.from(name)[0].toUpperCase() : "!", "full");
    if (!name) {
      dot.classList.add("none");
    } else if (omit) {
      dot.classList.add("ring");
      dot.style.borderColor = colors.get(name) ?? "#888888";
    } else {
      paint(dot, name);
    }
    dot.title = `${name ?? "no backend"}, ${status}${omit ? ", without cookie" : ""}`;
    dot.setAttribute("aria-label", dot.title);
    return dot;
  });
  dots.at(-1)?.classList.add("new");
  while (dots.length < DOTS) {
    const empty = make("li");
    empty.setAttribute("aria-hidden", "true");
    dots.push(empty);
  }
  $("dots").replaceChildren(...dots);
}

function remember(answer) {
  answers.push(answer);
  if (answers.length > DOTS) answers.shift();
  drawDots();
}

// --- Requests --------------------------------------------------------------

// Shows which backend the client is bound to. The balancer's headers say so; the
// cookie itself is HttpOnly, and a script cannot read it.
function showBinding(name, headers) {
  const id = headers.get("x-backend-id");
  const label = headers.get("x-backend");
  if (id === null && label === null) {
    if (!name) return;
    $("stuck").replaceChildren("Talking to ", badge(name), " directly, without a balancer.");
    return;
  }
  const stuck = id === null
    ? ["The balancer sent you to ", make("strong", label), " (x-backend)"]
    : ["Stuck to backend ", make("strong", id), " (x-backend-id)"];
  if (name) stuck.push(": ", badge(name));
  if (name && name !== mine.served) stuck.push(", no longer ", badge(mine.name));
  $("stuck").replaceChildren(...stuck);
  if ($("cookie").textContent === "not sent to the backend") {
    $("cookie").textContent = "kept between browser and balancer";
  }
}

// Sends a request and finds out who answered it. Throws when there is no response.
async function call(path, options = {}) {
  const began = performance.now();
  const omit = options.credentials === "omit";
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch {
    remember({ omit, status: "no answer" });
    throw new Error("No answer at all. Is the balancer still running?");
  }
  const name = response.headers.get("x-served-by");
  const color = response.headers.get("x-served-color");
  if (name && color) colors.set(name, color);
  remember({ name, omit, status: response.status });
  if (!omit) showBinding(name, response.headers);
  return { response, name, ms: () => Math.round(performance.now() - began) };
}

// How a result begins: with the backend's badge, or with the error.
function by({ name, response }) {
  return name
    ? badge(name)
    : make("span", `No backend answered: ${response.status} ${response.statusText}`, "bad");
}

// Ignores further presses until the result is there. The button is not disabled
// meanwhile, because a disabled button loses the keyboard focus.
function onPress(id, out, work) {
  const button = $(id);
  button.addEventListener("click", async () => {
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    try {
      show(out, ...(await work()));
    } catch (error) {
      show(out, line(make("span", error.message, "bad")));
    } finally {
      button.ariaBusy = "false";
    }
  });
}

async function ask(options) {
  const answer = await call("/whoami", options);
  if (!answer.response.ok) return [by(answer), ` after ${answer.ms()} ms`];
  const who = await answer.response.json();
  if (who.pid === Number(mine.pid) && who.name === mine.name) {
    $("requests").textContent = who.requests;
  }
  return [
    badge(who.name),
    ` on port ${who.port} answered in ${answer.ms()} ms, its request number ${who.requests}.`,
  ];
}

onPress("ask", "ask-out", () => ask());
onPress("omit", "ask-out", () => ask({ credentials: "omit" }));

let timer = null;
$("auto").addEventListener("click", () => {
  const on = timer === null;
  $("auto").setAttribute("aria-pressed", String(on));
  if (on) {
    timer = setInterval(() => $("ask").click(), WAIT);
    $("ask").click();
  } else {
    clearInterval(timer);
    timer = null;
  }
});

// --- The buttons -----------------------------------------------------------

onPress("slow", "slow-out", async () => {
  show("slow-out", line(make("span", "Waiting…", "soft")));
  const answer = await call("/slow?ms=2000");
  await answer.response.text();
  return [line(by(answer), ` after ${(answer.ms() / 1000).toFixed(1)} s`)];
});

onPress("error", "error-out", async () => {
  const answer = await call("/status/500");
  return [line(by(answer), ` answered ${answer.response.status}`)];
});

onPress("echo", "echo-out", async () => {
  const answer = await call("/echo/hello?from=page", {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: "Hello from the page!",
  });
  const text = await answer.response.text();
  let shown = text;
  try {
    // One line for each header; JSON.stringify would take four.
    shown = JSON.stringify(JSON.parse(text), null, 2)
      .replace(/\[\n\s+("(?:[^"\\]|\\.)*"),\n\s+("(?:[^"\\]|\\.)*")\n\s+\]/g, "[$1, $2]");
  } catch { /* No JSON, so not from a backend: shown unchanged. */ }
  const pre = make("pre", shown);
  pre.tabIndex = 0;
  return [line(by(answer)), pre];
});

async function eachPiece({ response }, use) {
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    use(value);
  }
}

onPress("large", "large-out", async () => {
  const answer = await call("/bytes/8388608");
  let bytes = 0;
  await eachPiece(answer, (piece) => { bytes += piece.length; });
  return [line(by(answer), ` ${bytes.toLocaleString("en")} bytes in ${answer.ms()} ms`)];
});

onPress("chunks", "chunks-out", async () => {
  const answer = await call("/chunks?n=10&ms=200");
  const arrived = make("span", "");
  show("chunks-out", line(by(answer), " ", arrived));
  const decoder = new TextDecoder();
  let text = "";
  await eachPiece(answer, (piece) => {
    text += decoder.decode(piece, { stream: true });
    arrived.textContent = "▮".repeat(text.split("\n").length - 1);
  });
  return [line(by(answer), " ", arrived, ` in ${(answer.ms() / 1000).toFixed(1)} s`)];
});

let visits = Number(mine.visits);

onPress("visit", "visit-out", async () => {
  const answer = await call("/session");
  if (!answer.response.ok) return [line(by(answer))];
  const { backend, visits: now } = await answer.response.json();
  const forgotten = now <= visits;
  visits = now;
  const times = { 1: "once", 2: "twice" }[now] ?? `${now} times`;
  if (backend === mine.name) $("times").textContent = times;
  return [
    line(by(answer), " says: you have been here ", make("strong", times), "."),
    ...(forgotten ? [line(make("span", "It does not know you: your session was another's, and began anew.", "soft"))] : []),
  ];
});

const failed = new Map();

onPress("fail", "fail-out", async () => {
  const answer = await call("/health/fail?for=20", { method: "POST" });
  if (!answer.response.ok) return [line(by(answer))];
  const { port } = await answer.response.json();
  failed.set(answer.name, port);
  return [
    line(by(answer), " now fails its health check for 20\u00a0s."),
    line(make("span", "Ask every second, above, and watch the dots change.", "soft")),
  ];
});

onPress("heal", "fail-out", async () => {
  const answer = await call("/health/ok", { method: "POST" });
  if (!answer.response.ok) return [line(by(answer))];
  failed.delete(answer.name);
  const lines = [line(by(answer), " is well.")];
  // The balancer sends no requests to a failing backend, so this goes to the
  // backend's own port, which works on the machine that it runs on.
  for (const [name, port] of failed) {
    const url = `http://${location.hostname}:${port}/health/ok`;
    try {
      await fetch(url, { method: "POST", mode: "no-cors", credentials: "omit" });
      failed.delete(name);
      lines.push(line(badge(name), ` was healed directly, on port ${port}.`));
    } catch {
      lines.push(line(badge(name), " cannot be reached from here; it heals by itself."));
    }
  }
  return lines;
});

drawDots();
$("ask").click();
