//! A request's heads and its response's, byte for byte.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;

use super::body::Body;
use super::ids::RequestNumber;
use super::latin1;
use crate::untrusted::Untrusted;

/// The most that is kept of one head.
pub(crate) const HEAD: usize = 8 * 1024;

/// The most that is kept of an answer's body, to be compared with another's, where bodies are not kept.
pub(crate) const COMPARED: usize = 4 * 1024;

/// Bytes that passed, or their beginning: at most 8 KiB of a head. `Debug` shows how many they are and nothing of them:
/// secrets stand in them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Part {
    /// The bytes; in JSON a string in which each character is the byte of its number.
    #[serde(with = "latin1")]
    pub bytes: Vec<u8>,
    /// Whether more passed than is kept.
    #[serde(default)]
    pub cut: bool,
}

impl Part {
    /// Keeps these bytes in place of what there is, as far as there is room.
    pub fn set(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        let kept = bytes.len().min(HEAD);
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.cut = kept < bytes.len();
    }
}

/// Secrets stand in it.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

/// A request's heads and its response's, byte for byte, before and after the balancer changed them.
///
/// They are kept for the last 1000 requests of each worker at most, and only while a front end watches that can show them;
/// bodies only while [`Command::KeepBodies`](super::Command::KeepBodies) says so. Secrets stand in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Heads {
    /// The request's number, which its event has too.
    pub number: RequestNumber,
    /// The listener it came to.
    pub listener: SocketAddr,
    /// That listener's URL.
    pub url: Untrusted<String>,
    /// The other end of the client's connection.
    pub peer: SocketAddr,
    /// The request as it came from the client.
    pub request: Part,
    /// The same as it went to the backend that was tried last.
    pub sent: Part,
    /// The response as it came from the backend.
    pub answer: Part,
    /// The response as it went to the client.
    pub passed: Part,
    /// The request's body; `None` where bodies were not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_body: Option<Body>,
    /// The response's body as the client got it; `None` where bodies were not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_body: Option<Body>,
    /// The beginning of the response's body, where bodies are not kept.
    #[serde(skip)]
    pub(crate) beginning: Body,
}

impl Heads {
    /// The most that is kept of one head, in bytes.
    #[cfg(test)]
    pub(crate) const MOST: usize = HEAD;

    /// Those of a request of which nothing has passed yet.
    pub fn new(number: RequestNumber, listener: SocketAddr, peer: SocketAddr) -> Self {
        Heads {
            number,
            listener,
            url: Untrusted::default(),
            peer,
            request: Part::default(),
            sent: Part::default(),
            answer: Part::default(),
            passed: Part::default(),
            request_body: None,
            answer_body: None,
            beginning: Body::default(),
        }
    }

    /// The beginning of the response's body, to be compared with another's.
    pub(crate) fn compared(&self) -> &[u8] {
        &self.answer_body.as_ref().unwrap_or(&self.beginning).bytes
    }

    /// Forgets the bodies, but for what a replay compares.
    pub(crate) fn forget_bodies(&mut self) {
        self.request_body = None;
        if let Some(mut body) = self.answer_body.take() {
            body.bytes.truncate(COMPARED);
            body.bytes.shrink_to_fit();
            self.beginning = body;
        }
    }

    pub(crate) fn size(&self) -> usize {
        let parts = [&self.request, &self.sent, &self.answer, &self.passed].map(|part| part.bytes.capacity());
        let bodies =
            [&self.request_body, &self.answer_body].map(|body| body.as_ref().map_or(0, |b| b.bytes.capacity()));
        size_of::<Self>() + parts.iter().chain(&bodies).sum::<usize>() + self.beginning.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_survive_the_control_socket() {
        let part = Part { bytes: (0..=255).collect(), cut: true };
        let json = serde_json::to_string(&part).expect("JSON");
        assert_eq!(serde_json::from_str::<Part>(&json).expect("the same"), part);
    }

    #[test]
    fn secrets_do_not_show_in_debugging_output() {
        let part = Part { bytes: b"Authorization: Basic c2VjcmV0".to_vec(), cut: false };
        assert_eq!(format!("{part:?}"), "29 bytes");
    }
}
