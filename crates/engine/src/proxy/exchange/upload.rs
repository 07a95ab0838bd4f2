//! The request body on its way to a backend, kept up to a limit so that it can be sent again.

use stickylb_http1::{BodyRelay, Framing, ReadBuffer};

use crate::proxy::io::Broken;
use crate::state::{UploadRecord, add_to};

/// Bytes of chunk framing that may be kept beside the data: chunks can be as small as one byte.
const FRAME_KEPT: usize = 64 * 1024;

/// A request body, read once and relayed to as many backends as are tried.
pub(crate) struct Upload {
    relay: BodyRelay,
    /// What was relayed so far, while all of it is kept.
    kept: Option<Vec<u8>>,
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

impl Upload {
    /// `keep_limit` is how many bytes are kept at most so that they can be sent again.
    pub(crate) fn new(relay: BodyRelay, keep_limit: usize, limit: u64, expects: bool) -> Self {
        let expects = expects && !relay.is_done();
        Upload { relay, kept: Some(Vec::new()), keep_limit, limit, broken: false, expects, record: None }
    }

    /// Whether its Content-Length alone exceeds the limit.
    pub(crate) fn is_too_large(&self, framing: Framing) -> bool {
        matches!(framing, Framing::Length(length) if self.limit > 0 && length > self.limit)
    }

    /// Whether all of it was read.
    pub(crate) fn is_done(&self) -> bool {
        self.relay.is_done() && !self.broken
    }

    /// Whether its rest may fit into so many bytes.
    pub(crate) fn may_end_within(&self, bytes: usize) -> bool {
        self.relay.left().is_none_or(|left| left <= bytes as u64)
    }

    /// Bytes of data received so far, without chunk framing.
    pub(crate) fn data(&self) -> u64 {
        self.relay.data()
    }

    /// Whether so many more bytes would still be kept.
    pub(crate) fn may_keep(&self, bytes: usize) -> bool {
        self.relay.data() + bytes as u64 <= self.keep_limit as u64
    }

    /// Whether a body of so many bytes would be kept whole.
    pub(crate) fn may_keep_all(&self, length: u64) -> bool {
        length <= self.keep_limit as u64
    }

    /// What was relayed so far; `None` where it is not kept any more.
    pub(crate) fn kept(&self) -> Option<&[u8]> {
        self.kept.as_deref()
    }

    /// Relays what was read; returns how many of the bytes belong to it, and what to write.
    pub(crate) fn pass<'b>(&mut self, read: &'b [u8], spill: &'b mut Vec<u8>) -> Result<(usize, &'b [u8]), Broken> {
        self.expects = false;
        let passed = self.relay.pass(read, spill);
        if let Some(record) = &self.record {
            add_to(record, passed.out);
        }
        let broken = if self.limit > 0 && self.relay.data() > self.limit {
            Some(Broken::TooLarge)
        } else {
            passed.bad.map(|_| Broken::BadFraming)
        };
        if let Some(broken) = broken {
            self.broken = true;
            self.kept = None;
            return Err(broken);
        }
        if let Some(kept) = &mut self.kept {
            let frame = (kept.len() + passed.out.len()) as u64 - self.relay.data();
            if self.relay.data() > self.keep_limit as u64 || frame > FRAME_KEPT as u64 {
                self.kept = None;
            } else {
                kept.extend_from_slice(passed.out);
            }
        }
        Ok((passed.used, passed.out))
    }

    /// Relays what is in the read buffer already.
    pub(crate) fn take_from(
        &mut self,
        read_buffer: &mut ReadBuffer,
        out: &mut Vec<u8>,
        spill: &mut Vec<u8>,
    ) -> Result<(), Broken> {
        if self.is_done() || read_buffer.is_empty() {
            return Ok(());
        }
        let mut result = Ok(());
        read_buffer.consume(|bytes| match self.pass(bytes, spill) {
            Ok((used, goes_on)) => {
                out.extend_from_slice(goes_on);
                used
            }
            Err(broken) => {
                result = Err(broken);
                bytes.len()
            }
        });
        result
    }

    /// Discards what is in the read buffer already; returns whether that was all of it.
    pub(crate) fn skip(&mut self, read_buffer: &mut ReadBuffer) -> Result<bool, Broken> {
        if !self.is_done() && !self.broken {
            self.kept = None;
            self.take_from(read_buffer, &mut Vec::new(), &mut Vec::new())?;
        }
        if self.broken { Err(Broken::BadFraming) } else { Ok(self.is_done()) }
    }
}
