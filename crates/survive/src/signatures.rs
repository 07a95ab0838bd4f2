//! What well-known frameworks answer where an id is another copy's.

use crate::Exchange;

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Framework {
    /// socket.io and engine.io: 400 "Session ID unknown".
    SocketIo,
    /// SignalR: 404 "No Connection with that ID".
    SignalR,
    /// The Model Context Protocol over HTTP: 404 for an unknown `Mcp-Session-Id`.
    Mcp,
    /// Streamlit.
    Streamlit,
    /// Gradio.
    Gradio,
    /// A token against cross-site request forgery: 403, 419 or 422.
    Csrf,
    /// A session: a redirect to a login, or 401.
    Session,
}

/// An answer of this kind, told only where the same id worked on another copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The exchange, by its place among those given.
    pub at: usize,
    /// The one whose id worked on another copy, by its place.
    pub worked_at: usize,
    /// Whose answer it is.
    pub framework: Framework,
    /// It in a few words, such as `400 Session ID unknown`.
    pub words: String,
}

/// Finds them in exchanges in their order, of which the copy is known.
pub fn signatures(_exchanges: &[Exchange]) -> Vec<Signature> {
    Vec::new()
}
