//! A request, and what came of it.

use std::time::Duration;

/// The fields of a head in their order, as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, Vec<u8>)>);

impl Fields {
    /// The values of all fields of this name, in any case.
    pub fn named<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.0.iter().filter(move |(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    /// The first of them as text, where it is UTF-8.
    pub fn text<'f>(&'f self, name: &'f str) -> Option<&'f str> {
        self.named(name).next().and_then(|value| std::str::from_utf8(value).ok())
    }
}

/// A request as its client sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Its fields, the balancer's own cookie and those of the connection not among them.
    pub fields: Fields,
    /// Its body, or the beginning that is kept of it.
    pub body: Vec<u8>,
    /// Whether the body is whole, so that the request can be sent again.
    pub whole: bool,
}

impl Request {
    /// Whether it changes nothing (RFC 9110 9.2.1).
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }

    /// The path, without the query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The query, without its question mark; empty where there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// With its last byte.
    #[default]
    Whole,
    /// It is longer than what is kept of it.
    Longer,
    /// Nothing more came in the time there was: a stream or a long poll. Its status is 0 where not even a head came.
    Held,
    /// The connection ended early, or could not be made. Its status is 0 where no head came.
    Cut,
}

/// What a copy answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status; 0 where none came.
    pub status: u16,
    /// Its fields.
    pub fields: Fields,
    /// Its body, out of its chunks and uncompressed where that could be done, or its beginning.
    pub body: Vec<u8>,
    /// How it ended.
    pub end: End,
}

/// One request of the recording, with what it was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// Its number, which the log and the inspector show; in a HAR file its place, from 1.
    pub number: u64,
    /// The connection it came on: exchanges on one connection are of one client.
    pub connection: u64,
    /// The copy that answered, by its place among the copies; `None` where that is not known, as in a HAR file.
    pub copy: Option<usize>,
    /// When its answer began, since the recording did: a long poll that began before the request which releases it comes
    /// after that.
    pub at: Duration,
    /// How long its client waited for that.
    pub waited: Duration,
    /// What was asked.
    pub request: Request,
    /// What was answered when it was recorded.
    pub answer: Answer,
}
