//! What is kept of a request while it passes: heads, and bodies where they are asked for.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use stickylb_http1::{Framing, Piece, Pieces};

use crate::api::{BODY_KEPT, Body, COMPARED, Heads};

/// The beginning of a body that passes, without its frame.
#[derive(Default)]
pub(crate) struct BodyRecord {
    bytes: Vec<u8>,
    most: usize,
    /// More came than is kept: what follows is not looked at.
    full: bool,
    /// Its end was seen.
    ended: bool,
}

impl BodyRecord {
    /// A body of which at most `most` bytes are kept.
    fn new(most: usize) -> Self {
        BodyRecord { most, ..BodyRecord::default() }
    }

    /// Takes what passes.
    pub(crate) fn add(&mut self, pieces: Pieces<'_>) {
        if self.full {
            return;
        }
        for piece in pieces {
            match piece {
                Piece::Data(data) => {
                    let kept = data.len().min(self.most - self.bytes.len());
                    self.bytes.extend_from_slice(&data[..kept]);
                    self.full |= kept < data.len();
                }
                Piece::Trailers(_) | Piece::End => self.ended = true,
            }
        }
    }

    fn has_ended(&self) -> bool {
        self.ended && !self.full
    }
}

/// A request's body, which is recorded where it is read, in another place than all else.
pub(crate) type UploadRecord = Arc<Mutex<BodyRecord>>;

/// Adds what passes of a request's body.
pub(crate) fn add_to(record: &UploadRecord, pieces: Pieces<'_>) {
    // Ignoring poison is safe, here and below: what was added stands.
    record.lock().unwrap_or_else(PoisonError::into_inner).add(pieces);
}

/// Room for the two bodies of one request while they pass, taken from what there is for all. It is given back on drop.
pub(super) struct Room {
    /// Bytes taken by all.
    taken: Arc<AtomicUsize>,
    up: usize,
    down: usize,
}

impl Room {
    /// Room for as much as is kept of two bodies; `None` where there is no more of `all`.
    pub(super) fn take(taken: &Arc<AtomicUsize>, all: usize) -> Option<Self> {
        let room = Room { taken: Arc::clone(taken), up: BODY_KEPT, down: BODY_KEPT };
        // Where it is too much, the drop gives it back.
        let before = taken.fetch_add(room.up + room.down, Relaxed);
        (before + room.up + room.down <= all).then_some(room)
    }

    /// A request's body in this frame needs no more than that.
    fn for_upload(&mut self, framing: Framing) {
        let spare = self.up - self.up.min(need(framing));
        self.up -= spare;
        self.taken.fetch_sub(spare, Relaxed);
    }

    /// The same for a response's.
    fn for_answer(&mut self, framing: Framing) {
        let spare = self.down - self.down.min(need(framing));
        self.down -= spare;
        self.taken.fetch_sub(spare, Relaxed);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.up + self.down, Relaxed);
    }
}

/// How much of a body in this frame is kept at most.
fn need(framing: Framing) -> usize {
    match framing {
        Framing::None => 0,
        Framing::Length(length) => usize::try_from(length).map_or(BODY_KEPT, |length| length.min(BODY_KEPT)),
        _ => BODY_KEPT,
    }
}

/// What is kept of a request while it passes.
pub(crate) struct Recording {
    pub(crate) heads: Heads,
    /// Where bodies are kept, their room.
    room: Option<Room>,
    up: Option<UploadRecord>,
    down: BodyRecord,
}

impl Recording {
    pub(super) fn new(heads: Heads, room: Option<Room>) -> Self {
        Recording { heads, room, up: None, down: BodyRecord::default() }
    }

    /// Where the request's body is to be recorded; `None` where it has none or bodies are not kept.
    pub(crate) fn upload(&mut self, framing: Framing) -> Option<UploadRecord> {
        if let Some(room) = &mut self.room {
            room.for_upload(framing);
        }
        if self.room.is_some() && framing != Framing::None {
            self.up = Some(Arc::new(Mutex::new(BodyRecord::new(BODY_KEPT))));
        }
        self.up.clone()
    }

    /// Keeps the head of the response as the client gets it; its body has this framing.
    pub(crate) fn passes(&mut self, head: &[u8], framing: Framing) {
        self.heads.passed.set(head);
        if let Some(room) = &mut self.room {
            room.for_answer(framing);
        }
        self.down = BodyRecord::new(if self.room.is_some() { BODY_KEPT } else { COMPARED });
    }

    /// Keeps the beginning of the response's body.
    pub(crate) fn carries(&mut self, pieces: Pieces<'_>) {
        self.down.add(pieces);
    }

    /// All that is kept, at the end: so many bytes of body went down and up, and the response was whole or not.
    pub(crate) fn into_heads(self, [down, up]: [u64; 2], complete: bool) -> Heads {
        let Recording { mut heads, room, up: record, down: answer } = self;
        if room.is_some() {
            let request = record.map_or_else(BodyRecord::default, |record| {
                std::mem::take(&mut *record.lock().unwrap_or_else(PoisonError::into_inner))
            });
            let ended = request.has_ended();
            heads.request_body = Some(Body::new(request.bytes, up, ended));
            heads.answer_body = Some(Body::new(answer.bytes, down, complete));
        } else {
            heads.beginning = Body::new(answer.bytes, down, complete);
        }
        heads
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use stickylb_http1::BodyReader;

    fn recording(bodies: bool) -> Recording {
        let here = SocketAddr::from(([127, 0, 0, 1], 3001));
        let room = if bodies { Room::take(&Arc::default(), usize::MAX) } else { None };
        Recording::new(Heads::new(1.into(), here, here), room)
    }

    #[test]
    fn chunks_are_taken_apart_wherever_they_are_split_and_trailers_are_dropped() {
        let framed = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n";
        for at in 0..framed.len() {
            let mut recording = recording(true);
            let record = recording.upload(Framing::Chunked).expect("bodies are kept");
            let mut reader = BodyReader::new(Framing::Chunked);
            for part in [&framed[..at], &framed[at..]] {
                add_to(&record, reader.read(part, &mut Vec::new()).pieces);
            }
            let body = recording.into_heads([0, 11], true).request_body.expect("kept");
            assert_eq!((body.bytes.as_slice(), body.is_whole()), (&b"hello world"[..], true), "split at {at}");
        }
    }

    #[test]
    fn of_a_long_body_the_first_16_kb_are_kept_and_it_is_not_whole() {
        let mut recording = recording(true);
        let record = recording.upload(Framing::Length(2 << 20)).expect("bodies are kept");
        for _ in 0..2048 {
            add_to(&record, Pieces::data(&[b'x'; 1024], false));
        }
        recording.passes(b"HTTP/1.1 200 OK\r\n\r\n", Framing::Length(BODY_KEPT as u64));
        recording.carries(Pieces::data(&[b'y'; BODY_KEPT], true));
        let heads = recording.into_heads([BODY_KEPT as u64, 2 << 20], true);
        let (up, down) = (heads.request_body.expect("kept"), heads.answer_body.expect("kept"));
        assert_eq!((up.bytes.len(), up.total, up.is_whole()), (BODY_KEPT, 2 << 20, false));
        assert_eq!((down.bytes.len(), down.is_whole()), (BODY_KEPT, true));
        assert!(up.bytes.capacity() <= 2 * BODY_KEPT);
    }

    #[test]
    fn a_body_that_did_not_come_to_its_end_is_not_whole() {
        let mut recording = recording(true);
        let record = recording.upload(Framing::Length(10)).expect("bodies are kept");
        add_to(&record, Pieces::data(b"hello", false));
        let heads = recording.into_heads([0, 5], false);
        assert!(!heads.request_body.expect("kept").is_whole());
        add_to(&record, Pieces::data(b"later", true));
    }

    #[test]
    fn where_bodies_are_not_asked_for_none_is_kept() {
        let mut recording = recording(false);
        assert!(recording.upload(Framing::Length(5)).is_none());
        recording.passes(b"HTTP/1.1 200 OK\r\n\r\n", Framing::Length(20_000));
        recording.carries(Pieces::data(&vec![b'x'; 20_000], true));
        let heads = recording.into_heads([20_000, 5], true);
        assert_eq!((&heads.request_body, &heads.answer_body), (&None, &None));
        assert_eq!(heads.compared().len(), COMPARED, "the beginning alone is kept, to be compared");
    }
}
