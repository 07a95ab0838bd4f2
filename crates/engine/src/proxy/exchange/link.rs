//! A backend's side of a request: the request goes there, and its answer comes from there.

use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use stickylb_http1::{BodyReader, BodyWriter, Framing, HeadLimits, Pieces, ReadBuffer, ResponseHead};

use super::request::Request;
use super::upload::Upload;
use crate::api::{BodyCut, Outcome};
use crate::balancer::Backend;
use crate::proxy::connection::Client;
use crate::proxy::io::{WriteBuffer, poll_read, with_scratch};
use crate::upstream::response::{self, Carried, HEAD_READ, Received, carry, cut_of};
use crate::upstream::{Connection, Owner, Reuse, Stream};

/// A backend's side of a request, over HTTP/1: one request and its answer are on a connection at a time, so that the link is
/// also the connection.
pub(crate) struct Link {
    connection: Box<Connection>,
    /// What the backend is still to take.
    up: WriteBuffer,
    /// How the request's body is framed for it.
    writer: BodyWriter,
    /// The backend takes nothing more. It may have answered in the middle of an upload and closed: what it said is to
    /// be read first, so that the rest of the upload is read over.
    write_closed: bool,
    /// What came from the backend and was not used.
    answer: ReadBuffer,
    /// The answer's body.
    body: BodyReader,
    framing: Framing,
}

impl Link {
    /// For a request whose body is framed like this.
    pub(super) fn new(mut connection: Box<Connection>, framing: Framing, reuse: Reuse) -> Self {
        connection.reusable = reuse != Reuse::Never;
        Link {
            connection,
            up: WriteBuffer::default(),
            writer: BodyWriter::new(framing),
            write_closed: false,
            answer: ReadBuffer::default(),
            body: BodyReader::new(Framing::None),
            framing: Framing::None,
        }
    }

    /// Whether an earlier request was answered on it.
    pub(super) fn is_reused(&self) -> bool {
        self.connection.reused
    }

    /// How long it had been idle.
    pub(super) fn idle_age(&self, now: Instant) -> Duration {
        self.connection.idle_age(now)
    }

    /// Whether the backend had provably closed it before anything of the request arrived. Asked once no answer comes any
    /// more; may take half a second.
    pub(super) async fn had_closed(&mut self) -> bool {
        self.connection.had_closed().await
    }

    /// Whether it has not ended, as the system knows.
    pub(super) fn is_open(&mut self) -> bool {
        self.connection.is_open()
    }

    /// The only client it may be used for.
    pub(super) fn owner(&mut self) -> &mut Option<Owner> {
        &mut self.connection.owner
    }

    /// Applies what a response says about the next use of it. `to_head`: the request's method was HEAD.
    pub(super) fn heed(&mut self, head: &ResponseHead, to_head: bool) {
        self.connection.heed(head, to_head);
    }

    /// Whether a byte of the request was written.
    pub(super) fn has_sent(&self) -> bool {
        !self.up.is_untouched() || self.connection.has_written()
    }

    /// Appends what is kept of a body to what is to be sent with it.
    pub(super) fn append_kept(&mut self, upload: &Upload, out: &mut Vec<u8>) {
        upload.append_kept(&mut self.writer, out);
    }

    /// Appends a part of the request's body to what is to be sent with it.
    pub(super) fn append(&mut self, pieces: Pieces<'_>, out: &mut Vec<u8>) {
        self.writer.append(pieces, out);
    }

    /// Sends what is written already: a head, and what was appended to it. What cannot be sent is no failure yet: the
    /// reading side tells how it ends.
    pub(super) fn send(&mut self, bytes: &[u8], cx: &mut Context<'_>) {
        if !self.write_closed && self.up.send(self.connection.stream(), bytes, cx).is_err() {
            self.close_writing();
        }
    }

    /// Sends a part of the request's body; `spill` is for what is not sent as it is.
    pub(super) fn send_pieces(&mut self, pieces: Pieces<'_>, spill: &mut Vec<u8>, cx: &mut Context<'_>) {
        let bytes = self.writer.write(pieces, spill);
        self.send(bytes, cx);
    }

    /// Nothing more is sent.
    pub(super) fn close_writing(&mut self) {
        self.write_closed = true;
        self.up.clear();
    }

    /// Whether the backend takes nothing more.
    pub(super) fn is_write_closed(&self) -> bool {
        self.write_closed
    }

    /// Whether it took nothing at all of the request.
    pub(super) fn is_untouched(&self) -> bool {
        self.up.is_untouched()
    }

    /// How much of a buffer to read into for it: less while it takes little.
    pub(super) fn share<'b>(&self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        self.up.share(buffer)
    }

    /// Whether everything has been sent.
    pub(super) fn is_flushed(&self) -> bool {
        self.up.is_empty()
    }

    /// Ready when everything has been sent, or nothing more can be.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.up.is_empty() && ready!(self.up.poll_flush(self.connection.stream(), cx)).is_err() {
            self.close_writing();
        }
        Poll::Ready(())
    }

    /// Whether nothing of an answer is there.
    pub(super) fn is_silent(&self) -> bool {
        self.answer.is_empty()
    }

    /// The next head of the answer.
    pub(super) fn poll_head(
        &mut self,
        limits: &HeadLimits,
        to_head: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Received, Outcome>> {
        loop {
            if let Some(received) = response::next_head(&mut self.answer, limits, to_head)? {
                return Poll::Ready(Ok(received));
            }
            let (stream, answer) = (self.connection.stream(), &mut self.answer);
            let read = with_scratch(|scratch| {
                poll_read(stream, &mut scratch.read[..HEAD_READ], cx).map(|read| response::take_in(answer, read))
            });
            ready!(read)?;
        }
    }

    /// The answer's body follows, behind this head.
    pub(crate) fn begin_body(&mut self, head: &ResponseHead, framing: Framing) {
        self.body = BodyReader::new(framing).behind(head);
        self.framing = framing;
    }

    /// Whether the answer's body has ended.
    pub(crate) fn is_done(&self) -> bool {
        self.body.is_done()
    }

    /// Bytes of data of the answer's body so far.
    pub(crate) fn data(&self) -> u64 {
        self.body.data()
    }

    /// Shows what has come of the answer's body already; returns why no more of it will.
    pub(crate) fn take_piece(&mut self, spill: &mut Vec<u8>, show: impl FnOnce(Pieces<'_>)) -> Option<BodyCut> {
        if self.body.is_done() || self.answer.is_empty() {
            return None;
        }
        let (body, framing) = (&mut self.body, self.framing);
        let mut cut = None;
        // What is behind the body's end makes the connection one that is not kept.
        self.answer.consume(|bytes| {
            let came = body.read(bytes, spill);
            show(came.pieces);
            cut = came.bad.map(|bad| cut_of(bad, framing));
            came.used
        });
        cut
    }

    /// What comes next of the answer's body, and why no more of it will.
    pub(crate) fn poll_piece<'b>(
        &mut self,
        read: &'b mut [u8],
        spill: &'b mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<(Pieces<'b>, Option<BodyCut>)> {
        let read = ready!(poll_read(self.connection.stream(), read, cx));
        let Carried { pieces, behind, cut } = carry(&mut self.body, read, spill);
        self.answer.add(behind);
        Poll::Ready((pieces, cut.map(|bad| cut_of(bad, self.framing))))
    }

    /// Reads what the backend says in another protocol that is not begun yet, up to `most` bytes; ready when it ends.
    pub(crate) fn poll_first_words(&mut self, most: usize, cx: &mut Context<'_>) -> Poll<()> {
        while self.answer.len() < most {
            let (stream, answer) = (self.connection.stream(), &mut self.answer);
            let is_open = ready!(with_scratch(|scratch| {
                let read = ready!(poll_read(stream, &mut scratch.read[..most], cx));
                let bytes = read.unwrap_or_default();
                answer.add(bytes);
                Poll::Ready(!bytes.is_empty())
            }));
            if !is_open {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// The connection for another protocol, and what has come of that.
    pub(super) fn into_parts(mut self) -> (Option<Stream>, Vec<u8>) {
        (self.connection.into_stream(), self.answer.take())
    }

    /// Lets go of the connection after a whole response, keeping it for the next request where it is good for one.
    pub(super) fn settle(mut self, client: &Client<'_>, backend: &Backend, request: &Request, now: Instant) {
        self.connection.rest();
        let good = request.upload.is_done() && !self.write_closed && self.up.is_empty() && self.answer.is_empty();
        let keeps = !backend.signals.is_removed() && client.proxy.shared.idle.may_keep(backend);
        if good && keeps && !self.connection.idle_limit.is_zero() {
            client.proxy.idle_of(backend).put(backend.number, self.connection, now);
        }
    }
}
