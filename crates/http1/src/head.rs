//! A message's head: its bytes as they came, and where in them each field stands.

use super::buffer_pool::FIELDS;
use std::mem;

use super::buffer_pool::{BYTES, BufferPool};
use super::field::Field;
use super::field_kind::{FieldKind, FieldKinds};
use super::line::{RequestLine, StatusLine, Version};
use super::span::Span;

/// The fields of a head, in their order.
#[derive(Debug)]
pub(crate) struct Fields {
    list: Vec<Field>,
    kinds: FieldKinds,
    connection: Options,
}

/// What the `Connection` fields say (RFC 9110 7.6.1), found once because it is asked of every field.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    closes: bool,
    keeps_alive: bool,
    /// They name fields that are not connection-level by themselves.
    names_others: bool,
}

impl Options {
    fn add(&mut self, line: &[u8]) {
        for option in tokens(line) {
            match FieldKind::of(option) {
                _ if option.eq_ignore_ascii_case(b"close") => self.closes = true,
                FieldKind::KeepAlive => self.keeps_alive = true,
                kind => self.names_others |= !kind.is_hop_by_hop() && !option.is_empty(),
            }
        }
    }
}

impl Fields {
    pub(crate) fn with_room_for(count: usize) -> Self {
        let mut list = FIELDS.with(BufferPool::take);
        list.reserve(count);
        Fields { list, kinds: FieldKinds::default(), connection: Options::default() }
    }

    /// Adds a field that stands in `bytes`.
    pub(crate) fn add(&mut self, name: &[u8], value: &[u8], bytes: &[u8]) {
        let kind = FieldKind::of(name);
        self.kinds.add(kind);
        if kind == FieldKind::Connection {
            self.connection.add(value);
        }
        self.list.push(Field { kind, name: Span::within(name, bytes), value: Span::within(value, bytes) });
    }
}

/// What happens to a field when its head is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is forwarded unchanged.
    Keeps,
    /// It is dropped.
    Ends,
    /// It is replaced.
    Changes,
}

/// A whole head: request or response, by its first line.
#[derive(Debug)]
pub struct Head<L> {
    pub(crate) bytes: Vec<u8>,
    /// The first line.
    pub line: L,
    pub(crate) fields: Fields,
}

/// A request's head.
pub type RequestHead = Head<RequestLine>;

/// A response's head.
pub type ResponseHead = Head<StatusLine>;

impl<L> Head<L> {
    /// The bytes at a place.
    pub fn bytes(&self, span: Span) -> &[u8] {
        span.of(&self.bytes)
    }

    /// All of it, as it came.
    pub fn raw(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes every field in its order, as `decide` says by its kind, name and value; `change` writes those that are replaced.
    /// Unchanged neighbours are copied in one piece.
    pub fn write_fields(
        &self,
        out: &mut Vec<u8>,
        mut decide: impl FnMut(FieldKind, &[u8], &[u8]) -> Fate,
        mut change: impl FnMut(FieldKind, &[u8], &[u8], &mut Vec<u8>),
    ) {
        let mut run = 0..0;
        for field in &self.fields.list {
            let (name, value) = (field.name.of(&self.bytes), field.value.of(&self.bytes));
            match (decide(field.kind, name, value), field.line(&self.bytes)) {
                (Fate::Ends, _) => {}
                (Fate::Keeps, Some(line)) if line.start == run.end => run.end = line.end,
                (Fate::Keeps, Some(line)) => {
                    out.extend_from_slice(&self.bytes[std::mem::replace(&mut run, line)]);
                }
                (Fate::Keeps, None) => {
                    out.extend_from_slice(&self.bytes[std::mem::replace(&mut run, 0..0)]);
                    for part in [name, b": ", value, b"\r\n"] {
                        out.extend_from_slice(part);
                    }
                }
                (Fate::Changes, _) => {
                    out.extend_from_slice(&self.bytes[std::mem::replace(&mut run, 0..0)]);
                    change(field.kind, name, value, out);
                }
            }
        }
        out.extend_from_slice(&self.bytes[run]);
    }

    /// Whether there is a field of this kind.
    pub fn has(&self, kind: FieldKind) -> bool {
        self.fields.kinds.has(kind)
    }

    /// Where the values of all fields of a kind stand.
    pub fn spans(&self, kind: FieldKind) -> impl DoubleEndedIterator<Item = Span> {
        let fields: &[Field] = if self.has(kind) { &self.fields.list } else { &[] };
        fields.iter().filter(move |field| field.kind == kind).map(|field| field.value)
    }

    /// The values of all fields of a kind.
    pub fn values(&self, kind: FieldKind) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.spans(kind).map(|span| span.of(&self.bytes))
    }

    /// The first value of a kind.
    pub fn value(&self, kind: FieldKind) -> Option<&[u8]> {
        self.values(kind).next()
    }

    /// The values of all fields of a name, in any case.
    pub fn named(&self, name: &[u8]) -> impl Iterator<Item = &[u8]> {
        let same = move |field: &&Field| field.name.of(&self.bytes).eq_ignore_ascii_case(name);
        self.fields.list.iter().filter(same).map(|field| field.value.of(&self.bytes))
    }

    /// Whether a list field of this kind, over all its lines, has a token in any case.
    pub fn lists(&self, kind: FieldKind, token: &[u8]) -> bool {
        self.values(kind).any(|line| has_token(line, token))
    }

    /// Whether `Connection` names this field, so that it is dropped beside those that always are.
    pub fn is_named_by_connection(&self, kind: FieldKind, name: &[u8]) -> bool {
        self.fields.connection.names_others && !kind.is_end_to_end() && self.lists(FieldKind::Connection, name)
    }

    /// The names that `Connection` lists beside those that are always dropped; nearly always empty.
    pub(crate) fn ended_by_connection(&self) -> Vec<u8> {
        if !self.fields.connection.names_others {
            return Vec::new();
        }
        self.values(FieldKind::Connection).collect::<Vec<_>>().join(&b',')
    }

    /// Whether the sender keeps the connection in this version of the protocol (RFC 9112 9.3).
    fn keeps_connection(&self, version: Version) -> bool {
        match version {
            Version::Http11 => !self.fields.connection.closes,
            Version::Http10 => self.fields.connection.keeps_alive && !self.fields.connection.closes,
        }
    }
}

impl<L> Drop for Head<L> {
    fn drop(&mut self) {
        // The pool is gone when the thread ends: then the memory is simply freed.
        let _ = BYTES.try_with(|pool| pool.give(mem::take(&mut self.bytes)));
        let _ = FIELDS.try_with(|pool| pool.give(mem::take(&mut self.fields.list)));
    }
}

impl RequestHead {
    /// The method, in its case.
    pub fn method(&self) -> &[u8] {
        self.line.method.of(&self.bytes)
    }

    /// The target, as it was sent.
    pub fn target(&self) -> &[u8] {
        self.line.target.of(&self.bytes)
    }

    /// Whether the client wants its connection kept (RFC 9112 9.3).
    pub fn is_persistent(&self) -> bool {
        self.keeps_connection(self.line.version)
    }
}

impl ResponseHead {
    /// The reason phrase.
    pub fn reason(&self) -> &[u8] {
        self.line.reason.of(&self.bytes)
    }

    /// Whether the backend keeps its connection (RFC 9112 9.3).
    pub fn is_persistent(&self) -> bool {
        self.keeps_connection(self.line.version)
    }
}

/// The members of a list field's line, trimmed (RFC 9110 5.6.1).
pub fn tokens(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|b| *b == b',').map(<[u8]>::trim_ascii)
}

pub(crate) fn has_token(line: &[u8], token: &[u8]) -> bool {
    tokens(line).any(|part| part.eq_ignore_ascii_case(token))
}
