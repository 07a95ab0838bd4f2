//! Conversations as they are, with copies 0 and 1, and the same that must not be told.

mod simulated;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{Answer, Fields, Request};

/// A conversation, one request a second.
#[derive(Default)]
struct Talk(Vec<Exchange>, u64);

impl Talk {
    /// A request `GET /path` to a copy, with its fields and its body behind an empty line, and its answer `200` likewise.
    fn say(mut self, copy: usize, request: &str, answer: &str) -> Self {
        let (line, fields, body) = parts(request);
        let (method, target) = line.split_once(' ').expect("a method and a target");
        let request = Request { method: method.to_owned(), target: target.to_owned(), fields, body, whole: true };
        let (status, fields, body) = parts(answer);
        let answer = Answer { status: status.parse().expect("a status"), fields, body, ..Answer::default() };
        let at = self.0.last().map_or(Duration::ZERO, |last| last.at + Duration::from_secs(1 + self.1));
        self.1 = 0;
        self.0.push(Exchange { copy: Some(copy), at, request, answer, ..Exchange::default() });
        self
    }

    /// Nothing for so many seconds.
    fn pause(mut self, seconds: u64) -> Self {
        self.1 = seconds;
        self
    }

    fn told(&self) -> Vec<(usize, usize, Framework, String, Option<String>)> {
        let all = signatures(&self.0).into_iter();
        all.map(|one| (one.at, one.worked_at, one.framework, one.words, one.learn)).collect()
    }

    fn tells(&self, at: usize, worked_at: usize, framework: Framework, words: &str, learn: Option<&str>) {
        assert_eq!(self.told(), [(at, worked_at, framework, words.to_owned(), learn.map(str::to_owned))]);
    }

    fn tells_nothing(&self) {
        assert_eq!(self.told(), []);
    }
}

/// First line, fields, body.
fn parts(text: &str) -> (String, Fields, Vec<u8>) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let fields = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    (first, Fields(fields.collect()), body.as_bytes().to_vec())
}

const OPEN: &str = "200\nContent-Type: text/plain; charset=UTF-8\n\n0{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}";
const UNKNOWN: &str = "400\nContent-Type: application/json\n\n{\"code\":1,\"message\":\"Session ID unknown\"}";

fn polling(method: &str, sid: &str) -> String {
    let sid = if sid.is_empty() { String::new() } else { format!("&sid={sid}") };
    format!("{method} /socket.io/?EIO=4&transport=polling&t=P1xyz{sid}")
}

#[test]
fn a_socket_io_session_of_another_copy_is_told() {
    let sid = "lv_VI97HAXpY6yYWAAAC";
    let talk = Talk::default().say(0, &polling("GET", ""), OPEN).say(1, &polling("POST", sid), UNKNOWN);
    talk.tells(1, 0, Framework::SocketIo, "400 Session ID unknown", Some("socket.io"));
    let talk = talk.say(1, &polling("POST", sid), UNKNOWN).say(0, &polling("POST", sid), "200\n\nok");
    assert_eq!(signatures(&talk.0)[0].times, 2);
    let socket = "GET /socket.io/?EIO=4&transport=websocket&sid=lv_VI97HAXpY6yYWAAAC\nUpgrade: websocket";
    let talk = Talk::default()
        .say(0, &polling("GET", ""), OPEN)
        .say(0, &polling("POST", sid), "200\n\nok")
        .say(1, socket, UNKNOWN);
    talk.tells(2, 1, Framework::SocketIo, "400 Session ID unknown", Some("socket.io"));
}

#[test]
fn a_socket_io_session_that_is_over_is_not() {
    let sid = "lv_VI97HAXpY6yYWAAAC";
    let open = || Talk::default().say(0, &polling("GET", ""), OPEN).say(0, &polling("POST", sid), "200\n\nok");
    // On the same copy, long ago, closed by its client, unknown at home as well, or never given.
    open().say(0, &polling("GET", sid), UNKNOWN).tells_nothing();
    open().pause(60).say(1, &polling("GET", sid), UNKNOWN).tells_nothing();
    open()
        .say(0, &format!("{}\n\n1", polling("POST", sid)), "200\n\nok")
        .say(1, &polling("GET", sid), UNKNOWN)
        .tells_nothing();
    open().say(0, &polling("GET", sid), UNKNOWN).say(1, &polling("GET", sid), UNKNOWN).tells_nothing();
    open().say(1, &polling("GET", sid), UNKNOWN).say(0, &polling("GET", sid), UNKNOWN).tells_nothing();
    Talk::default().say(1, &polling("GET", sid), UNKNOWN).say(0, &polling("GET", sid), UNKNOWN).tells_nothing();
    // Long ago, and still alive: it was the other copy.
    let later = open().pause(60).say(1, &polling("GET", sid), UNKNOWN).say(0, &polling("GET", sid), "200\n\n2");
    later.tells(2, 1, Framework::SocketIo, "400 Session ID unknown", Some("socket.io"));
}

#[test]
fn a_copy_that_is_not_known_tells_nothing() {
    let mut talk =
        Talk::default().say(0, &polling("GET", ""), OPEN).say(1, &polling("POST", "lv_VI97HAXpY6yYWAAAC"), UNKNOWN);
    talk.0[1].copy = None;
    talk.tells_nothing();
}

#[test]
fn a_signalr_connection_of_another_copy_is_told() {
    let negotiated = "200\nContent-Type: application/json\n\n{\"negotiateVersion\":1,\"connectionId\":\"Vg4Mieg0ya3aD17-f8kMxw\",\"connectionToken\":\"hI_zsUuSOxYV_5IS5mbHsg\",\"availableTransports\":[]}";
    let none = "404\nContent-Type: text/plain\n\nNo Connection with that ID";
    let talk = Talk::default().say(0, "POST /chat/negotiate?negotiateVersion=1", negotiated);
    let talk = talk.say(1, "GET /chat?id=hI_zsUuSOxYV_5IS5mbHsg&_=1541610533343", none);
    talk.tells(1, 0, Framework::SignalR, "404 No Connection with that ID", Some("signalr"));
    let talk = Talk::default().say(0, "POST /_blazor/negotiate?negotiateVersion=1", negotiated);
    let talk = talk.say(1, "POST /_blazor?id=hI_zsUuSOxYV_5IS5mbHsg", none);
    talk.tells(1, 0, Framework::Blazor, "404 No Connection with that ID", Some("signalr"));
    // Negotiated and forgotten.
    let talk = Talk::default().say(0, "POST /chat/negotiate", negotiated).pause(30);
    talk.say(1, "GET /chat?id=hI_zsUuSOxYV_5IS5mbHsg", none).tells_nothing();
}

#[test]
fn an_mcp_session_of_another_copy_is_told() {
    let id = "1868a90c-6a5a-4d3d-9c1f-0c2f6a1f2b3c";
    let begun = format!("200\nMcp-Session-Id: {id}\nContent-Type: text/event-stream\n\nevent: message\ndata: {{}}");
    let call = format!("POST /mcp\nmcp-session-id: {id}\n\n{{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}}");
    for unknown in [
        "404\n\n{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32001,\"message\":\"Session not found\"},\"id\":null}",
        "400\n\n{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"Bad Request: No valid session ID provided\"},\"id\":null}",
        "400\n\nInvalid or missing session ID",
        "400\n\n{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"Bad Request: Server not initialized\"},\"id\":null}",
        "404\n\n{\"jsonrpc\":\"2.0\",\"id\":\"server-error\",\"error\":{\"code\":-32600,\"message\":\"Session not found\"}}",
    ] {
        let talk = Talk::default().say(0, "POST /mcp\n\n{\"method\":\"initialize\"}", &begun).say(1, &call, unknown);
        let words = format!("{} Session not found", &unknown[..3]);
        talk.tells(1, 0, Framework::Mcp, &words, Some("mcp"));
        let ended = Talk::default().say(0, "POST /mcp\n\n{\"method\":\"initialize\"}", &begun);
        let ended = ended.say(0, &format!("DELETE /mcp\nmcp-session-id: {id}"), "200").say(1, &call, unknown);
        ended.tells_nothing();
    }
    // A page that is not there at all, on any copy.
    let other = format!("GET /other\nmcp-session-id: {id}");
    Talk::default().say(0, &call, "202").say(1, &other, "404\n\nCannot GET /other").tells_nothing();
}

#[test]
fn other_protocols_are_told() {
    let sse = "200\nContent-Type: text/event-stream\n\nevent: endpoint\ndata: /messages?sessionId=4f5e6d7c-0000-4444-8888-123456789abc";
    let talk = Talk::default().say(0, "GET /sse", sse);
    let talk = talk.say(
        1,
        "POST /messages?sessionId=4f5e6d7c-0000-4444-8888-123456789abc",
        "400\n\nNo transport found for sessionId",
    );
    talk.tells(1, 0, Framework::McpSse, "400 Session not found", None);

    let join = "POST /gradio_api/queue/join?\nContent-Type: application/json\n\n{\"data\":[1],\"fn_index\":0,\"session_hash\":\"u26gd43ah8\"}";
    let talk = Talk::default().say(0, join, "200\n\n{\"event_id\":\"b1\"}");
    let talk = talk.say(1, "GET /gradio_api/heartbeat/u26gd43ah8", "200\n\ndata: ALIVE");
    let talk =
        talk.say(1, "GET /gradio_api/queue/data?session_hash=u26gd43ah8", "404\n\n{\"detail\":\"Session not found.\"}");
    talk.tells(2, 0, Framework::Gradio, "404 Session not found", Some("gradio"));
    let talk = Talk::default().say(0, "POST /gradio_api/call/predict", "200\n\n{\"event_id\":\"a8f3e2d1c0b9\"}");
    let talk = talk.say(1, "GET /gradio_api/call/predict/a8f3e2d1c0b9", "404\n\n{\"detail\":\"Session not found.\"}");
    talk.tells(1, 0, Framework::Gradio, "404 Session not found", Some("gradio"));
    let failed = || Talk::default().say(0, join, "200").say(1, join, "500\n\nInternal Server Error");
    failed().tells_nothing();
    failed().say(0, join, "200").tells(1, 0, Framework::Gradio, "500 Internal Server Error", Some("gradio"));

    let talk = Talk::default().say(0, "POST /echo/123/k3xy7abc/xhr", "200\n\no\n").say(
        1,
        "POST /echo/123/k3xy7abc/xhr_send",
        "404",
    );
    talk.tells(1, 0, Framework::SockJs, "404 session unknown", None);

    let opened = "200\nContent-Type: application/json\n\n{\"status\":410,\"token\":\"SFMyNTY.g2gDaAJhBXQAAAAE\"}";
    let talk = Talk::default().say(0, "GET /live/longpoll?vsn=2.0.0", opened);
    let talk = talk.say(1, "POST /live/longpoll?token=SFMyNTY.g2gDaAJhBXQAAAAE&vsn=2.0.0", "200\n\n{\"status\":410}");
    talk.tells(1, 0, Framework::Phoenix, "200 status 410, session gone", Some("json:/token=query:token"));
}

#[test]
fn a_streamlit_upload_and_picture_of_another_copy_are_told() {
    let stream = "GET /_stcore/stream\nCookie: _streamlit_xsrf=2|7f\nUser-Agent: Firefox\nUpgrade: websocket";
    let upload = "PUT /_stcore/upload_file/0f9e8d7c-session/file-1\nCookie: _streamlit_xsrf=2|7f\nUser-Agent: Firefox";
    let invalid = "400\n\nInvalid session_id";
    let talk = Talk::default().say(0, stream, "101").say(1, upload, invalid);
    talk.tells(1, 0, Framework::Streamlit, "400 Invalid session_id", Some("streamlit"));
    Talk::default().say(0, stream, "101").say(1, stream, "101").say(1, upload, invalid).tells_nothing();
    Talk::default().say(1, upload, invalid).tells_nothing();
    let talk = Talk::default().say(0, upload, "204").say(1, upload, invalid);
    talk.tells(1, 0, Framework::Streamlit, "400 Invalid session_id", Some("streamlit"));
    let picture = "GET /media/75c35e15b5.png";
    let talk = Talk::default().say(0, picture, "200").say(1, picture, "404\n\n404: Not Found").say(0, picture, "200");
    talk.tells(1, 0, Framework::Streamlit, "404 media file not found", Some("streamlit"));
    Talk::default().say(0, picture, "200").pause(60).say(1, picture, "404\n\nnot found").tells_nothing();
}

const FORM: &str = "GET /form\nCookie: sid=s%3Aabc; theme=dark";
const PAGE: &str = "200\nContent-Type: text/html\n\n<input name=\"_csrf\" value=\"iu8bKf3l-RvNwR0gCk2Qf&#x2B;a\">";
const SENT: &str = "POST /form\nCookie: theme=dark; sid=s%3Aabc\nContent-Type: application/x-www-form-urlencoded\n\n_csrf=iu8bKf3l-RvNwR0gCk2Qf%2Ba&a=1";

#[test]
fn a_csrf_token_of_another_copy_is_told() {
    for refused in [
        "403\n\nForbiddenError: invalid csrf token<br> &nbsp; &nbsp;at csrf (/app/node_modules/csurf/index.js:112:19)",
        "403\n\n{\"statusCode\":403,\"code\":\"FST_CSRF_INVALID_TOKEN\",\"error\":\"Forbidden\",\"message\":\"Invalid csrf token\"}",
        "403\n\n<h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed. Request aborted.</p>",
        "422\n\n<h1>ActionController::InvalidAuthenticityToken in UsersController#create</h1>",
        "419\n\n<title>Page Expired</title>",
        "400\n\n<title>400 Bad Request</title><p>The CSRF tokens do not match.</p>",
        "400\n\n<title>400 Bad Request</title><p>The CSRF session token is missing.</p>",
        "403\n\n<title>403: XSRF cookie does not match POST argument</title>",
    ] {
        let talk = Talk::default().say(0, FORM, PAGE).say(1, SENT, refused);
        let words = format!("{} CSRF token refused", &refused[..3]);
        talk.tells(1, 0, Framework::Csrf, &words, Some("cookie:sid"));
    }
    // An answer without a word of it, where the other copy takes the very same.
    let talk = Talk::default().say(0, FORM, PAGE).say(1, SENT, "403\n\nForbidden").say(0, SENT, "303\nLocation: /form");
    talk.tells(1, 2, Framework::Csrf, "403 CSRF token refused", Some("cookie:sid"));
}

#[test]
fn a_csrf_token_that_one_copy_takes_again_and_again_is_told() {
    let refused = "403\n\nForbiddenError: invalid csrf token";
    let other = SENT.replace("&a=1", "&a=2");
    let third = SENT.replace("&a=1", "&a=3");
    let talk = Talk::default().say(0, FORM, PAGE).say(0, SENT, "200").say(1, &other, refused).say(0, &third, "200");
    talk.tells(2, 1, Framework::Csrf, "403 CSRF token refused", Some("cookie:sid"));
    let used_up = Talk::default().say(0, FORM, PAGE).say(0, SENT, "200").say(1, &other, refused);
    used_up.say(0, &third, refused).tells_nothing();
}

#[test]
fn a_csrf_token_that_is_wrong_anywhere_is_not() {
    let refused = "403\n\nForbiddenError: invalid csrf token";
    // Not given by anybody, given by the same copy, used already, refused at home too, given to another session, expired.
    Talk::default().say(1, SENT, refused).tells_nothing();
    Talk::default().say(1, FORM, PAGE).say(1, SENT, refused).tells_nothing();
    Talk::default().say(0, FORM, PAGE).say(0, SENT, "200").say(1, SENT, refused).tells_nothing();
    Talk::default().say(0, FORM, PAGE).say(1, SENT, refused).say(0, SENT, refused).tells_nothing();
    let other = FORM.replace("abc", "xyz");
    Talk::default().say(0, &other, PAGE).say(1, SENT, refused).tells_nothing();
    Talk::default().say(0, FORM, PAGE).pause(3600).say(1, SENT, refused).tells_nothing();
    // A login between, after which the token belongs to another session in the same cookie.
    let login = "POST /login\nCookie: sid=s%3Aabc; theme=dark\n\nuser=a";
    Talk::default().say(0, FORM, PAGE).say(0, login, "302\nLocation: /").say(1, SENT, refused).tells_nothing();
    // A user who may not, and says nothing of a token.
    Talk::default().say(0, FORM, PAGE).say(1, SENT, "403\n\nForbidden").tells_nothing();
    Talk::default()
        .say(0, FORM, PAGE)
        .say(1, SENT, "403\n\nForbidden")
        .say(0, SENT, "403\n\nForbidden")
        .tells_nothing();
}

const CART: &str = "GET /cart\nCookie: _ga=GA1.1.1; sid=abc";
const TO_LOGIN: &str = "302\nLocation: /login?next=/cart";

#[test]
fn a_session_of_another_copy_is_told() {
    let talk =
        Talk::default().say(0, CART, "200").say(1, CART, TO_LOGIN).say(0, &CART.replace("1.1.1", "1.1.2"), "200");
    talk.tells(1, 0, Framework::Session, "session lost (302 /login)", Some("cookie:sid"));
    let talk = Talk::default().say(0, "POST /login", "303\nLocation: /cart\nSet-Cookie: sid=abc; Path=/; HttpOnly");
    let talk = talk.say(1, CART, "401").say(0, CART, "200");
    talk.tells(1, 0, Framework::Session, "session lost (401)", Some("cookie:sid"));
    let bearer = "GET /api/me\nAuthorization: Bearer abcdef";
    let talk = Talk::default().say(0, bearer, "200").say(1, bearer, "401").say(0, bearer, "200");
    talk.tells(1, 0, Framework::Session, "session lost (401)", None);
}

#[test]
fn a_logout_is_no_lost_session() {
    let logout = "POST /logout\nCookie: sid=abc";
    let login = "POST /login\nCookie: sid=abc\n\nuser=a";
    // It does not work again; it was ended and begun in between, on either side; the cookie changed; the same copy.
    Talk::default().say(0, CART, "200").say(1, CART, TO_LOGIN).tells_nothing();
    Talk::default().say(0, CART, "200").say(1, CART, TO_LOGIN).say(0, CART, TO_LOGIN).tells_nothing();
    let out = Talk::default().say(0, CART, "200").say(0, logout, "302\nLocation: /").say(1, CART, TO_LOGIN);
    out.say(1, login, "302\nLocation: /cart").say(0, CART, "200").tells_nothing();
    let by_link = Talk::default().say(0, CART, "200").say(0, "GET /logout\nCookie: sid=abc", "302\nLocation: /");
    by_link.say(1, CART, TO_LOGIN).say(0, CART, "200").tells_nothing();
    let expired = Talk::default().say(0, CART, "200").say(1, CART, TO_LOGIN).say(1, login, "302\nLocation: /cart");
    expired.say(0, CART, "200").tells_nothing();
    let changed = Talk::default().say(0, CART, "200").say(1, CART, TO_LOGIN);
    changed.say(0, &CART.replace("abc", "def"), "200").tells_nothing();
    Talk::default().say(0, CART, "200").say(0, CART, TO_LOGIN).say(0, CART, "200").tells_nothing();
    // A redirect to somewhere else is none to a login.
    Talk::default().say(0, CART, "200").say(1, CART, "302\nLocation: /author/1").say(0, CART, "200").tells_nothing();
}

#[test]
fn a_login_is_known_by_its_path() {
    let to = |location: &str| {
        let fields = Fields(vec![("location".to_owned(), location.as_bytes().to_vec())]);
        login::login(&Answer { status: 302, fields, ..Answer::default() }).is_some()
    };
    for location in [
        "/login",
        "/users/sign_in",
        "/accounts/login/?next=/",
        "https://idp.example/oauth2/auth?x",
        "/login.php",
        "signin",
    ] {
        assert!(to(location), "{location}");
    }
    for location in ["/", "/author/1", "/cart?from=/login", "https://login.example/", "/blogging", "/design/in"] {
        assert!(!to(location), "{location}");
    }
}

proptest! {
    #[test]
    fn any_conversation_is_judged(talk in proptest::collection::vec((0..3usize, 0..12usize, 0..12usize, 0..40u64), 0..30)) {
        let id = "lv_VI97HAXpY6yYWAAAC";
        let requests = [polling("GET", id), polling("POST", id), FORM.to_owned(), SENT.to_owned(), CART.to_owned(),
            format!("DELETE /mcp\nmcp-session-id: {id}"), format!("POST /mcp\nmcp-session-id: {id}"), format!("GET /chat?id={id}"),
            "POST /".to_owned(), format!("PUT /_stcore/upload_file/{id}/é"), format!("GET /é?\nCookie: ;=;a; {id}"), format!("POST /a/b/{id}/xhr_send")];
        let answers = ["200", OPEN, UNKNOWN, PAGE, "403\n\ncsrf", TO_LOGIN, "401", "404", "404\n\nNo Connection with that ID", "0",
            "200\nSet-Cookie: sid=abc", "400\n\ninvalid session_id"];
        let mut told = Talk::default();
        for (copy, request, answer, pause) in talk {
            told = told.say(copy, &requests[request], answers[answer]).pause(pause);
        }
        for one in signatures(&told.0) {
            let (failed, worked) = (&told.0[one.at], &told.0[one.worked_at]);
            prop_assert_ne!(failed.copy, worked.copy);
            prop_assert!(failed.answer.status >= 300);
            prop_assert!(worked.answer.status < 400 && worked.answer.status > 0);
        }
    }

    #[test]
    fn any_bytes_in_any_place_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in ".{0,40}", status in 0..600u16) {
        let fields = ["cookie", "set-cookie", "location", "mcp-session-id", "x-csrf-token", "content-type", "authorization"];
        let fields = Fields(fields.iter().map(|name| ((*name).to_owned(), bytes.clone())).collect());
        let request = Request { method: text.clone(), target: format!("/{text}?sid={text}&eio=4"), fields: fields.clone(), body: bytes.clone(), whole: true };
        let answer = Answer { status, fields, body: bytes, ..Answer::default() };
        let one = Exchange { copy: Some(0), request, answer, ..Exchange::default() };
        let other = Exchange { copy: Some(1), ..one.clone() };
        signatures(&[one.clone(), other, one]);
    }
}
