//! The apps, and what a browser does with them.

use super::{Browser, Copy, answer, cookie, parameter, text};
use crate::{Answer, Request};

fn redirect(to: &str) -> Answer {
    answer(302, &[("Location", to)], "")
}

/// A login whose sessions the server keeps.
pub(super) fn session(copy: &mut Copy, request: &Request) -> Answer {
    match (request.method.as_str(), request.path()) {
        ("POST", "/login") => {
            let sid = copy.random.id();
            copy.set(&sid, "alice");
            let mut answer = redirect("/account");
            answer.fields.0.push(("Set-Cookie".to_owned(), format!("sid={sid}; Path=/; HttpOnly").into_bytes()));
            answer
        }
        (_, "/account") => match cookie(request, "sid").and_then(|sid| copy.get(&sid)) {
            Some(name) => answer(200, &[("Content-Type", "text/html")], &format!("<h1>Hello {name}</h1>")),
            None => redirect("/login?next=/account"),
        },
        _ => answer(200, &[("Content-Type", "text/html")], "<form method=post action=/login><input name=user></form>"),
    }
}

pub(super) fn logs_in(browser: &mut Browser<'_>) {
    browser.get("/login");
    browser.post("/login", "user=alice");
    browser.get("/account");
    browser.get("/account");
}

/// A login whose content is signed into its cookie, as Flask does it.
pub(super) fn signed(copy: &mut Copy, request: &Request) -> Answer {
    if request.method == "POST" {
        let content = format!("eyJ1c2VyIjoiYWxpY2UifQ.{:.6}", copy.random.id());
        let value = format!("session={content}.{}", copy.sign(&content));
        return answer(200, &[("Set-Cookie", &value), ("Content-Type", "application/json")], r#"{"ok":true}"#);
    }
    let value = cookie(request, "session").unwrap_or_default();
    let (content, signature) = value.rsplit_once('.').unwrap_or_default();
    if signature == copy.sign(content) {
        answer(200, &[("Content-Type", "application/json")], r#"{"user":"alice"}"#)
    } else {
        answer(401, &[("Content-Type", "application/json")], r#"{"error":"not logged in"}"#)
    }
}

pub(super) fn signs_in(browser: &mut Browser<'_>) {
    browser.post("/session", "user=alice");
    browser.get("/me");
}

/// The same with a JSON web token that a script keeps.
pub(super) fn token(copy: &mut Copy, request: &Request) -> Answer {
    if request.method == "POST" {
        let content = format!("eyJhbGciOiJIUzI1NiJ9.eyJ{}", copy.random.id());
        let token = format!("{content}.{}", copy.sign(&content));
        return answer(200, &[("Content-Type", "application/json")], &format!(r#"{{"token":"{token}"}}"#));
    }
    let value = request.fields.text("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
    let (content, signature) = value.rsplit_once('.').unwrap_or_default();
    if signature == copy.sign(content) { answer(200, &[], "alice") } else { answer(401, &[], "invalid token") }
}

pub(super) fn carries_a_token(browser: &mut Browser<'_>) {
    let said = text(&browser.send("POST", "/token", &[], "user=alice"));
    let token = said.split('"').nth(3).expect("a token").to_owned();
    browser.send("GET", "/me", &[("Authorization", &format!("Bearer {token}"))], "");
}

/// Tokens that are changed for new ones, each known to the copy that gave it.
pub(super) fn refresh(copy: &mut Copy, request: &Request) -> Answer {
    let sent = form_urlencoded::parse(&request.body).find(|(name, _)| name == "refresh_token");
    if sent.is_some_and(|(_, token)| copy.get(&token).is_none()) {
        return answer(400, &[("Content-Type", "application/json")], r#"{"error":"invalid_grant"}"#);
    }
    let token = copy.random.id();
    copy.set(&token, "given");
    answer(200, &[("Content-Type", "application/json")], &format!(r#"{{"refresh_token":"{token}"}}"#))
}

pub(super) fn refreshes(browser: &mut Browser<'_>) {
    let said = text(&browser.send("POST", "/token", &[], "user=alice"));
    let token = said.split('"').nth(3).expect("a token").to_owned();
    browser.post("/token", &format!("refresh_token={token}"));
}

/// A form with a token that the session knows.
pub(super) fn csrf(copy: &mut Copy, request: &Request) -> Answer {
    if request.is_safe() {
        let (sid, token) = (copy.random.id(), format!("{}+/=", copy.random.id()));
        copy.set(&sid, &token);
        let page = format!("<form method=post><input type=hidden name=_csrf value=\"{token}\"></form>");
        return answer(200, &[("Content-Type", "text/html"), ("Set-Cookie", &format!("sid={sid}"))], &page);
    }
    let sent =
        form_urlencoded::parse(&request.body).find(|(name, _)| name == "_csrf").map(|(_, value)| value.into_owned());
    if sent.is_some() && sent == cookie(request, "sid").and_then(|sid| copy.get(&sid)) {
        answer(200, &[], "sent")
    } else {
        let page = "<!DOCTYPE html><title>Error</title><pre>ForbiddenError: invalid csrf token</pre>";
        answer(403, &[("Content-Type", "text/html")], page)
    }
}

pub(super) fn sends_the_form(browser: &mut Browser<'_>) {
    let page = text(&browser.get("/form"));
    let token = page.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
    browser.post("/form", &format!("text=hello&_csrf={token}"));
}

/// Files on a disk.
pub(super) fn upload(copy: &mut Copy, request: &Request) -> Answer {
    if request.method == "POST" {
        let path = format!("/files/{}", copy.random.id());
        copy.set(&path, &String::from_utf8_lossy(&request.body));
        return answer(201, &[("Location", &path)], "");
    }
    match copy.get(request.path()) {
        Some(file) => answer(200, &[("Content-Type", "text/plain")], &file),
        None => answer(404, &[], "Not Found"),
    }
}

pub(super) fn uploads(browser: &mut Browser<'_>) {
    let answer = browser.send("POST", "/files", &[("Content-Type", "text/plain")], "my file");
    let path = answer.fields.text("location").expect("a place").to_owned();
    browser.get(&path);
}

/// socket.io by polling.
pub(super) fn socket_io(copy: &mut Copy, request: &Request) -> Answer {
    let Some(sid) = parameter(request.query(), "sid") else {
        let sid = copy.random.id();
        copy.set(&sid, "open");
        return answer(
            200,
            &[("Content-Type", "text/plain")],
            &format!(r#"0{{"sid":"{sid}","upgrades":["websocket"]}}"#),
        );
    };
    if copy.get(&sid).is_none() {
        return answer(400, &[("Content-Type", "application/json")], r#"{"code":1,"message":"Session ID unknown"}"#);
    }
    if request.fields.text("upgrade").is_some() {
        return Answer { end: crate::End::Held, ..answer(101, &[("Upgrade", "websocket")], "") };
    }
    if request.method == "POST" {
        return answer(200, &[], "ok");
    }
    answer(200, &[], &format!(r#"40{{"sid":"{}"}}"#, copy.random.id()))
}

pub(super) fn polls(browser: &mut Browser<'_>) {
    let target = "/socket.io/?EIO=4&transport=polling&t=a1b2c3d4";
    let packet = text(&browser.get(target));
    let sid = packet.split('"').nth(3).expect("a sid").to_owned();
    let target = format!("/socket.io/?EIO=4&transport=polling&t=e5f6a7b8&sid={sid}");
    browser.send("POST", &target, &[("Content-Type", "text/plain;charset=UTF-8")], "40");
    browser.get(&target);
    browser.send("GET", &format!("/socket.io/?EIO=4&transport=websocket&sid={sid}"), &[("Upgrade", "websocket")], "");
}

/// The Model Context Protocol.
pub(super) fn mcp(copy: &mut Copy, request: &Request) -> Answer {
    let Some(id) = request.fields.text("mcp-session-id") else {
        let id = copy.random.id();
        copy.set(&id, "open");
        return answer(200, &[("Mcp-Session-Id", &id), ("Content-Type", "application/json")], r#"{"result":{}}"#);
    };
    if copy.get(id).is_some() {
        return answer(200, &[("Content-Type", "application/json")], r#"{"result":{"tools":[]}}"#);
    }
    answer(404, &[("Content-Type", "application/json")], r#"{"error":{"code":-32001,"message":"Session not found"}}"#)
}

pub(super) fn calls_tools(browser: &mut Browser<'_>) {
    let json = ("Content-Type", "application/json");
    let answer = browser.send("POST", "/mcp", &[json], r#"{"method":"initialize"}"#);
    let id = answer.fields.text("mcp-session-id").expect("an id").to_owned();
    browser.send("POST", "/mcp", &[json, ("Mcp-Session-Id", &id)], r#"{"method":"tools/list"}"#);
}

/// A negotiation and a connection, as SignalR does it; by another name where the path says so.
pub(super) fn negotiated(copy: &mut Copy, request: &Request) -> Answer {
    if request.method == "POST" {
        let id = copy.random.id();
        copy.set(&id, "open");
        let key = if request.path().starts_with("/hub") { "connectionToken" } else { "job" };
        return answer(200, &[("Content-Type", "application/json")], &format!(r#"{{"{key}":"{id}","version":1}}"#));
    }
    let id = parameter(request.query(), "id").unwrap_or_default();
    if copy.get(&id).is_some() { answer(200, &[], "{}") } else { answer(404, &[], "No Connection with that ID") }
}

pub(super) fn negotiates(browser: &mut Browser<'_>) {
    let said = text(&browser.send("POST", "/hub/negotiate?negotiateVersion=1", &[], ""));
    browser.get(&format!("/hub?id={}", said.split('"').nth(3).expect("an id")));
}

pub(super) fn starts_a_job(browser: &mut Browser<'_>) {
    let said = text(&browser.send("POST", "/jobs", &[], ""));
    browser.get(&format!("/jobs?id={}", said.split('"').nth(3).expect("an id")));
}

/// A cart that begins anew with every session it does not know.
pub(super) fn cart(copy: &mut Copy, request: &Request) -> Answer {
    let known = cookie(request, "sid").filter(|sid| copy.get(sid).is_some());
    let sid = known.clone().unwrap_or_else(|| copy.random.id());
    if request.method == "POST" {
        copy.store.borrow_mut().lists.entry(sid.clone()).or_default().push("shoes".to_owned());
    }
    copy.set(&sid, "cart");
    let items = copy.store.borrow().lists.get(&sid).cloned().unwrap_or_default();
    let body = serde_json::json!({ "items": items, "id": copy.random.id() }).to_string();
    let mut answer = answer(200, &[("Content-Type", "application/json")], &body);
    if known.is_none() {
        answer.fields.0.push(("Set-Cookie".to_owned(), format!("sid={sid}").into_bytes()));
    }
    answer
}

pub(super) fn shops(browser: &mut Browser<'_>) {
    browser.get("/");
    browser.post("/cart", "item=shoes");
    browser.get("/cart");
}

/// Notes that all clients share, kept by each copy for itself, with shuffled data that all have.
pub(super) fn notes(copy: &mut Copy, request: &Request) -> Answer {
    if request.path() == "/products" {
        let mut products = ["blue-shoes-1", "green-shoes-2", "black-shoes-3", "white-shoes-4"];
        for at in 1..products.len() {
            let other = usize::try_from(copy.random.next() % (at as u64 + 1)).expect("small");
            products.swap(at, other);
        }
        return answer(200, &[("Content-Type", "application/json")], &serde_json::json!(products).to_string());
    }
    if let Some(product) = request.path().strip_prefix("/products/") {
        return answer(200, &[("Content-Type", "text/html")], &format!("<p>{product}</p>"));
    }
    if request.method == "PUT" {
        copy.set(request.path(), &String::from_utf8_lossy(&request.body));
        return answer(204, &[], "");
    }
    let said = copy.get(request.path()).unwrap_or_default();
    answer(200, &[("Content-Type", "application/json")], &serde_json::json!({ "note": said }).to_string())
}

pub(super) fn writes_notes(browser: &mut Browser<'_>) {
    let products: Vec<String> = serde_json::from_slice(&browser.get("/products").body).expect("a list");
    browser.get(&format!("/products/{}", products[0]));
    browser.send("PUT", "/notes", &[("Content-Type", "text/plain")], "remember");
    browser.get("/notes");
}
