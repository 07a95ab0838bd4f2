//! HAR files (HTTP Archive 1.1 and 1.2): what a browser's developer tools, a recording proxy or a test driver save of a
//! page's requests.
//!
//! A file is read as it comes, and of an entry only what is needed is kept: the request, and up to 64 KB of the answer's
//! body. Neither its size nor the length of a string in it decides how much memory that takes. Programs differ in what
//! they write: numbers as text, cookies apart from the fields, bodies left out, HTTP/2's pseudo fields, several
//! `Set-Cookie` in one. All of it is read; what a request needs to be sent again and is not there makes it not
//! [`whole`](crate::Request::whole), and what cannot be used is counted and said in [`Har::left_out`].

mod address;
mod convert;
mod entry;
mod form;
mod hosts;
mod log;
mod loose;
mod shorten;
mod text;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use serde::de::DeserializeSeed as _;

use crate::Exchange;
use convert::{LeftOut, convert};
use entry::Entry;
use hosts::{Found, Hosts};
use log::{Entries, Place, Reader};
use shorten::Shorten;

/// What was read of a HAR file.
#[derive(Debug, Default)]
pub struct Har {
    /// The requests to the app, in the order in which their answers began. They are all of one client: a file is what one browser
    /// did.
    pub exchanges: Vec<Exchange>,
    /// Where the app was when they were recorded, such as `localhost:3000`: host, and port unless it is the scheme's own.
    pub host: String,
    /// Other hosts, with the number of requests to each that are left out; the most asked one first.
    pub other_hosts: Vec<(String, usize)>,
    /// What else is left out, or cut off, each in one sentence.
    pub left_out: Vec<String>,
}

/// Why a HAR file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HarError {
    /// It cannot be read.
    #[error("{0}")]
    Read(#[from] std::io::Error),
    /// It is no HAR, or is damaged before its first request.
    #[error("{0}")]
    Malformed(String),
}

/// Reads a HAR file as it comes, so that its size does not matter. `most` is how many exchanges are kept.
///
/// # Errors
/// See [`HarError`]: where one request to an app could be read, there is none but that of reading.
pub fn read(mut from: impl Read, most: usize) -> Result<Har, HarError> {
    let first = begin(&mut from)?;
    let from = Shorten::new(first.chain(from));
    let mut collected = Collected { hosts: Hosts::new(most), ..Collected::default() };
    let mut json = serde_json::Deserializer::from_reader(from);
    let end = Reader(Place::File, &mut collected).deserialize(&mut json).and_then(|()| json.end());
    collected.har(end.err())
}

impl Har {
    /// Leads the requests to the server at `url`, such as `http://127.0.0.1:8080`: their `Host`, and `Origin` and `Referer`
    /// where they name the app. A server that compares them would refuse them otherwise.
    pub fn lead_to(&mut self, url: &str) {
        let url = url.trim_end_matches('/');
        let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
        for exchange in &mut self.exchanges {
            for (name, value) in &mut exchange.request.fields.0 {
                if name.eq_ignore_ascii_case("host") {
                    *value = authority.as_bytes().to_vec();
                } else if name.eq_ignore_ascii_case("origin") || name.eq_ignore_ascii_case("referer") {
                    let text = std::str::from_utf8(value).unwrap_or_default();
                    if let Ok(found) = address::address(text)
                        && found.authority == self.host
                    {
                        let path = if name.eq_ignore_ascii_case("origin") { "" } else { found.target.as_str() };
                        *value = format!("{url}{path}").into_bytes();
                    }
                }
            }
        }
    }
}

/// Takes the file's first bytes, and gives back those of its text.
fn begin(from: &mut impl Read) -> Result<Cursor<Vec<u8>>, HarError> {
    let mut first = Vec::new();
    from.take(4).read_to_end(&mut first)?;
    let refused = |what: &str| Err(HarError::Malformed(format!("this is no HAR file, it {what}: {SAVE}")));
    match first.as_slice() {
        [] | [0xef, 0xbb, 0xbf] => refused("is empty"),
        [0xef, 0xbb, 0xbf, rest @ ..] => Ok(Cursor::new(rest.to_vec())),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'{', 0, ..] | [0, b'{', ..] => {
            Err(HarError::Malformed("this file is UTF-16: save it as UTF-8".to_owned()))
        }
        [b'<', ..] => refused("begins with '<', as an HTML page does"),
        [0x1f, 0x8b, ..] => Err(HarError::Malformed("this file is compressed with gzip: unpack it first".to_owned())),
        [b'P', b'K', ..] => Err(HarError::Malformed("this file is a ZIP archive: unpack it first".to_owned())),
        _ => Ok(Cursor::new(first)),
    }
}

/// What to do where there is nothing in it.
const SAVE: &str =
    "save the requests again, in a browser with \"Save all as HAR with content\" among its network tools";

/// What is read so far.
#[derive(Debug)]
struct Collected {
    hosts: Hosts,
    /// Whether the list of entries was reached, and how many it had so far.
    begun: bool,
    entries: u64,
    /// How many of them can be sent again.
    usable: usize,
    left_out: BTreeMap<LeftOut, usize>,
    /// Whether any request or answer has a cookie or a credential.
    secrets: bool,
}

impl Default for Collected {
    fn default() -> Self {
        let hosts = Hosts::new(0);
        Collected { hosts, begun: false, entries: 0, usable: 0, left_out: BTreeMap::new(), secrets: false }
    }
}

impl Entries for Collected {
    fn begun(&mut self) {
        self.begun = true;
    }

    fn entry(&mut self, entry: Option<Entry>) {
        self.entries += 1;
        match entry.ok_or(LeftOut::Malformed).and_then(|entry| convert(entry, self.entries)) {
            Ok(converted) => {
                let Exchange { request, answer, .. } = &converted.exchange;
                self.secrets |= ["cookie", "authorization"].iter().any(|name| request.fields.text(name).is_some())
                    || answer.fields.text("set-cookie").is_some();
                self.usable += 1;
                self.hosts.take(converted);
            }
            Err(why) => {
                // A scheme is whatever somebody wrote.
                let room = self.left_out.len() < 50 || self.left_out.contains_key(&why);
                *self.left_out.entry(if room { why } else { LeftOut::Malformed }).or_default() += 1;
            }
        }
    }
}

impl Collected {
    /// All that was read, the file having ended with this error.
    fn har(self, error: Option<serde_json::Error>) -> Result<Har, HarError> {
        let mut left_out = Vec::new();
        if let Some(error) = error {
            if error.is_io() {
                return Err(HarError::Read(error.into()));
            }
            left_out.push(self.broken(&error)?);
        }
        if !self.begun {
            return Err(HarError::Malformed(format!(
                "this JSON is no HAR file, it has no \"entries\" in a \"log\": {SAVE}"
            )));
        }
        let why: Vec<String> = self.left_out.iter().map(|(why, count)| why.sentence(*count)).collect();
        if self.entries == 0 {
            return Err(HarError::Malformed(format!("there is not one request in this HAR file: {SAVE}")));
        }
        let Some(found) = self.hosts.found() else {
            let why = why.join("; ");
            return Err(HarError::Malformed(format!("no request in this HAR file can be sent again: {why}")));
        };
        let Found { authority, exchanges, before, beyond, cramped, others } = found;
        left_out.extend(why);
        if before > 0 {
            let requests = count(before, "request");
            left_out.push(format!("{requests} to {authority} before its first page {} left out", are(before)));
        }
        if beyond > 0 {
            left_out.push(format!(
                "{} to {authority} {} left out: there are too many",
                count(beyond, "request"),
                are(beyond)
            ));
        }
        if cramped > 0 {
            left_out.push(format!("the bodies of {} are left out: there are too many", count(cramped, "request")));
        }
        if !self.secrets {
            left_out.push(
                "there is not one cookie in this file: if the app has sessions, save it with sensitive data, which \
                 browsers leave out unless told otherwise"
                    .to_owned(),
            );
        }
        Ok(Har { exchanges, host: authority, other_hosts: others, left_out })
    }

    /// What is said of a file that ends early, or goes on with something else.
    fn broken(&self, error: &serde_json::Error) -> Result<String, HarError> {
        let requests = count(usize::try_from(self.entries).unwrap_or(usize::MAX), "request");
        // The lines are the file's own; its columns are not, where strings were shortened.
        let line = error.line();
        match (error.is_eof(), self.usable) {
            (true, 0) if self.begun => {
                Err(HarError::Malformed(format!("this HAR file is cut off before its first request: {SAVE}")))
            }
            (true, 0) => {
                Err(HarError::Malformed(format!("this file is cut off before its \"log\" has \"entries\": {SAVE}")))
            }
            (true, _) => Ok(format!("the file is cut off after {requests}")),
            (false, 0) if self.begun => Err(HarError::Malformed(format!(
                "this HAR file is damaged before its first request, in line {line}: {SAVE}"
            ))),
            (false, 0) => {
                Err(HarError::Malformed(format!("this is no HAR file, no JSON with a \"log\" of \"entries\": {SAVE}")))
            }
            (false, _) => Ok(format!("the file is damaged after {requests}, in line {line}: what follows is left out")),
        }
    }
}

impl LeftOut {
    /// It, for so many entries.
    fn sentence(&self, times: usize) -> String {
        let requests = count(times, "request");
        let are = are(times);
        match self {
            LeftOut::Scheme(scheme) => format!("{requests} to {scheme}: {are} left out, as no server is asked"),
            LeftOut::Unanswered => format!("{requests} without an answer {are} left out"),
            LeftOut::Malformed => format!("{requests} without an address or a method {are} left out"),
        }
    }
}

/// `1 request`, `2 requests`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What goes with so many.
fn are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests;
