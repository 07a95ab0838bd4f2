//! The client's side of a request: its body comes from there, and its answer goes there.

use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use stickylb_http1::{BodyReader, BodyWriter, Framing, Piece, Pieces, ReadBuffer, RequestHead, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::after::After;
use crate::api::Ended;
use crate::proxy::io::{Broken, ClientStream, DisconnectProbe, WriteBuffer, poll_read, with_scratch};
use crate::upstream::response::HEAD_READ;

/// How much, and for how long, is read of a body that is discarded.
const DRAINED: usize = 256 << 20;

const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Most bytes of pipelined requests that are read while one is served.
const AHEAD: usize = 64 * 1024;

/// The client's side of a request, over HTTP/1: all that is specific to how the client is connected stays in here, and in what
/// waits for the next request ([`super::Client::next`]). One is served at a time, so that the front is also the connection.
pub(crate) struct Front {
    pub(super) stream: ClientStream,
    /// Bytes read that belong to no request yet, or to the body of the present one.
    pub(super) read_buffer: ReadBuffer,
    /// Bytes that it has not taken yet.
    down: WriteBuffer,
    /// Set while nothing is read from it, so that a disconnect is noticed all the same.
    pub(super) look: Option<Box<DisconnectProbe>>,
    /// The present request's body.
    body: BodyReader,
    /// The present request's version.
    version: Version,
    /// How the answer's body is framed.
    writer: BodyWriter,
    /// The answer's head said that the connection goes on.
    keeps: bool,
    /// Only the end of the connection ends the answer's body.
    ends_by_closing: bool,
}

impl Front {
    pub(crate) fn new(stream: ClientStream) -> Self {
        Front {
            stream,
            read_buffer: ReadBuffer::default(),
            down: WriteBuffer::default(),
            look: None,
            body: BodyReader::new(Framing::None),
            version: Version::Http11,
            writer: BodyWriter::new(Framing::None),
            keeps: false,
            ends_by_closing: false,
        }
    }

    /// A request begins whose body is framed like this.
    pub(crate) fn begin(&mut self, head: &RequestHead, framing: Framing) {
        self.body = BodyReader::new(framing).behind(head);
        self.version = head.line.version;
    }

    /// Bytes that have come and were not taken.
    pub(crate) fn waiting(&self) -> usize {
        self.read_buffer.len()
    }

    /// What has come of the body already, and why no more of it will.
    pub(crate) fn take_piece<'b>(
        &mut self,
        read: &'b mut [u8],
        spill: &'b mut Vec<u8>,
    ) -> Option<(Pieces<'b>, Option<Broken>)> {
        if self.read_buffer.is_empty() || self.body.is_done() {
            return None;
        }
        let mut taken = None;
        let body = &mut self.body;
        self.read_buffer.consume(|bytes| {
            let length = bytes.len().min(read.len());
            read[..length].copy_from_slice(&bytes[..length]);
            let came = body.read(&read[..length], spill);
            taken = Some((came.pieces, came.bad.map(|_| Broken::BadFraming)));
            came.used
        });
        taken
    }

    /// What comes next of the body, and why no more of it will. What is read of it at once fits into `read`.
    pub(crate) fn poll_piece<'b>(
        &mut self,
        read: &'b mut [u8],
        spill: &'b mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<(Pieces<'b>, Option<Broken>)> {
        if !self.read_buffer.is_empty() {
            return Poll::Ready(self.take_piece(read, spill).unwrap_or((Pieces::none(), None)));
        }
        let bytes = match ready!(poll_read(&mut self.stream, read, cx)) {
            Ok([]) | Err(_) => return Poll::Ready((Pieces::none(), Some(Broken::Gone))),
            Ok(bytes) => bytes,
        };
        let came = self.body.read(bytes, spill);
        self.read_buffer.add(&bytes[came.used..]);
        Poll::Ready((came.pieces, came.bad.map(|_| Broken::BadFraming)))
    }

    /// What has come of a body of which nothing was taken, and whether no more of it will. It stays where it is.
    pub(crate) fn look_ahead(&mut self, framing: Framing) -> (Vec<u8>, bool) {
        let mut body = BodyReader::new(framing);
        let mut data = Vec::new();
        let mut is_whole = body.is_done();
        self.read_buffer.consume(|bytes| {
            let mut spill = Vec::new();
            let came = body.read(bytes, &mut spill);
            is_whole = came.bad.is_some();
            for piece in came.pieces {
                if let Piece::Data(bytes) = piece {
                    data.extend_from_slice(bytes);
                }
            }
            0
        });
        (data, is_whole || body.is_done())
    }

    /// Reads once, ahead of what is asked for.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        with_scratch(|scratch| {
            let read = ready!(poll_read(&mut self.stream, &mut scratch.read[..HEAD_READ], cx))?;
            self.read_buffer.add(read);
            Poll::Ready(Ok(read.len()))
        })
    }

    /// The answer's body, framed like this where it comes from, begins with its head; returns how it goes on from here: only
    /// HTTP/1.1 knows chunks. The connection goes on behind it if it `may` and can.
    pub(crate) fn answers(&mut self, framing: Framing, may: bool) -> Framing {
        let passed = match (framing, self.version) {
            (Framing::Chunked | Framing::Close, Version::Http11) => Framing::Chunked,
            (Framing::Chunked | Framing::Close, Version::Http10) => Framing::Close,
            (Framing::None | Framing::Length(_), _) => framing,
        };
        self.ends_by_closing = passed == Framing::Close;
        self.keeps = may && !self.ends_by_closing;
        self.writer = BodyWriter::new(passed);
        self.down.begin();
        passed
    }

    /// Whether the connection goes on behind the answer, as its head says.
    pub(crate) fn keeps(&self) -> bool {
        self.keeps
    }

    /// Appends a part of the answer's body to what is to be sent with it.
    pub(crate) fn append(&mut self, pieces: Pieces<'_>, out: &mut Vec<u8>) {
        self.writer.append(pieces, out);
    }

    /// Sends a part of the answer's body; `spill` is for what is not sent as it is.
    pub(crate) fn send_pieces(
        &mut self,
        pieces: Pieces<'_>,
        spill: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> io::Result<()> {
        let bytes = self.writer.write(pieces, spill);
        self.down.send(&mut self.stream, bytes, cx)
    }

    /// Sends what is written already: a head, and what was appended to it.
    pub(crate) fn send(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> io::Result<()> {
        self.down.send(&mut self.stream, bytes, cx)
    }

    /// How much of a buffer to read into for it: less while it takes little.
    pub(crate) fn share<'b>(&self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        self.down.share(buffer)
    }

    /// Whether everything has been sent.
    pub(crate) fn is_flushed(&self) -> bool {
        self.down.is_empty()
    }

    /// Ready when everything has been sent.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.down.is_empty() { Poll::Ready(Ok(())) } else { self.down.poll_flush(&mut self.stream, cx) }
    }

    /// Ready when the client has disconnected. What it sends meanwhile is kept for the next request (pipelining).
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Broken> {
        while self.read_buffer.len() < AHEAD {
            match ready!(self.poll_fill(cx)) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Poll::Ready(Broken::Gone),
            }
        }
        self.poll_closed(cx)
    }

    /// Ready when the client has disconnected, though nothing is read from it for now: what it sent stays in the kernel's
    /// buffer, and its FIN behind that.
    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Broken> {
        let Ok(stream) = self.stream.watch() else { return Poll::Ready(Broken::Gone) };
        let look = self.look.get_or_insert_with(|| Box::new(DisconnectProbe::new()));
        look.poll_gone(stream, cx).map(|()| Broken::Gone)
    }

    /// What becomes of the connection behind a whole answer; whether the request's body was read to its end.
    pub(crate) fn end(&self, is_read: bool) -> After {
        match (is_read, self.keeps) {
            (false, _) => After::Drain,
            (true, true) => After::Keep,
            (true, false) => After::Close,
        }
    }

    /// What becomes of the connection behind an answer that ended like this.
    pub(crate) fn fail(&self, ended: Ended) -> After {
        match ended {
            // Never with a clean end, which is what closing is to this client.
            Ended::BadBody | Ended::CutByBackend if self.ends_by_closing => After::Reset,
            _ => After::Close,
        }
    }

    /// Closes the connection. With unread bytes a close is a reset, which could overtake the last response.
    pub(crate) async fn close(mut self) {
        if !self.read_buffer.is_empty() || self.stream.socket_mut().has_more() {
            self.drain().await;
        } else {
            self.leave().await;
        }
    }

    /// Ends a connection on which nothing is unread. Over TLS the client must see that nothing was cut off (close_notify,
    /// RFC 8446 6.1).
    pub(crate) async fn leave(mut self) {
        if self.stream.is_tls() {
            // One that reads nothing has no room for it, either. What fails here is closed already.
            let _ = tokio::time::timeout(DRAIN_TIME, self.stream.shutdown()).await;
        }
    }

    /// Lingering close: reads and discards for a while after the last response. Closing at once while the client is still
    /// sending would reset the connection, and the client might never see its answer.
    pub(crate) async fn drain(mut self) {
        let rest = async {
            // An error: the client has disconnected already.
            if self.stream.shutdown().await.is_err() {
                return;
            }
            let mut buffer = vec![0; 16 * 1024];
            let mut left = DRAINED;
            while left > 0 {
                match self.stream.socket_mut().read(&mut buffer).await {
                    Ok(0) | Err(_) => return,
                    Ok(n) => left = left.saturating_sub(n),
                }
            }
        };
        // Whatever is still to come, the wait ends here.
        let _ = tokio::time::timeout(DRAIN_TIME, rest).await;
    }

    /// Closes the connection so that the client sees that its response was cut short.
    pub(crate) fn reset(self) {
        self.stream.reset_on_close();
    }

    /// The connection for another protocol, and what has come of that.
    pub(crate) fn into_parts(mut self) -> (ClientStream, Vec<u8>) {
        (self.stream, self.read_buffer.take())
    }
}
