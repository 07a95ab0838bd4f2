//! What is found, and what is asked of each answer.

use crate::Exchange;

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Framework {
    /// socket.io and engine.io: 400 "Session ID unknown".
    SocketIo,
    /// SignalR: 404 "No Connection with that ID".
    SignalR,
    /// Blazor on the server, whose circuits are SignalR's connections.
    Blazor,
    /// The Model Context Protocol over HTTP: 404 for an unknown `Mcp-Session-Id`, from many 400.
    Mcp,
    /// The same over server-sent events, as it was before 2025: an unknown `sessionId` in the query.
    McpSse,
    /// Streamlit: 400 "Invalid session_id" for an upload, 404 for a picture.
    Streamlit,
    /// Gradio: 404 "Session not found", 500 for an event.
    Gradio,
    /// SockJS: 404 for what is sent.
    SockJs,
    /// Phoenix's channels and LiveView over long polling: `"status":410` in the answer.
    Phoenix,
    /// A token against cross-site request forgery: 400, 403, 419 or 422.
    Csrf,
    /// A session: a redirect to a login, or 401.
    Session,
}

impl Framework {
    /// As a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Framework::SocketIo => "socket.io",
            Framework::SignalR => "SignalR",
            Framework::Blazor => "Blazor",
            Framework::Mcp => "MCP",
            Framework::McpSse => "MCP over server-sent events",
            Framework::Streamlit => "Streamlit",
            Framework::Gradio => "Gradio",
            Framework::SockJs => "SockJS",
            Framework::Phoenix => "Phoenix",
            Framework::Csrf => "CSRF token",
            Framework::Session => "session",
        }
    }

    /// What a balancer learns so that such ids work, in the words of `sticky.from`, where it is the same in each app.
    pub fn learn(self) -> Option<&'static str> {
        match self {
            Framework::SocketIo => Some("socket.io"),
            Framework::SignalR | Framework::Blazor => Some("signalr"),
            Framework::Mcp => Some("mcp"),
            Framework::Streamlit => Some("streamlit"),
            Framework::Gradio => Some("gradio"),
            Framework::Phoenix => Some("json:/token=query:token"),
            Framework::McpSse | Framework::SockJs | Framework::Csrf | Framework::Session => None,
        }
    }
}

/// An answer of this kind, told only where the same id worked on another copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The exchange, by its place among those given; the first of its kind at this path.
    pub at: usize,
    /// The one where the id worked on another copy, by its place: it carried the id, or gave it.
    pub worked_at: usize,
    /// Whose answer it is.
    pub framework: Framework,
    /// It in a few words, such as `400 Session ID unknown`.
    pub words: String,
    /// How many exchanges with this method and path were answered like that.
    pub times: usize,
    /// What to learn, in the words of `sticky.from`, where that is known: a preset, or the session's cookie.
    pub learn: Option<String>,
}

/// One that was found, and its path without what is in it of an id.
pub(super) type Found = (Signature, String);

/// Whether it was answered as asked: with content, as unchanged, or with the other protocol.
pub(super) fn worked(exchange: &Exchange) -> bool {
    matches!(exchange.answer.status, 101 | 200..=299 | 304)
}

/// The beginning of the answer's body as text in small letters.
pub(super) fn said(exchange: &Exchange) -> String {
    let body = &exchange.answer.body;
    String::from_utf8_lossy(&body[..body.len().min(SAID)]).to_ascii_lowercase()
}

/// How much of a body is looked at for what it says, in bytes: an error page of a framework says it after its style sheet.
const SAID: usize = 16 * 1024;

/// The last answer before this place that gave what has this text in it: in its body, in a cookie or another field. What
/// was given long before is not found.
pub(super) fn given(exchanges: &[Exchange], before: usize, text: &str) -> Option<usize> {
    let mut left = SEARCHED;
    for (place, exchange) in exchanges[..before].iter().enumerate().rev() {
        let answer = &exchange.answer;
        let gives = || has(&answer.body, text) || answer.fields.0.iter().any(|(_, value)| has(value, text));
        if worked(exchange) && gives() {
            return Some(place);
        }
        left = left.checked_sub(answer.body.len() + EACH)?;
    }
    None
}

/// How many bytes of answers are searched for what one gave, and what an answer counts beside its body.
const SEARCHED: usize = 8 << 20;

const EACH: usize = 1024;

/// Whether the bytes have this text in them.
fn has(bytes: &[u8], text: &str) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
