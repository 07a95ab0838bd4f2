//! A request's heads and its response's, byte for byte.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;

use super::ids::RequestNumber;
use crate::untrusted::Untrusted;

/// The most that is kept of one head.
pub(crate) const HEAD: usize = 8 * 1024;

/// The most that is kept of an answer's body, to be compared with another's.
pub(crate) const BODY: usize = 4 * 1024;

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
        self.cut = false;
        self.add(bytes, HEAD);
    }

    fn add(&mut self, bytes: &[u8], most: usize) {
        let kept = bytes.len().min(most.saturating_sub(self.bytes.len()));
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.cut |= kept < bytes.len();
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
/// They are kept for the last 1000 requests of each worker at most, and only while a front end watches that can show them.
/// Secrets stand in them.
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
    /// What went to the client of the body, in its frame.
    #[serde(skip)]
    pub(crate) body: Part,
    #[serde(skip)]
    pub(crate) chunked: bool,
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
            body: Part::default(),
            chunked: false,
        }
    }

    /// Keeps the head of the response as the client gets it; `chunked` is whether its body goes in chunks.
    pub fn passes(&mut self, head: &[u8], chunked: bool) {
        self.passed.set(head);
        self.chunked = chunked;
    }

    /// Keeps the beginning of the body.
    pub(crate) fn carries(&mut self, bytes: &[u8]) {
        self.body.add(bytes, BODY);
    }

    pub(crate) fn size(&self) -> usize {
        let parts = [&self.request, &self.sent, &self.answer, &self.passed, &self.body];
        size_of::<Self>() + parts.iter().map(|part| part.bytes.capacity()).sum::<usize>()
    }
}

/// Bytes as a string of as many characters, each byte the character of that number.
mod latin1 {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        let byte = |c: char| u8::try_from(c).map_err(|_| serde::de::Error::custom(format!("'{c}' is no byte")));
        text.chars().map(byte).collect()
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
