//! One request with learned stickiness: what it brought, and what its response teaches.

use std::sync::Arc;
use std::time::Instant;
use stickylb_http1::{FieldKind, Framing, RequestHead, ResponseHead};

use super::body::BodyStart;
use super::learner::{BroughtId, Learner};
use super::table::{Learned, LearnedTable};
use crate::api::{BackendId, RequestNumber, StickyKey};
use crate::balancer::rendezvous::Fingerprint;

/// What a request brought, until its response is there.
#[derive(Clone)]
pub(crate) struct Watch {
    learner: Arc<Learner>,
    table: Arc<LearnedTable>,
    brought: Option<BroughtId>,
}

/// Whose response it is, and to which request.
#[derive(Clone, Copy)]
pub(crate) struct AnsweredBy {
    pub(crate) backend: BackendId,
    /// `None` while nobody watches.
    pub(crate) number: Option<RequestNumber>,
    /// The request's method is DELETE.
    pub(crate) deletes: bool,
    pub(crate) now: Instant,
}

impl Watch {
    /// Reads what a request brings; `query` is without the question mark.
    pub(crate) fn new(
        learner: &Arc<Learner>,
        table: &Arc<LearnedTable>,
        head: &RequestHead,
        query: &[u8],
        now: Instant,
    ) -> Self {
        let brought = learner.brought(table, head, query, now);
        Watch { learner: Arc::clone(learner), table: Arc::clone(table), brought }
    }

    /// The backend that the request's id belongs to, and the id as a key; `None` where it has none, or one that is not known.
    pub(crate) fn bound_to(&self) -> Option<(BackendId, &StickyKey, Fingerprint)> {
        let brought = self.brought.as_ref()?;
        Some((brought.learned?.backend, &brought.key, Fingerprint::of(&brought.hash.to_be_bytes())))
    }

    /// Whether the request brought an id, known or not.
    pub(crate) fn has_id(&self) -> bool {
        self.brought.is_some()
    }

    /// Whether its id may be in the request's body, and is not in its head.
    pub(crate) fn looks_into_body(&self) -> bool {
        self.brought.is_none() && self.learner.looks_into_requests()
    }

    /// The same with what is there of the request's body.
    #[must_use]
    pub(crate) fn with_body(self, text: &[u8], now: Instant) -> Self {
        Watch { brought: self.learner.brought_in_body(&self.table, text, now), ..self }
    }

    /// Learns from a response's head.
    pub(crate) fn answered(self, head: &ResponseHead, by: AnsweredBy) -> Taught {
        if self.learner.is_probing() {
            return self.probed(head, by);
        }
        let Watch { learner, table, brought } = self;
        let AnsweredBy { backend, number, deletes, now } = by;
        let says = Learned { backend, number };
        let status = head.line.status;
        let ends = deletes && (200..300).contains(&status);
        let mut ended = None;
        let mut moved = false;
        match &brought {
            Some(id) if ends => {
                table.forget(id.hash);
                ended = Some(id.hash);
            }
            Some(BroughtId { hash, learned: Some(learned), .. }) if learned.backend == backend => {
                table.touch(*hash, now);
            }
            // Another backend stood in. One that knows nothing of the id says so, and the client begins anew.
            Some(BroughtId { hash, learned, binds_on_use, .. }) if status < 400 => {
                moved = learned.is_some();
                if moved || *binds_on_use {
                    table.learn(*hash, says, now);
                }
            }
            _ => {}
        }
        // A response may repeat the id that has just ended.
        for id in learner.written_in_head(&table, head).filter(|id| Some(*id) != ended) {
            table.learn(id, says, now);
        }
        Taught { learning: Learning::new(learner, table, head, says, now), moved, warning: None }
    }

    /// The same where ids are hashed. One that a client brings after a response had it, to a request that did not, is made by a
    /// backend.
    fn probed(self, head: &ResponseHead, by: AnsweredBy) -> Taught {
        let Watch { learner, table, brought } = self;
        let AnsweredBy { backend, number, now, .. } = by;
        let says = Learned { backend, number };
        let is_made_by_backends = brought.as_ref().is_some_and(|id| id.learned.is_some());
        if let (true, Some(probe)) = (is_made_by_backends, &learner.probe) {
            return Taught { learning: None, moved: false, warning: probe.say() };
        }
        let own = brought.map(|id| id.hash);
        for id in learner.written_in_head(&table, head).filter(|id| Some(*id) != own) {
            table.learn(id, says, now);
        }
        Taught { learning: Learning::new(learner, table, head, says, now), moved: false, warning: None }
    }
}

/// What a response's head taught.
pub(crate) struct Taught {
    /// What learns from its body, where that may have ids.
    pub(crate) learning: Option<Box<Learning>>,
    /// Whether the request's id belongs to another backend than before.
    pub(crate) moved: bool,
    /// What is said of ids that are hashed, and made by backends.
    pub(crate) warning: Option<String>,
}

/// What learns from a response's body.
pub(crate) struct Learning {
    learner: Arc<Learner>,
    table: Arc<LearnedTable>,
    says: Learned,
    now: Instant,
    /// `None` once nothing more of it is looked at.
    body: Option<BodyStart>,
}

impl Learning {
    fn new(
        learner: Arc<Learner>,
        table: Arc<LearnedTable>,
        head: &ResponseHead,
        says: Learned,
        now: Instant,
    ) -> Option<Box<Self>> {
        let succeeds = (200..300).contains(&head.line.status);
        let encoding = head.value(FieldKind::ContentEncoding);
        let body = (succeeds && learner.looks_at_body(head)).then(|| BodyStart::new(encoding))?;
        body.map(|body| Box::new(Learning { learner, table, says, now, body: Some(body) }))
    }

    /// The body passes in this frame.
    pub(crate) fn passes(&mut self, framing: Framing) {
        if let Some(body) = &mut self.body {
            body.passes(framing);
        }
    }

    /// Takes what passes, frame and all. It is to be called before the client has it, who may bring the id at once.
    pub(crate) fn carries(&mut self, framed: &[u8]) {
        let Some(body) = &mut self.body else { return };
        body.add(framed);
        let text = body.text();
        let (ids, all) = match text.trim_ascii_start().first() {
            None => (Vec::new(), false),
            Some(b'{' | b'[' | b'0'..=b'9' | 0 | b'e') => self.learner.written_in_body(&self.table, text),
            // No JSON, no packet and no event.
            Some(_) => (Vec::new(), true),
        };
        for id in ids {
            self.table.learn(id, self.says, self.now);
        }
        if all || body.is_over() {
            self.body = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb_http1::{HeadLimits, ReadBuffer};

    const LIMITS: HeadLimits = HeadLimits { bytes: 1 << 16, fields: 300 };

    /// A pool's learning, from a string as on the command line.
    struct Pool {
        learner: Arc<Learner>,
        table: Arc<LearnedTable>,
    }

    impl Pool {
        fn new(from: &str) -> Self {
            let sources: Vec<_> = from.split(',').map(|source| source.parse().expect(source)).collect();
            Pool { learner: Arc::new(Learner::new(&sources)), table: Arc::default() }
        }

        fn asks(&self, request: &str) -> Watch {
            let mut buffer = ReadBuffer::default();
            buffer.add(request.as_bytes());
            let head: RequestHead = buffer.head(&LIMITS).expect("a good head").expect("a whole head");
            let target = String::from_utf8_lossy(head.target()).into_owned();
            let query = target.split_once('?').map_or("", |(_, query)| query).to_owned();
            Watch::new(&self.learner, &self.table, &head, query.as_bytes(), Instant::now())
        }

        /// Where a request with these lines goes.
        fn goes(&self, request: &str) -> Option<u32> {
            self.asks(&format!("{request}\r\n\r\n")).bound_to().map(|(backend, ..)| backend.get())
        }

        /// A request, and this backend's answer to it, head and body.
        fn passes(&self, request: &str, backend: u32, head: &str, pieces: &[&[u8]]) {
            let mut buffer = ReadBuffer::default();
            buffer.add(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes());
            let head: ResponseHead = buffer.head(&LIMITS).expect("a good head").expect("a whole head");
            let by = AnsweredBy {
                backend: backend.into(),
                number: None,
                deletes: request.starts_with("DELETE"),
                now: Instant::now(),
            };
            let taught = self.asks(&format!("{request}\r\n\r\n")).answered(&head, by);
            if let Some(mut learning) = taught.learning {
                learning.passes(Framing::Close);
                for piece in pieces {
                    learning.carries(piece);
                }
            }
        }
    }

    const GET: &str = "GET / HTTP/1.1";

    #[test]
    fn a_header_that_a_backend_gives_out_leads_to_it_and_a_delete_forgets_it() {
        let pool = Pool::new("mcp");
        let with_id = "POST /mcp HTTP/1.1\r\nmcp-session-id: abc";
        assert_eq!(pool.goes(with_id), None);
        pool.passes("POST /mcp HTTP/1.1", 2, "200 OK\r\nMCP-Session-Id: abc", &[]);
        assert_eq!(pool.goes(with_id), Some(2));
        let delete = "DELETE /mcp HTTP/1.1\r\nMcp-Session-Id: abc";
        pool.passes(delete, 2, "405 Method Not Allowed", &[]);
        assert_eq!(pool.goes(with_id), Some(2), "it was refused");
        pool.passes(delete, 2, "200 OK\r\nMcp-Session-Id: abc", &[]);
        assert_eq!(pool.goes(with_id), None);
    }

    #[test]
    fn an_id_that_nobody_gave_out_is_not_learned_but_where_clients_make_it() {
        let pool = Pool::new("cookie:sid,gradio");
        pool.passes("GET / HTTP/1.1\r\nCookie: sid=made-up", 1, "200 OK", &[]);
        assert_eq!(pool.goes("GET / HTTP/1.1\r\nCookie: sid=made-up"), None);
        pool.passes("GET /gradio_api/heartbeat/abc HTTP/1.1", 3, "200 OK", &[]);
        assert_eq!(pool.goes("GET /queue/data?session_hash=abc HTTP/1.1"), Some(3));
        assert_eq!(pool.goes("GET /queue/data?session_hash=abd HTTP/1.1"), None);
    }

    #[test]
    fn a_cookie_is_learned_from_each_response_that_sets_it() {
        let pool = Pool::new("cookie:sid");
        let others = "other=value; ".repeat(200);
        pool.passes(GET, 1, "302 Found\r\nSet-Cookie: a=b\r\nSet-Cookie: sid=one; Path=/; HttpOnly", &[]);
        pool.passes(GET, 2, "403 Forbidden\r\nSet-Cookie: sid=two", &[]);
        pool.passes(GET, 3, "200 OK\r\nSet-Cookie: sid=; Max-Age=0\r\nSet-Cookie: xsid=three", &[]);
        assert_eq!(pool.goes(&format!("GET / HTTP/1.1\r\nCookie: {others}sid=one")), Some(1));
        assert_eq!(pool.goes("GET / HTTP/1.1\r\nCookie: a=1\r\nCookie: sid=two; b=2"), Some(2));
        assert_eq!(pool.goes("GET / HTTP/1.1\r\nCookie: sid="), None);
        assert_eq!(pool.goes("GET / HTTP/1.1\r\nCookie: sid=three"), None);
    }

    #[test]
    fn of_two_ids_in_a_request_the_first_known_one_counts() {
        let pool = Pool::new("mcp,cookie:sid");
        pool.passes(GET, 1, "200 OK\r\nMcp-Session-Id: m", &[]);
        pool.passes(GET, 2, "200 OK\r\nSet-Cookie: sid=s", &[]);
        assert_eq!(pool.goes("GET / HTTP/1.1\r\nCookie: sid=s\r\nMcp-Session-Id: m"), Some(1));
        assert_eq!(pool.goes("GET / HTTP/1.1\r\nCookie: sid=s\r\nMcp-Session-Id: unknown"), Some(2));
    }

    #[test]
    fn a_body_is_learned_from_as_soon_as_the_id_is_whole() {
        let pool = Pool::new("signalr,socket.io");
        let body = br#"{"negotiateVersion":1,"connectionId":"c1","connectionToken":"to+ken","more":[]}"#;
        for at in 0..body.len() {
            let pool = Pool::new("signalr");
            pool.passes("POST /hub/negotiate HTTP/1.1", 1, "200 OK", &[&body[..at], &body[at..]]);
            assert_eq!(pool.goes("GET /hub?id=to%2Bken HTTP/1.1"), Some(1), "split at {at}");
        }
        pool.passes(GET, 2, "200 OK", &[br#"{"connectionId":"old"}"#]);
        assert_eq!(pool.goes("GET /hub?id=old HTTP/1.1"), Some(2));
        pool.passes(GET, 3, "200 OK", &[br#"0{"sid":"s1","upgr"#]);
        assert_eq!(pool.goes("GET /socket.io/?EIO=4&sid=s1 HTTP/1.1"), Some(3));
        pool.passes(GET, 3, "404 Not Found", &[br#"0{"sid":"s2"}"#]);
        assert_eq!(pool.goes("GET /socket.io/?EIO=4&sid=s2 HTTP/1.1"), None);
    }

    #[test]
    fn who_stands_in_has_the_id_from_then_on_unless_it_knows_nothing_of_it() {
        let pool = Pool::new("cookie:sid");
        let request = "GET / HTTP/1.1\r\nCookie: sid=one";
        pool.passes(GET, 1, "200 OK\r\nSet-Cookie: sid=one", &[]);
        pool.passes(request, 2, "404 Not Found", &[]);
        assert_eq!(pool.goes(request), Some(1));
        pool.passes(request, 2, "200 OK", &[]);
        assert_eq!(pool.goes(request), Some(2));
    }

    #[test]
    fn an_id_that_is_hashed_is_made_by_a_backend_where_one_gave_it_out_before_a_client_had_it() {
        let pool = Pool {
            learner: Arc::new(Learner::probing(&"header:X-Id".parse().expect("a mode")).expect("a probe")),
            table: Arc::default(),
        };
        let answers = |request: &str, header: &str| {
            let mut buffer = ReadBuffer::default();
            buffer.add(format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n").as_bytes());
            let head: ResponseHead = buffer.head(&LIMITS).expect("a good head").expect("a whole head");
            let by = AnsweredBy { backend: 1.into(), number: None, deletes: false, now: Instant::now() };
            pool.asks(request).answered(&head, by).warning
        };
        let brings = |id: &str| format!("GET / HTTP/1.1\r\nX-Id: {id}\r\n\r\n");
        for _ in 0..3 {
            assert_eq!(answers(&brings("mine"), "X-Id: mine"), None, "it repeats what it got");
        }
        assert_eq!(answers("GET / HTTP/1.1\r\n\r\n", "x-id: yours"), None, "nobody has brought it yet");
        let warning = answers(&brings("yours"), "A: b").expect("it came from a backend");
        assert!(warning.contains("--sticky learn:header:X-Id"), "{warning}");
        assert_eq!(answers(&brings("yours"), "A: b"), None, "it is said once");
    }

    #[test]
    fn an_id_is_shown_so_that_nobody_can_use_it() {
        let pool = Pool::new("cookie:sid");
        for (id, shown) in [("0123456789abcdef", "0123..."), ("0123456789abcde", "...")] {
            pool.passes(GET, 1, &format!("200 OK\r\nSet-Cookie: sid={id}"), &[]);
            let watch = pool.asks(&format!("GET / HTTP/1.1\r\nCookie: sid={id}\r\n\r\n"));
            let Some((_, StickyKey::Learned { id, .. }, _)) = watch.bound_to() else { panic!("it is known") };
            assert_eq!(id.to_string(), shown);
        }
    }
}
