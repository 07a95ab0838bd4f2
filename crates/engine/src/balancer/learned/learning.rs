//! One request with learned stickiness: what it brought, and what its response teaches.

use std::sync::Arc;
use std::time::Instant;
use stickylb_http1::{FieldKind, Pieces, ResponseHead};

use super::body::BodyStart;
use super::learner::{Learner, Probe};
use super::source::is_event_stream;
use super::table::{Learned, LearnedTable, OpenId};
use super::watch::Watch;
use crate::api::{BackendId, RequestNumber};

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

impl Learner {
    /// Learns from a response's head. The table is the one in which the request's id was looked up.
    pub(crate) fn answered(
        self: &Arc<Self>,
        table: &Arc<LearnedTable>,
        watch: Watch,
        head: &ResponseHead,
        by: AnsweredBy,
    ) -> Taught {
        let AnsweredBy { backend, number, deletes, now } = by;
        let says = Learned { backend, number };
        if let Some(probe) = &self.probe {
            return self.probed(probe, table, watch, head, says, now);
        }
        let status = head.line.status;
        // What need not be learned: it is known, or has just ended, and the response repeats it.
        let mut settled = None;
        let (mut moved, mut belongs) = (false, false);
        match watch.brought {
            Some(id) if id.ends_by_delete && deletes && (200..300).contains(&status) => {
                table.forget(id.hash);
                settled = Some(id.hash);
            }
            Some(id) if id.backend == Some(backend) => {
                settled = Some(id.hash);
                belongs = true;
            }
            // Another backend stood in. One that knows nothing of the id says so, and the client begins anew.
            Some(id) if status < 400 => {
                moved = id.backend.is_some();
                belongs = moved || id.binds_on_use;
                if belongs {
                    table.learn(id.hash, says, now);
                }
            }
            _ => {}
        }
        self.written_in_head(table, head, |id| {
            if Some(id) != settled {
                table.learn(id, says, now);
            }
        });
        let remains = belongs && (status == 101 || is_event_stream(head));
        let open = watch.brought.filter(|_| remains).map(|id| OpenId::new(table, id.hash));
        Taught { learning: Learning::new(self, table, watch, head, says, now), open, moved, warning: None }
    }

    /// The same where ids are hashed. One that a client brings after a response had it, to a request that did not, is made by a
    /// backend.
    fn probed(
        self: &Arc<Self>,
        probe: &Probe,
        table: &Arc<LearnedTable>,
        watch: Watch,
        head: &ResponseHead,
        says: Learned,
        now: Instant,
    ) -> Taught {
        if watch.brought.is_some_and(|id| id.backend.is_some()) {
            return Taught { learning: None, open: None, moved: false, warning: probe.say() };
        }
        let own = watch.brought.map(|id| id.hash);
        self.written_in_head(table, head, |id| {
            if Some(id) != own {
                table.learn(id, says, now);
            }
        });
        let learning = Learning::new(self, table, watch, head, says, now);
        Taught { learning, open: None, moved: false, warning: None }
    }
}

/// What a response's head taught.
pub(crate) struct Taught {
    /// What learns from its body, where that may have ids.
    pub(crate) learning: Option<Box<Learning>>,
    /// The request's id, where what it opened stays open.
    pub(crate) open: Option<OpenId>,
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
        learner: &Arc<Learner>,
        table: &Arc<LearnedTable>,
        watch: Watch,
        head: &ResponseHead,
        says: Learned,
        now: Instant,
    ) -> Option<Box<Self>> {
        let succeeds = (200..300).contains(&head.line.status);
        let looks = succeeds && learner.looks_at_body(head, watch.brought.map(|id| id.place));
        let body = Some(looks.then(|| BodyStart::new(head.value(FieldKind::ContentEncoding)))??);
        let (learner, table) = (Arc::clone(learner), Arc::clone(table));
        Some(Box::new(Learning { learner, table, says, now, body }))
    }

    /// Takes what passes. It is to be called before the client has it, who may bring the id at once.
    pub(crate) fn carries(&mut self, pieces: Pieces<'_>) {
        let Some(body) = &mut self.body else { return };
        body.add(pieces);
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
    use crate::api::StickyKey;
    use stickylb_http1::{HeadLimits, ReadBuffer, RequestHead};

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

        fn asks(&self, request: &str) -> (Watch, Option<StickyKey>) {
            let mut buffer = ReadBuffer::default();
            buffer.add(request.as_bytes());
            let head: RequestHead = buffer.head(&LIMITS).expect("a good head").expect("a whole head");
            let target = String::from_utf8_lossy(head.target()).into_owned();
            let query = target.split_once('?').map_or("", |(_, query)| query).to_owned();
            self.learner.brought(&self.table, &head, query.as_bytes(), Instant::now())
        }

        /// Where a request with these lines goes.
        fn goes(&self, request: &str) -> Option<u32> {
            let (watch, _) = self.asks(&format!("{request}\r\n\r\n"));
            watch.bound_to().map(|(backend, _)| backend.get())
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
            let (watch, _) = self.asks(&format!("{request}\r\n\r\n"));
            let taught = self.learner.answered(&self.table, watch, &head, by);
            if let Some(mut learning) = taught.learning {
                for piece in pieces {
                    learning.carries(Pieces::data(piece, false));
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
            pool.learner.answered(&pool.table, pool.asks(request).0, &head, by).warning
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
            let (_, key) = pool.asks(&format!("GET / HTTP/1.1\r\nCookie: sid={id}\r\n\r\n"));
            let Some(StickyKey::Learned { id, .. }) = key else { panic!("it is known") };
            assert_eq!(id.to_string(), shown);
        }
    }
}
