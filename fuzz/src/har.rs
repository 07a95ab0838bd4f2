//! HAR files.
//!
//! The target checks that a file is read alike however it comes, that every request of it can be sent, that what is kept
//! is bounded, and that a refusal is one sentence. The requests are then judged as those of a recording.

use std::collections::VecDeque;
use std::io::{self, Read};

use stickylb_survive::har::{Har, read};
use stickylb_survive::{Exchange, signatures};

use crate::pieces::ways;

/// Tokens of the format.
pub const TOKENS: &[&str] = &[
    "{\"log\":{\"entries\":[",
    "{\"log\": {\"version\": \"1.2\",",
    "{}",
    "[]",
    "null",
    "true",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud83d\"",
    "\\ud83d\\ude00",
    "\\n",
    "\u{feff}",
    "\u{10ffff}",
    "\"startedDateTime\": \"2026-11-29T17:00:00.000+01:00\",",
    "\"_resourceType\": \"document\",",
    "\"method\": \"POST\",",
    "\"url\": \"https://localhost:3000/a?b=c#d\",",
    "\"url\": \"ws://127.0.0.1/\",",
    "\"url\": \"data:,\",",
    "\"headers\": [{\"name\": \":method\", \"value\": \"GET\"}],",
    "{\"name\": \"Set-Cookie\", \"value\": \"a=b\\nc=d\"},",
    "{\"name\": \"Content-Type\", \"value\": \"multipart/form-data; boundary=X\"},",
    "\"postData\": {\"mimeType\": \"multipart/form-data\", \"params\": [{\"name\": \"a\", \"fileName\": \"b\"}]},",
    "\"content\": {\"encoding\": \"base64\", \"text\": \"AAEC/w==\"},",
    "\"status\": 101,",
    "\"status\": \"302\",",
    "\"redirectURL\": \"/login\",",
];

/// How many requests are asked for.
const MOST: usize = 3;

/// The most bytes of an answer's body.
const ANSWER: usize = 64 * 1024;

/// A file that comes in pieces.
struct Pieces<'b>(VecDeque<&'b [u8]>);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.0.front_mut() else { return Ok(0) };
        let read = piece.read(into)?;
        if piece.is_empty() {
            self.0.pop_front();
        }
        Ok(read)
    }
}

fn read_pieces(pieces: Vec<&[u8]>) -> Result<Har, String> {
    read(Pieces(pieces.into()), MOST).map_err(|error| error.to_string())
}

/// Whether a request can be sent, and its answer is within bounds.
fn check(exchange: &Exchange) {
    let Exchange { request, answer, .. } = exchange;
    let is_token = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    assert!(is_token(&request.method), "method {:?}", request.method);
    let target = request.target.as_bytes();
    assert!(target.starts_with(b"/") && target.iter().all(u8::is_ascii_graphic), "target {:?}", request.target);
    for (name, value) in request.fields.0.iter().chain(&answer.fields.0) {
        assert!(is_token(name), "field {name:?}");
        assert!(
            !value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'),
            "{name}: {}",
            value.escape_ascii()
        );
    }
    assert!(request.fields.text("host").is_some(), "no host");
    assert!((100..=999).contains(&answer.status), "status {}", answer.status);
    assert!(answer.body.len() <= ANSWER, "a body of {} bytes", answer.body.len());
}

/// A HAR file's bytes.
pub fn target(data: &[u8]) {
    let found = read_pieces(vec![data]);
    // One by one, in many, and in two.
    for pieces in ways(data).take(3) {
        let in_pieces = read_pieces(pieces);
        assert_eq!(format!("{in_pieces:?}"), format!("{found:?}"), "in pieces it is something else");
    }
    let mut har = match found {
        Ok(har) => har,
        Err(error) => {
            assert!(!error.is_empty() && !error.contains(char::is_control), "no sentence: {error:?}");
            return;
        }
    };
    assert!((1..=MOST).contains(&har.exchanges.len()), "{} requests", har.exchanges.len());
    assert!(har.exchanges.is_sorted_by_key(|exchange| exchange.at), "not in order");
    har.exchanges.iter().for_each(check);
    har.lead_to("http://127.0.0.1:8080");
    har.exchanges.iter().for_each(check);
    for (number, exchange) in har.exchanges.iter_mut().enumerate() {
        exchange.copy = Some(number % 2);
    }
    for one in signatures(&har.exchanges) {
        assert_ne!(har.exchanges[one.at].copy, har.exchanges[one.worked_at].copy, "{one:?}");
    }
}
