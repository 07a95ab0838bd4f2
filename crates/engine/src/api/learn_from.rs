//! Where learned stickiness finds the id that a backend gives a client, and where the client brings it again.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::untrusted::Untrusted;

/// One source of [`StickyBy::Learn`](super::StickyBy::Learn): `header:NAME`, `cookie:NAME`, `json:/pointer=query:NAME`, or the
/// name of a preset; it is parsed from and displayed as these words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LearnFrom {
    /// A protocol or framework whose ids are known.
    Preset(LearnPreset),
    /// An id of one's own.
    Id {
        /// Where the backend writes it.
        response: IdInResponse,
        /// Where the client brings it.
        request: IdInRequest,
    },
}

/// A protocol or framework whose session ids are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LearnPreset {
    /// Model Context Protocol: the header `Mcp-Session-Id` of responses and requests; in the older transport by server-sent
    /// events the `sessionId` or `session_id` in the address that the first event has.
    Mcp,
    /// Socket.IO, or Engine.IO alone, by polling: the `sid` of a connection's first packet, and the query's `sid`.
    SocketIo,
    /// ASP.NET Core SignalR: the `connectionToken` of a negotiation, or in older ones the `connectionId`, and the query's `id`.
    SignalR,
    /// Streamlit: the cookie `_streamlit_xsrf`, in older ones `_xsrf`.
    Streamlit,
    /// Gradio: the `session_hash` that the page makes, in the query, the path of the heartbeat, or a request's JSON.
    Gradio,
}

/// Where a backend writes an id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdInResponse {
    /// A header field of this name, in any case.
    Header(Arc<str>),
    /// A cookie of this name that it sets, in this case.
    Cookie(Arc<str>),
    /// The string or number at this JSON pointer (RFC 6901), in the first 4 KB of the body.
    Json(Arc<str>),
}

/// Where a client brings an id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdInRequest {
    /// A header field of this name, in any case.
    Header(Arc<str>),
    /// A cookie of this name, in this case.
    Cookie(Arc<str>),
    /// The first parameter of this name in the query, in this case.
    Query(Arc<str>),
}

impl LearnPreset {
    /// All of them.
    pub const ALL: [LearnPreset; 5] =
        [LearnPreset::Mcp, LearnPreset::SocketIo, LearnPreset::SignalR, LearnPreset::Streamlit, LearnPreset::Gradio];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            LearnPreset::Mcp => "mcp",
            LearnPreset::SocketIo => "socket.io",
            LearnPreset::SignalR => "signalr",
            LearnPreset::Streamlit => "streamlit",
            LearnPreset::Gradio => "gradio",
        }
    }
}

impl LearnFrom {
    fn pair(response: &str, request: &str) -> Result<Self, String> {
        Ok(LearnFrom::Id { response: response.parse()?, request: request.parse()? })
    }
}

impl fmt::Display for LearnFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LearnFrom::Preset(preset) => f.write_str(preset.name()),
            LearnFrom::Id { response: IdInResponse::Header(name), request: IdInRequest::Header(other) }
                if name == other =>
            {
                write!(f, "header:{}", Untrusted::new(name))
            }
            LearnFrom::Id { response: IdInResponse::Cookie(name), request: IdInRequest::Cookie(other) }
                if name == other =>
            {
                write!(f, "cookie:{}", Untrusted::new(name))
            }
            LearnFrom::Id { response, request } => write!(f, "{response}={request}"),
        }
    }
}

impl FromStr for LearnFrom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(preset) = LearnPreset::ALL.into_iter().find(|preset| preset.name() == text) {
            return Ok(LearnFrom::Preset(preset));
        }
        if let Some((response, request)) = text.split_once('=') {
            return LearnFrom::pair(response, request);
        }
        match text.split_once(':') {
            Some(("header" | "cookie", _)) => LearnFrom::pair(text, text),
            Some(("json", _)) => {
                let text = Untrusted::new(text);
                Err(format!("'{text}' does not say where the client brings the id: write {text}=query:id"))
            }
            Some(("query", name)) => {
                let name = Untrusted::new(name);
                Err(format!("'query:{name}' does not say where the backend writes the id: write json:/id=query:{name}"))
            }
            _ => Err(unknown(text)),
        }
    }
}

/// What is said of a source that is none.
fn unknown(text: &str) -> String {
    let written = Untrusted::new(text);
    if text.is_empty() {
        return "learn needs to be told from what: write learn:mcp or learn:cookie:JSESSIONID".to_owned();
    }
    let lower = text.to_ascii_lowercase();
    let near = LearnPreset::ALL.map(|preset| (strsim::damerau_levenshtein(&lower, preset.name()), preset.name()));
    let near = near.into_iter().min().filter(|(letters, _)| *letters <= 2);
    let near = near.map(|(_, name)| format!(", did you mean '{name}'?")).unwrap_or_default();
    let presets = LearnPreset::ALL.map(LearnPreset::name).join(", ");
    format!(
        "'{written}' is nothing to learn from: write {presets}, header:NAME, cookie:NAME or json:/pointer=query:NAME{near}"
    )
}

impl fmt::Display for IdInResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdInResponse::Header(name) => write!(f, "header:{}", Untrusted::new(name)),
            IdInResponse::Cookie(name) => write!(f, "cookie:{}", Untrusted::new(name)),
            IdInResponse::Json(pointer) => write!(f, "json:{}", Untrusted::new(pointer)),
        }
    }
}

impl FromStr for IdInResponse {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("header", name)) => Ok(IdInResponse::Header(header(name)?)),
            Some(("cookie", name)) => Ok(IdInResponse::Cookie(cookie(name)?)),
            Some(("json", at)) if is_pointer(at) => Ok(IdInResponse::Json(at.into())),
            Some(("json", at)) => {
                let at = Untrusted::new(at);
                Err(format!("'{at}' is not a JSON pointer to learn from: write json:/connectionToken"))
            }
            _ => {
                let text = Untrusted::new(text);
                Err(format!("'{text}' is no place in a response: write header:NAME, cookie:NAME or json:/pointer"))
            }
        }
    }
}

impl fmt::Display for IdInRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdInRequest::Header(name) => write!(f, "header:{}", Untrusted::new(name)),
            IdInRequest::Cookie(name) => write!(f, "cookie:{}", Untrusted::new(name)),
            IdInRequest::Query(name) => write!(f, "query:{}", Untrusted::new(name)),
        }
    }
}

impl FromStr for IdInRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("header", name)) => Ok(IdInRequest::Header(header(name)?)),
            Some(("cookie", name)) => Ok(IdInRequest::Cookie(cookie(name)?)),
            Some(("query", name)) if is_parameter(name) && !name.contains(',') => Ok(IdInRequest::Query(name.into())),
            Some(("query", name)) => {
                Err(format!("'{}' is not a parameter's name: write query:id", Untrusted::new(name)))
            }
            _ => {
                let text = Untrusted::new(text);
                Err(format!("'{text}' is no place in a request: write header:NAME, cookie:NAME or query:NAME"))
            }
        }
    }
}

fn header(name: &str) -> Result<Arc<str>, String> {
    if name.parse::<http::HeaderName>().is_ok() {
        return Ok(name.into());
    }
    Err(format!("'{}' is not a header name: write header:X-Session", Untrusted::new(name)))
}

/// A cookie's name is a token (RFC 6265 4.1.1), as a header's is.
fn cookie(name: &str) -> Result<Arc<str>, String> {
    if name.parse::<http::HeaderName>().is_ok() {
        return Ok(name.into());
    }
    Err(format!("'{}' is not a cookie's name: write cookie:JSESSIONID", Untrusted::new(name)))
}

/// A JSON pointer to a value within an object or array. The characters that divide sources cannot stand in it.
fn is_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    text.starts_with('/') && escapes && !text.contains(['=', ',']) && !text.chars().any(char::is_control)
}

/// A name as it can stand in a query (RFC 3986 3.4), before its `=`.
pub(super) fn is_parameter(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b"&=#?\"<>".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::StickyBy;

    #[test]
    fn every_source_is_displayed_as_it_is_parsed() {
        for text in [
            "mcp",
            "socket.io",
            "signalr",
            "streamlit",
            "gradio",
            "header:X-Session",
            "cookie:JSESSIONID",
            "json:/a~1b/0=query:id",
            "json:/token=header:X-Token",
            "header:X-New=header:X-Session",
            "header:X-New=cookie:sid",
        ] {
            assert_eq!(text.parse::<LearnFrom>().expect(text).to_string(), text);
        }
        for text in ["learn:mcp", "learn:cookie:a,cookie:b,json:/sid=query:sid"] {
            let by = text.parse::<StickyBy>().expect(text);
            assert_eq!(by.to_string(), text);
            let json = serde_json::to_string(&by).expect("JSON");
            assert_eq!(serde_json::from_str::<StickyBy>(&json).expect("the same"), by);
        }
    }

    #[test]
    fn what_cannot_be_learned_from_is_one_sentence_with_what_to_write() {
        for (text, said) in [
            ("learn:", "learn needs to be told from what: write learn:mcp or learn:cookie:JSESSIONID"),
            ("learn:mcp,", "learn needs to be told from what: write learn:mcp or learn:cookie:JSESSIONID"),
            ("learn:mcp,mcp", "'mcp' is written twice: leave one"),
            (
                "learn:socketio",
                "'socketio' is nothing to learn from: write mcp, socket.io, signalr, streamlit, gradio, header:NAME, \
                 cookie:NAME or json:/pointer=query:NAME, did you mean 'socket.io'?",
            ),
            ("learn:query:sid", "'query:sid' does not say where the backend writes the id: write json:/id=query:sid"),
            ("learn:json:/a", "'json:/a' does not say where the client brings the id: write json:/a=query:id"),
            ("learn:json:a=query:b", "'a' is not a JSON pointer to learn from: write json:/connectionToken"),
            ("learn:json:/~2=query:b", "'/~2' is not a JSON pointer to learn from: write json:/connectionToken"),
            ("learn:json:/a=query:", "'' is not a parameter's name: write query:id"),
            (
                "learn:json:/a=json:/b",
                "'json:/b' is no place in a request: write header:NAME, cookie:NAME or query:NAME",
            ),
            ("learn:header:a b", "'a b' is not a header name: write header:X-Session"),
            ("learn:cookie:", "'' is not a cookie's name: write cookie:JSESSIONID"),
        ] {
            assert_eq!(text.parse::<StickyBy>().expect_err(text), said, "{text}");
        }
    }
}
