//! An app with sessions, forms, socket.io and MCP, in random conversations of several clients: what is shared by all copies
//! is never told, whatever clients do and whatever expires.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Framework, Talk, signatures};

/// How the app is made.
#[derive(Clone, Copy, Debug)]
struct Make {
    /// Whether all copies have one memory.
    shared: bool,
    /// Whether a login makes a new session, or goes on with the one there is.
    regenerates: bool,
    /// Whether each page has a token of its own, and only the last is good, once.
    one_time: bool,
}

#[derive(Clone, Debug, Default)]
struct Session {
    user: bool,
    token: String,
}

/// What a copy knows.
#[derive(Debug, Default)]
struct Memory {
    sessions: BTreeMap<String, Session>,
    ids: Vec<String>,
}

/// What a client has.
#[derive(Debug, Default)]
struct Client {
    sid: Option<String>,
    tokens: Vec<String>,
    socket: Option<String>,
    mcp: Option<String>,
}

struct App {
    make: Make,
    memories: Vec<Memory>,
    clients: Vec<Client>,
    talk: Talk,
    made: u32,
}

impl App {
    fn new(make: Make) -> Self {
        let memories = (0..3).map(|_| Memory::default()).collect();
        let clients = (0..3).map(|_| Client::default()).collect();
        App { make, memories, clients, talk: Talk::default(), made: 0 }
    }

    fn id(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}Qx7{:06}kLm", self.made * 7919)
    }

    fn say(&mut self, copy: usize, request: &str, answer: &str) {
        self.talk = std::mem::take(&mut self.talk).say(copy, request, answer);
    }

    fn pause(&mut self, seconds: u64) {
        self.talk = std::mem::take(&mut self.talk).pause(seconds);
    }

    /// What the client does next, at this copy.
    fn step(&mut self, who: usize, copy: usize, action: usize) {
        let memory = if self.make.shared { 0 } else { copy };
        let sid = self.clients[who].sid.clone();
        let cookie = sid.as_ref().map_or(String::new(), |sid| format!("\nCookie: sid={sid}; lang=de"));
        let known = sid.as_ref().and_then(|sid| self.memories[memory].sessions.get(sid)).cloned();
        match action {
            0 | 1 => {
                let is_user = known.is_some_and(|session| session.user);
                let answer = if is_user { "200\n\ncart" } else { "302\nLocation: /login" };
                self.say(copy, &format!("GET /cart{cookie}"), answer);
            }
            2 => self.form(who, copy, memory, &cookie, known),
            3 | 4 => self.post(who, copy, memory, &cookie, known.as_ref(), action == 4),
            5 => self.log_in(who, copy, memory, &format!("POST /login{cookie}\n\nuser=a")),
            6 => self.log_in(who, copy, memory, &format!("GET /auth/callback?code=x{cookie}")),
            7 | 8 => {
                let path = if action == 7 { "POST /logout" } else { "GET /logout" };
                if let Some(session) = sid.as_ref().and_then(|sid| self.memories[memory].sessions.get_mut(sid)) {
                    session.user = false;
                }
                self.say(copy, &format!("{path}{cookie}"), "302\nLocation: /");
            }
            9 => {
                // Sessions live longer than pages are looked at.
                self.pause(70);
                self.memories.iter_mut().for_each(|memory| memory.sessions.clear());
            }
            10 => self.pause(100),
            11..=13 => self.socket(who, copy, memory, action),
            14..=16 => self.mcp(who, copy, memory, action),
            _ => {
                // Protocols' ids live longer than clients wait.
                self.pause(200);
                self.memories.iter_mut().for_each(|memory| memory.ids.clear());
            }
        }
    }

    fn form(&mut self, who: usize, copy: usize, memory: usize, cookie: &str, known: Option<Session>) {
        let fresh = self.id("tok");
        let (sid, set) = if let (Some(sid), Some(_)) = (&self.clients[who].sid, &known) {
            (sid.clone(), String::new())
        } else {
            let sid = self.id("sid");
            (sid.clone(), format!("\nSet-Cookie: sid={sid}; Path=/"))
        };
        let mut session = known.unwrap_or_default();
        if self.make.one_time || session.token.is_empty() {
            session.token = fresh;
        }
        self.clients[who].tokens.push(session.token.clone());
        self.clients[who].sid = Some(sid.clone());
        let page = format!("200\nContent-Type: text/html{set}\n\n<input name=\"_csrf\" value=\"{}\">", session.token);
        self.memories[memory].sessions.insert(sid, session);
        self.say(copy, &format!("GET /form{cookie}"), &page);
    }

    fn post(&mut self, who: usize, copy: usize, memory: usize, cookie: &str, known: Option<&Session>, stale: bool) {
        let tokens = &self.clients[who].tokens;
        let token = if stale { tokens.first() } else { tokens.last() };
        let token = token.cloned().unwrap_or_else(|| "nonsense-token".to_owned());
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let request = format!("POST /form{cookie}\n{kind}\n\n_csrf={token}&a=1");
        let is_good = known.is_some_and(|session| session.token == token);
        if is_good && self.make.one_time {
            let fresh = self.id("tok");
            let sid = self.clients[who].sid.clone().unwrap_or_default();
            if let Some(session) = self.memories[memory].sessions.get_mut(&sid) {
                session.token = fresh;
            }
        }
        self.say(
            copy,
            &request,
            if is_good { "303\nLocation: /form" } else { "403\n\nForbiddenError: invalid csrf token" },
        );
    }

    fn log_in(&mut self, who: usize, copy: usize, memory: usize, request: &str) {
        let old = self.clients[who].sid.clone();
        let keeps =
            !self.make.regenerates && old.as_ref().is_some_and(|sid| self.memories[memory].sessions.contains_key(sid));
        let (sid, set) = match old {
            Some(sid) if keeps => (sid, String::new()),
            _ => {
                let sid = self.id("sid");
                (sid.clone(), format!("\nSet-Cookie: sid={sid}; Path=/"))
            }
        };
        let token = self.id("tok");
        self.clients[who].sid = Some(sid.clone());
        self.memories[memory].sessions.insert(sid, Session { user: true, token });
        self.say(copy, request, &format!("302\nLocation: /cart{set}"));
    }

    fn socket(&mut self, who: usize, copy: usize, memory: usize, action: usize) {
        let path = "/socket.io/?EIO=4&transport=polling";
        let Some(sid) = self.clients[who].socket.clone().filter(|_| action != 11) else {
            let sid = self.id("eio");
            self.memories[memory].ids.push(sid.clone());
            self.clients[who].socket = Some(sid.clone());
            return self.say(copy, &format!("GET {path}"), &format!("200\n\n0{{\"sid\":\"{sid}\"}}"));
        };
        let is_known = self.memories[memory].ids.contains(&sid);
        let answer = if is_known { "200\n\nok" } else { super::UNKNOWN };
        let packet = if action == 12 { "40" } else { "1" };
        if action == 13 && is_known {
            self.memories[memory].ids.retain(|id| *id != sid);
        }
        self.say(copy, &format!("POST {path}&sid={sid}\n\n{packet}"), answer);
    }

    fn mcp(&mut self, who: usize, copy: usize, memory: usize, action: usize) {
        let Some(id) = self.clients[who].mcp.clone().filter(|_| action != 14) else {
            let id = self.id("mcp");
            self.memories[memory].ids.push(id.clone());
            self.clients[who].mcp = Some(id.clone());
            return self.say(copy, "POST /mcp\n\n{\"method\":\"initialize\"}", &format!("200\nMcp-Session-Id: {id}"));
        };
        let is_known = self.memories[memory].ids.contains(&id);
        let method = if action == 15 { "POST" } else { "DELETE" };
        if action == 16 {
            self.memories[memory].ids.retain(|one| *one != id);
        }
        let answer =
            if is_known { "200" } else { "404\n\n{\"error\":{\"code\":-32001,\"message\":\"Session not found\"}}" };
        self.say(copy, &format!("{method} /mcp\nMcp-Session-Id: {id}"), answer);
    }
}

fn steps() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    proptest::collection::vec((0..3usize, 0..3usize, 0..18usize), 1..80)
}

proptest! {
    #[test]
    fn an_app_that_shares_its_memory_is_never_told(steps in steps(), regenerates: bool, one_time: bool) {
        let mut app = App::new(Make { shared: true, regenerates, one_time });
        for (who, copy, action) in steps {
            app.step(who, copy, action);
        }
        let told: Vec<_> = signatures(&app.talk.0).into_iter().map(|one| {
            let lines = |at: usize| {
                let one = &app.talk.0[at];
                (one.copy, one.request.method.clone(), one.request.target.clone(), one.answer.status)
            };
            (one.framework, lines(one.worked_at), lines(one.at), one.at)
        }).collect();
        prop_assert_eq!(told, vec![]);
    }
}

#[test]
fn the_same_app_with_a_memory_in_each_copy_is_told_of_all_kinds() {
    let mut app = App::new(Make { shared: false, regenerates: true, one_time: false });
    // One client logs in, uses its cart, sends a form and talks over both protocols, each by turns.
    for (copy, action) in
        [(0, 5), (0, 0), (1, 0), (0, 0), (0, 2), (1, 3), (0, 3), (0, 11), (1, 12), (0, 12), (0, 14), (1, 15)]
    {
        app.step(0, copy, action);
    }
    let kinds: Vec<Framework> = signatures(&app.talk.0).into_iter().map(|one| one.framework).collect();
    assert_eq!(kinds, [Framework::Session, Framework::Csrf, Framework::SocketIo, Framework::Mcp]);
}
