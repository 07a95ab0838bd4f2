
"use strict";
(() => {
  const LINES = 200;
  const PICKS = 60;
  const AGAIN = 1000;
  const TOGETHER = 100;
  const HIDDEN = /[{{hidden}}]/gu;
  const GLYPHS = {{glyphs}};
  const ENDED = {
    clientGone: "the client left", cutByBackend: "cut short by the backend", badBody: "cut: its body is malformed or too large",
    idle: "cut after timeouts.tunnelIdle", takenOut: "cut: its backend was taken out", stopping: "cut: the balancer stops",
  };
  const at = (id) => document.getElementById(id);

  /* What comes from elsewhere is only ever text, its control characters visible as in the log. */
  const shown = (text) => String(text).replace(HIDDEN, (c) => {
    const code = c.codePointAt(0);
    return code < 0x100 ? "\\x" + code.toString(16).padStart(2, "0") : "\\u{" + code.toString(16) + "}";
  });
  const set = (node, text) => {
    const now = shown(text);
    if (node.textContent !== now) node.textContent = now;
  };
  const make = (tag, text, kind) => {
    const node = document.createElement(tag);
    if (text !== undefined) set(node, text);
    if (kind) node.className = kind;
    return node;
  };
  const cell = (tag, role, text, kind, label) => {
    const node = make(tag, text, kind);
    node.setAttribute("role", role);
    if (label) node.dataset.label = label;
    return node;
  };
  const millis = (micros) => {
    if (micros === null || micros === undefined) return "–";
    return micros < 9950 ? (micros / 1000).toFixed(1) + " ms" : Math.round(micros / 1000) + " ms";
  };
  /* What the last check found wrong; of a backend that is well it is past. */
  const present = (b) => (b.healthy ? "" : b.lastError ?? "");
  const clock = (time) => {
    const two = (n) => String(n).padStart(2, "0");
    const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
    return parts + "." + String(time.getMilliseconds()).padStart(3, "0");
  };

  /* A letter on its backend's colour, black or white as reads better. */
  const marks = new Map();
  const ink = (color) => {
    const channel = (from) => {
      const value = parseInt(color.slice(from, from + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) > 0.179 ? "#000" : "#fff";
  };
  const paint = (node, mark) => {
    set(node, mark ? mark.letter : "?");
    if (mark) {
      node.style.background = mark.color;
      node.style.color = ink(mark.color);
    }
    return node;
  };

  const COLUMNS = [
    ["Weight", (b) => b.weight], ["Requests", (b) => b.requests], ["Per second", (b) => b.rate],
    ["In flight", (b) => b.activeConnections], ["Sessions", (b) => b.sticky], ["p95", (b) => millis(b.latency.p95)],
    ["Errors", (b) => b.errors], ["Last check's error", (b) => present(b)],
  ];
  const rows = new Map();
  const begin = () => {
    const row = cell("tr", "row");
    const head = cell("th", "rowheader");
    head.scope = "row";
    const mark = make("span", "", "mark");
    const name = make("span", "");
    head.append(mark, name);
    const state = cell("td", "cell", "", "state");
    const last = COLUMNS.length - 1;
    const cells = COLUMNS.map(([label], n) => cell("td", "cell", "", n < last ? "n" : "why", label));
    row.append(head, state, ...cells);
    return { row, mark, name, state, cells };
  };
  const backends = (list) => {
    const body = at("backends");
    for (const id of [...rows.keys()]) {
      if (!list.some((b) => b.id === id)) rows.delete(id);
    }
    marks.clear();
    const ordered = list.map((b) => {
      const now = rows.get(b.id) ?? begin();
      rows.set(b.id, now);
      marks.set(b.id, { ...b.mark, name: b.name });
      paint(now.mark, b.mark);
      set(now.name, (b.pool ? b.pool + "/" : "") + b.name);
      now.row.title = shown(b.url);
      now.state.className = "state " + (b.state in GLYPHS ? b.state : "");
      set(now.state, (GLYPHS[b.state] ?? "") + " " + b.state);
      COLUMNS.forEach(([, text], n) => {
        set(now.cells[n], text(b));
        if (n === COLUMNS.length - 1) now.cells[n].hidden = !present(b) && matchMedia("(max-width: 46rem)").matches;
      });
      return now.row;
    });
    const same = body.children.length === ordered.length && ordered.every((row, n) => body.children[n] === row);
    if (!same) body.replaceChildren(...ordered);
  };
  const list = (node, texts) => {
    const now = texts.map(shown).join("\n");
    if (node.dataset.now === now) return;
    node.dataset.now = now;
    node.replaceChildren(...texts.map((text) => make("li", text)));
  };
  const figures = (now) => {
    const several = now.pools !== undefined;
    const pools = now.pools ?? [{ strategy: now.strategy, sticky: now.sticky }];
    const listeners = now.listeners.map((l) => l.url + (several ? " → " + l.pool : ""));
    list(at("about"), [...listeners, ...pools.map((p) => (several ? p.name + ": " : "") + p.strategy + ", sticky: " + p.sticky)]);
    const all = now.totals;
    const share = all.errorShare === null ? "–" : (all.errorShare * 100).toFixed(1) + " %";
    set(at("totals"), [
      all.rate + " requests/s", "p50 " + millis(all.latency.p50), "p95 " + millis(all.latency.p95),
      "p99 " + millis(all.latency.p99), "errors " + share, all.inFlight + " in flight", all.connections + " connections",
    ].join(" · "));
    const active = now.alerts.filter((alert) => alert.active).map((alert) => "Alert " + alert.when + ": " + alert.value);
    list(at("alerts"), active);
    at("alerts").hidden = active.length === 0;
    backends(now.backends);
  };

  /* The log: what comes together is drawn together, and no more is kept than is shown. */
  let waiting = [];
  let picked = [];
  let held = false;
  let due = false;
  const line = (event) => {
    const row = cell("tr", "row", undefined, event.status >= 500 ? "failed" : "");
    const raw = event.path === "";
    const texts = [
      clock(new Date(Date.parse(event.time) + event.seconds * 1e3)), event.method, event.path, raw ? "" : event.status, millis(event.seconds * 1e6),
      (event.pool ? event.pool + "/" : "") + (event.backend ?? "–"), event.reason + (ENDED[event.ended] ? "; " + ENDED[event.ended] : ""),
    ];
    const kinds = ["", "", "", "n", "n", "", "why"];
    row.append(...texts.map((text, n) => cell("td", "cell", text, kinds[n])));
    if (event.backendId !== null) row.children[5].prepend(paint(make("span", "", "mark"), marks.get(event.backendId)));
    return row;
  };
  const note = (event) => {
    const row = cell("tr", "row", undefined, "change");
    const text = cell("td", "cell", event.text);
    text.colSpan = 6;
    row.append(cell("td", "cell", clock(new Date(event.time))), text);
    return row;
  };
  const pick = (event) => {
    const node = paint(make("li", "", "mark"), marks.get(event.backendId));
    node.title = shown(event.backend);
    return node;
  };
  const draw = () => {
    due = false;
    const picks = at("picks");
    picks.append(...picked.map(pick));
    picked = [];
    while (picks.children.length > PICKS) picks.firstChild.remove();
    if (held || waiting.length === 0) return;
    const those = waiting;
    waiting = [];
    const body = at("log");
    body.prepend(...those.map((event) => event.text === undefined ? line(event) : note(event)).reverse());
    while (body.children.length > LINES) body.lastChild.remove();
    at("empty").hidden = true;
  };
  const later = (event) => {
    waiting.push(event);
    if (waiting.length > LINES) waiting.shift();
    if (held) set(at("hold"), "Go on, " + waiting.length + (waiting.length === 1 ? " is new" : " are new"));
    if (!due) {
      due = true;
      setTimeout(draw, TOGETHER);
    }
  };
  at("hold").addEventListener("click", () => {
    held = !held;
    at("hold").setAttribute("aria-pressed", String(held));
    set(at("hold"), held ? "Go on" : "Hold");
    draw();
  });

  /* The stream, opened again for as long as it does not come. */
  const say = (text) => set(at("said"), text);
  /* Why it does not. */
  const AWAY = "The balancer does not answer";
  const FULL = "As many pages and programs read events as the balancer has places for, so this page stands still";
  let trouble = "";
  const answers = () => fetch("health", { cache: "no-store", signal: AbortSignal.timeout(5000) }).then((answer) => answer.ok, () => false);
  const missing = (why) => {
    if (trouble === why) return;
    trouble = why;
    document.body.classList.add("away");
    say(why + " since " + clock(new Date()).slice(0, 8) + ". Trying again every second.");
  };
  /* The balancer's time when the page was opened: what is told of before is no news. */
  let opened = null;
  const isNews = (event) => opened !== null && Date.parse(event.time) >= opened;
  const open = (what) => {
    const source = new EventSource(what);
    const on = (kind, take) => source.addEventListener(kind, (event) => take(JSON.parse(event.data)));
    on("figures", (now) => {
      if (trouble) {
        say(trouble === AWAY ? "The balancer is back." : "There is a place for this page again.");
        trouble = "";
        document.body.classList.remove("away");
      }
      opened ??= Date.parse(now.timestamp);
      figures(now);
    });
    on("request", (event) => {
      if (event.backendId !== null) picked = [...picked, event].slice(-PICKS);
      later(event);
    });
    on("update", (event) => {
      const text = (event.backend.pool ? event.backend.pool + "/" : "") + event.backend.name + " is " + event.to + ": " + event.reason;
      if (isNews(event)) say(text);
      later({ time: event.time, text });
    });
    on("notice", (event) => {
      if (event.level === "warning" && isNews(event)) say(event.text);
      later({ time: event.time, text: event.text });
    });
    on("missed", (event) => later({ time: Date.now(), text: event.events + " events came too fast to be told here" }));
    let accepted = false;
    source.onopen = () => { accepted = true; };
    source.onerror = async () => {
      source.close();
      /* A stream that was accepted and ends is opened again before anything is said, unless nobody answers. */
      if (!await answers()) missing(AWAY);
      else if (!accepted) missing(FULL);
      setTimeout(() => open("events?figures"), AGAIN);
    };
  };
  for (const section of document.querySelectorAll(".live")) section.hidden = false;
  open("events?figures&history");
})();
