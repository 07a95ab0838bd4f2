// --- Server-sent events ---------------------------------------------------

const SHOWN_EVENTS = 5;
let source = null;
let eventsFrom = null;

function eventLine(...parts) {
  const out = $("events-out");
  out.prepend(line(...parts));
  while (out.children.length > SHOWN_EVENTS) out.lastChild.remove();
}

function openEvents() {
  const current = new EventSource("/events");
  source = current;
  current.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    const time = new Date(event.time).toLocaleTimeString();
    const moved = eventsFrom !== null && eventsFrom !== event.backend ? " took over:" : "";
    eventsFrom = event.backend;
    eventLine(badge(event.backend), `${moved} no. ${event.n} at ${time}`);
  };
  current.onerror = () => {
    if (source !== current) return;
    eventLine(make("span", "Connection lost, reconnecting…", "bad"));
    // The browser reconnects by itself, except after an error response, such as
    // a balancer's 503.
    if (current.readyState === EventSource.CLOSED) {
      setTimeout(() => source === current && openEvents(), WAIT);
    }
  };
}

$("events").addEventListener("click", () => {
  const on = source === null;
  if (on) {
    eventsFrom = null;
    show("events-out");
    openEvents();
  } else {
    source.close();
    source = null;
  }
  $("events").setAttribute("aria-pressed", String(on));
  $("events").textContent = on ? "Stop" : "Start";
});

// --- Chat -----------------------------------------------------------------

const KEPT_MESSAGES = 200;
let chat = null;
let chatOn = null;
let chatTries = 0;

function said(...parts) {
  const list = $("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const item = make("li");
  item.append(...parts);
  list.append(item);
  while (list.children.length > KEPT_MESSAGES) list.firstChild.remove();
  // Follows new messages, unless the reader has scrolled up.
  if (atEnd) list.scrollTop = list.scrollHeight;
}

const note = (text) => make("span", text, "soft");

function openChat() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const name = encodeURIComponent($("nick").value);
  const socket = new WebSocket(`${scheme}//${location.host}/chat?hello&name=${name}`);
  chat = socket;
  socket.onmessage = ({ data }) => {
    if (chat !== socket) return;
    const message = JSON.parse(data);
    const via = badge(message.backend);
    if (message.hello) {
      colors.set(message.backend, message.color);
      paint(via, message.backend);
      chatTries = 0;
      // A new connection sends the name again, so that a guest keeps its number.
      $("nick").value = message.from;
      said(note(chatOn === null ? `Joined as ${message.from}, on ` : "Back again, now on "), via);
      chatOn = message.backend;
      $("chat-state").replaceChildren("You are on ", via.cloneNode(true));
    } else if (message.missed) {
      said(via, note(` ${message.missed} messages went by too fast and were missed.`));
    } else {
      said(via, " ", make("strong", message.from), ` ${message.text}`);
    }
  };
  socket.onclose = () => {
    if (chat !== socket) return;
    if (chatTries === 0) said(make("span", "Connection lost, reconnecting…", "bad"));
    $("chat-state").replaceChildren(make("span", "Reconnecting…", "bad"));
    const wait = Math.min(300 * 2 ** chatTries, 4000);
    chatTries += 1;
    setTimeout(() => chat === socket && openChat(), wait);
  };
}

function joined(yes) {
  $("join").hidden = yes;
  $("say").hidden = !yes;
  $(yes ? "text" : "nick").focus();
}

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  chatOn = null;
  chatTries = 0;
  $("messages").hidden = false;
  joined(true);
  openChat();
});

$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text === "") return;
  if (chat.readyState !== WebSocket.OPEN) {
    said(note("Not connected just now; send it again in a moment."));
    return;
  }
  chat.send(text);
  $("text").value = "";
});

$("leave").addEventListener("click", () => {
  const socket = chat;
  chat = null;
  socket.close(1000);
  said(note("You left."));
  $("chat-state").replaceChildren();
  joined(false);
});
