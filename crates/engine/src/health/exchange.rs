//! Sends a check's request and reads the response by the rules for traffic (`upstream::response`).

use stickylb_http1::{BadBody, BodyReader, Framing, HeadLimits, Piece, ReadBuffer, ResponseHead};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::request::CheckRequest;
use crate::api::{Fault, Outcome};
use crate::upstream::Stream;
use crate::upstream::response::{self, Carried, HEAD_READ, Received, accepts_switch, carry};

/// A response to a check, whose body has not been read yet.
pub(crate) struct CheckAnswer {
    pub(crate) head: ResponseHead,
    pub(crate) framing: Framing,
    /// Bytes already read after the head.
    read_buffer: ReadBuffer,
    stream: Stream,
    buffer: Vec<u8>,
}

/// The beginning of a body.
#[derive(Default)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// Whether the body was longer than the limit.
    pub(crate) cut: bool,
}

/// Sends the request and reads the response head, skipping interim responses.
pub(crate) async fn ask(
    mut stream: Stream,
    request: &CheckRequest,
    limits: &HeadLimits,
) -> Result<CheckAnswer, Outcome> {
    // A failed write is not an error yet: the backend may have responded before it closed.
    if stream.write_all(&request.to_bytes()).await.is_ok() {
        let _ = stream.flush().await;
    }
    let mut buffer = vec![0; HEAD_READ];
    let mut read_buffer = ReadBuffer::default();
    let (head, framing) = loop {
        match response::next_head(&mut read_buffer, limits, request.is_head())? {
            Some(Received::Interim(_)) => {}
            Some(Received::Final(head, framing)) => break (head, framing),
            None => {
                let read = stream.read(&mut buffer).await.map(|read| &buffer[..read]);
                response::take_in(&mut read_buffer, read)?;
            }
        }
    };
    if head.line.status == 101 && !accepts_switch(&head, |named| request.asks_for(named)) {
        return Err(Outcome::BadAnswer(Fault::Switch));
    }
    Ok(CheckAnswer { head, framing, read_buffer, stream, buffer })
}

impl CheckAnswer {
    /// Reads the body, keeping at most `most` bytes; stops reading when it is longer.
    pub(crate) async fn body(&mut self, most: usize) -> Result<Body, BadBody> {
        let mut reader = BodyReader::new(self.framing).behind(&self.head);
        let (mut body, mut spill) = (Body::default(), Vec::new());
        let begun = self.read_buffer.take();
        if !begun.is_empty() && !reader.is_done() {
            body.add(carry(&mut reader, Ok(&begun), &mut spill), most)?;
        }
        while !reader.is_done() && !body.cut {
            let read = self.stream.read(&mut self.buffer).await.map(|read| &self.buffer[..read]);
            body.add(carry(&mut reader, read, &mut spill), most)?;
        }
        Ok(body)
    }

    /// The connection, and the bytes already read after the head, which belong to the new protocol after a 101.
    pub(crate) fn into_parts(mut self) -> (Stream, Vec<u8>) {
        (self.stream, self.read_buffer.take())
    }
}

impl Body {
    fn add(&mut self, carried: Carried<'_>, most: usize) -> Result<(), BadBody> {
        for piece in carried.pieces {
            let Piece::Data(data) = piece else { break };
            let room = most - self.bytes.len();
            self.bytes.extend_from_slice(&data[..data.len().min(room)]);
            self.cut |= data.len() > room;
        }
        carried.cut.map_or(Ok(()), Err)
    }
}
