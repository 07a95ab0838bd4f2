//! The protocols whose requests carry an id that one copy knows, and what others answer. To add one, add a row.

use std::time::Duration;

use super::found::Framework;

/// Where in a request an id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The value of a name in the query.
    Query(&'static str),
    /// The value of a field.
    Field(&'static str),
    /// A member of the JSON object in the body.
    Json(&'static str),
    /// The part of the path so many slashes after the one that is named.
    Behind(&'static str, usize),
    /// The part of the path so many slashes before one of these, which is its last.
    Before(&'static [&'static str], usize),
    /// The last part of a path.
    Last,
}

/// One answer to an id of another copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) framework: Framework,
    /// The ids in it: in one of these places.
    pub(super) ids: &'static [Place],
    /// What the target must have in it so that such an id is meant, in small letters.
    pub(super) target: &'static str,
    /// What it must not have: requests that any copy answers, whatever their id.
    pub(super) but_not: &'static str,
    pub(super) statuses: &'static [u16],
    /// One of these is in the body, in small letters; where there is none, the path must be one that worked.
    pub(super) says: &'static [&'static str],
    /// It in words, behind the status.
    pub(super) words: &'static str,
    /// How long an unused id certainly lives where it works.
    pub(super) lives: Duration,
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// All of them. Where two fit, the first one counts.
pub(super) const ROWS: &[Row] = &[
    // engine.io answers {"code":1,"message":"Session ID unknown"}; python-engineio "Invalid session" and the id. A session
    // without its pong ends after pingInterval + pingTimeout, 45 s unless set.
    Row {
        framework: Framework::SocketIo,
        ids: &[Place::Query("sid")],
        target: "eio=",
        but_not: "",
        statuses: &[400],
        says: &["session id unknown", "\"code\":1,", "invalid session", "unknown sid"],
        words: "Session ID unknown",
        lives: seconds(20),
    },
    // A connection that was negotiated and not begun ends after 15 s.
    Row {
        framework: Framework::Blazor,
        ids: &[Place::Query("id")],
        target: "/_blazor",
        but_not: "",
        statuses: &[404],
        says: &["no connection with that id"],
        words: "No Connection with that ID",
        lives: seconds(10),
    },
    Row {
        framework: Framework::SignalR,
        ids: &[Place::Query("id")],
        target: "id=",
        but_not: "",
        statuses: &[404],
        says: &["no connection with that id"],
        words: "No Connection with that ID",
        lives: seconds(10),
    },
    // The specification says 404 for a session that is not known; the SDKs' first examples said 400.
    Row {
        framework: Framework::Mcp,
        ids: &[Place::Field("mcp-session-id")],
        target: "",
        but_not: "",
        statuses: &[400, 404],
        says: &["session", "-32001", "not initialized"],
        words: "Session not found",
        lives: seconds(60),
    },
    Row {
        framework: Framework::Mcp,
        ids: &[Place::Field("mcp-session-id")],
        target: "",
        but_not: "",
        statuses: &[404],
        says: &[],
        words: "Session not found",
        lives: seconds(60),
    },
    Row {
        framework: Framework::McpSse,
        ids: &[Place::Query("sessionId"), Place::Query("session_id")],
        target: "/message",
        but_not: "",
        statuses: &[400, 404, 500],
        says: &["session", "transport", "not find"],
        words: "Session not found",
        lives: seconds(60),
    },
    Row {
        framework: Framework::Streamlit,
        ids: &[Place::Behind("upload_file", 1)],
        target: "/_stcore/upload_file/",
        but_not: "",
        statuses: &[400],
        says: &["invalid session_id", "invalid session id"],
        words: "Invalid session_id",
        lives: seconds(30),
    },
    // Files leave with the run of the script that made them.
    Row {
        framework: Framework::Streamlit,
        ids: &[Place::Last],
        target: "/media/",
        but_not: "",
        statuses: &[404],
        says: &["media file", "file not found", "404: not found", "not found"],
        words: "media file not found",
        lives: seconds(5),
    },
    // Gradio's client makes this id itself.
    Row {
        framework: Framework::Gradio,
        ids: &[Place::Query("session_hash"), Place::Json("session_hash")],
        target: "/queue/",
        but_not: "/heartbeat",
        statuses: &[404, 500],
        says: &["session not found", "event not found"],
        words: "Session not found",
        lives: seconds(30),
    },
    // Some versions fail without saying why, as an app can by itself: only one that works again at home is told.
    Row {
        framework: Framework::Gradio,
        ids: &[Place::Query("session_hash"), Place::Json("session_hash")],
        target: "/queue/",
        but_not: "/heartbeat",
        statuses: &[500],
        says: &["internal server error"],
        words: "Internal Server Error",
        lives: seconds(0),
    },
    Row {
        framework: Framework::Gradio,
        ids: &[Place::Last],
        target: "/call/",
        but_not: "/heartbeat",
        statuses: &[404, 500],
        says: &["event not found", "session not found"],
        words: "Session not found",
        lives: seconds(30),
    },
    // The answer has no body, and what is sent has another path than what is received. A session without a receiving request
    // ends after 5 s.
    Row {
        framework: Framework::SockJs,
        ids: &[Place::Before(
            &["xhr", "xhr_send", "xhr_streaming", "jsonp", "jsonp_send", "eventsource", "htmlfile"],
            1,
        )],
        target: "",
        but_not: "",
        statuses: &[404],
        says: &[""],
        words: "session unknown",
        lives: seconds(4),
    },
    // The status of the answer is 200; that of the protocol is in its JSON. A session that is not polled ends after 10 s.
    Row {
        framework: Framework::Phoenix,
        ids: &[Place::Query("token")],
        target: "/longpoll",
        but_not: "",
        statuses: &[200, 410],
        says: &["\"status\":410", "\"status\":403"],
        words: "status 410, session gone",
        lives: seconds(8),
    },
];
