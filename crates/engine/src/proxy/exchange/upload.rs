//! The request body on its way to a backend, kept up to a limit so that it can be sent again.

use stickylb_http1::{BodyWriter, Framing, Piece, Pieces};

use crate::proxy::connection::Front;
use crate::proxy::io::{Broken, Scratch, with_scratch};
use crate::state::{UploadRecord, add_to};

/// A request body, read once and relayed to as many backends as are tried.
pub(crate) struct Upload {
    /// How long it is, where that is known.
    length: Option<u64>,
    /// Bytes of data received so far.
    data: u64,
    /// Its end has come.
    ended: bool,
    /// What was relayed so far, while all of it is kept.
    kept: Option<Kept>,
    /// Most bytes that are kept to be sent again.
    keep_limit: usize,
    /// Most bytes of data; 0 is no limit.
    limit: u64,
    /// It is malformed or too large: what follows belongs neither to it nor to another request.
    broken: bool,
    /// The client waits for `100 Continue` (RFC 9110 10.1.1).
    pub(crate) expects: bool,
    /// Where its beginning is kept to be shown; `None` unless bodies are asked for.
    pub(crate) record: Option<UploadRecord>,
}

/// The beginning of a body, without its frame: the next connection may want another.
#[derive(Default)]
struct Kept {
    data: Vec<u8>,
    /// The fields behind it, once they have come.
    trailers: Vec<u8>,
}

impl Kept {
    fn add(&mut self, pieces: Pieces<'_>) {
        // All of it is in memory already.
        self.data.reserve(usize::try_from(pieces.data_len()).unwrap_or_default());
        for piece in pieces {
            match piece {
                Piece::Data(data) => self.data.extend_from_slice(data),
                Piece::Trailers(fields) => self.trailers.extend_from_slice(fields),
                Piece::End => {}
            }
        }
    }
}

impl Upload {
    /// `keep_limit` is how many bytes are kept at most so that they can be sent again.
    pub(crate) fn new(framing: Framing, keep_limit: usize, limit: u64, expects: bool) -> Self {
        let length = match framing {
            Framing::None => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::Close => None,
        };
        let ended = framing == Framing::None;
        Upload {
            length,
            data: 0,
            ended,
            kept: Some(Kept::default()),
            keep_limit,
            limit,
            broken: false,
            expects: expects && !ended,
            record: None,
        }
    }

    /// Whether its Content-Length alone exceeds the limit.
    pub(crate) fn is_too_large(&self, framing: Framing) -> bool {
        matches!(framing, Framing::Length(length) if self.limit > 0 && length > self.limit)
    }

    /// Whether all of it was read.
    pub(crate) fn is_done(&self) -> bool {
        self.ended && !self.broken
    }

    /// Whether its rest may fit into so many bytes.
    pub(crate) fn may_end_within(&self, bytes: usize) -> bool {
        self.ended || self.length.is_none_or(|length| length - self.data <= bytes as u64)
    }

    /// Bytes of data received so far, without chunk framing.
    pub(crate) fn data(&self) -> u64 {
        self.data
    }

    /// Whether so many more bytes would still be kept.
    pub(crate) fn may_keep(&self, bytes: usize) -> bool {
        self.data + bytes as u64 <= self.keep_limit as u64
    }

    /// Whether a body of so many bytes would be kept whole.
    pub(crate) fn may_keep_all(&self, length: u64) -> bool {
        length <= self.keep_limit as u64
    }

    /// Whether all that was relayed so far is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// Appends what was relayed so far, framed for one more connection.
    pub(crate) fn append_kept(&self, writer: &mut BodyWriter, out: &mut Vec<u8>) {
        let Some(Kept { data, trailers }) = &self.kept else { return };
        if !data.is_empty() {
            writer.append_piece(Piece::Data(data), out);
        }
        if self.is_done() {
            let is_bare = trailers.is_empty();
            writer.append_piece(if is_bare { Piece::End } else { Piece::Trailers(trailers) }, out);
        }
    }

    /// Takes in what has come of it, and why no more will; gives what is to be relayed.
    pub(crate) fn take<'b>(&mut self, (pieces, broken): (Pieces<'b>, Option<Broken>)) -> Result<Pieces<'b>, Broken> {
        if broken == Some(Broken::Gone) {
            return Err(Broken::Gone);
        }
        self.expects = false;
        self.data += pieces.data_len();
        self.ended |= pieces.ends();
        if let Some(record) = &self.record {
            add_to(record, pieces);
        }
        let is_too_large = self.limit > 0 && self.data > self.limit;
        if let Some(broken) = is_too_large.then_some(Broken::TooLarge).or(broken) {
            self.broken = true;
            self.kept = None;
            return Err(broken);
        }
        if let Some(kept) = &mut self.kept {
            if self.data > self.keep_limit as u64 {
                self.kept = None;
            } else {
                kept.add(pieces);
            }
        }
        Ok(pieces)
    }

    /// Discards what has come already; returns whether that was all of it.
    pub(crate) fn skip(&mut self, front: &mut Front) -> Result<bool, Broken> {
        if !self.is_done() && !self.broken {
            self.kept = None;
            with_scratch(|Scratch { read, spill, .. }| match front.take_piece(read, spill) {
                Some(came) => self.take(came).map(drop),
                None => Ok(()),
            })?;
        }
        if self.broken { Err(Broken::BadFraming) } else { Ok(self.is_done()) }
    }
}
