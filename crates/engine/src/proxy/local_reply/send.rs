//! What the balancer answers itself, on its way to the client.

use bytes::Bytes;
use http::StatusCode;
use std::future::poll_fn;
use std::io;
use std::task::{Poll, ready};
use std::time::Instant;
use stickylb_http1::{Framing, Pieces, Version};
use tokio::sync::mpsc;

use super::reply::Reply;
use crate::api::Ended;
use crate::proxy::connection::{After, Client, Stage};
use crate::proxy::event_stream::Feed;
use crate::proxy::exchange::{Exchange, Request};
use crate::proxy::io::{Scratch, with_scratch};

/// Sends and books a whole answer; `request` is none where it was refused.
pub(crate) async fn reply(
    client: &mut Client<'_>,
    exchange: &mut Exchange<'_>,
    request: Option<&mut Request>,
    reply: Reply,
) -> After {
    let (to_head, version) = request.as_ref().map_or((reply.to_head, Version::Http11), |r| (r.is_head(), r.version()));
    // A body that is not read to its end leaves no place for another request.
    let (is_read, up) = request.map_or((false, 0), |r| {
        let is_read = r.upload.skip(&mut client.front) == Ok(true) && r.head.is_persistent();
        (is_read, r.upload.data())
    });
    let length = Framing::Length(reply.body.len() as u64);
    client.front.answers(length, is_read && !reply.close && !client.is_finishing());
    let keeps = client.front.keeps();
    if let Some(recording) = &mut exchange.recording {
        let mut head = Vec::new();
        reply.write(true, keeps, version, &mut head);
        recording.passes(&head, length);
        recording.carries(Pieces::data(if to_head { b"" } else { reply.body.as_bytes() }, true));
    }
    book(client, exchange, reply.status, [if to_head { 0 } else { reply.body.len() as u64 }, up]);
    let sent = send(client, |out| reply.write(to_head, keeps, version, out)).await;
    client.clock.enter(Stage::Idle, Instant::now());
    match sent {
        Ok(()) => client.front.end(keeps),
        Err(_) => client.front.fail(Ended::ClientGone),
    }
}

/// Sends a stream of events for as long as there are any and the client reads them.
pub(crate) async fn stream(
    client: &mut Client<'_>,
    exchange: &mut Exchange<'_>,
    request: &Request,
    mut pieces: mpsc::Receiver<Bytes>,
) -> After {
    let version = request.version();
    // It may end anywhere.
    client.front.answers(Framing::Close, request.head.is_persistent() && request.upload.is_done());
    let keeps = client.front.keeps();
    // Booked, but not over: it may be silent for as long as it likes.
    book(client, exchange, StatusCode::OK, [0, request.upload.data()]);
    let mut ended = false;
    if send(client, |out| Reply::write_stream(keeps, version, out)).await.is_err() {
        return client.front.fail(Ended::ClientGone);
    }
    let sent: io::Result<()> = poll_fn(|cx| {
        loop {
            ready!(client.front.poll_flush(cx))?;
            if ended {
                return Poll::Ready(Ok(()));
            }
            let Poll::Ready(piece) = pieces.poll_recv(cx) else {
                return client.front.poll_gone(cx).map(|_| Err(io::ErrorKind::BrokenPipe.into()));
            };
            ended = piece.is_none();
            let pieces = Pieces::data(piece.as_deref().unwrap_or_default(), ended);
            with_scratch(|Scratch { spill, .. }| client.front.send_pieces(pieces, spill, cx))?;
        }
    })
    .await;
    client.clock.enter(Stage::Idle, Instant::now());
    if sent.is_ok() && !client.is_finishing() { client.front.end(true) } else { client.front.fail(Ended::ClientGone) }
}

/// Switches to a WebSocket, which is fed from then on.
pub(crate) async fn switch(
    client: &mut Client<'_>,
    exchange: &mut Exchange<'_>,
    accept: &str,
    feed: Box<Feed>,
) -> After {
    book(client, exchange, StatusCode::SWITCHING_PROTOCOLS, [0; 2]);
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    );
    match send(client, |out| out.extend_from_slice(head.as_bytes())).await {
        Ok(()) => After::Events(feed),
        Err(_) => client.front.fail(Ended::ClientGone),
    }
}

/// Books an answer before it is sent: who has read it may ask for the figures.
fn book(client: &mut Client<'_>, exchange: &mut Exchange<'_>, status: StatusCode, [down, up]: [u64; 2]) {
    let now = Instant::now();
    client.clock.enter(Stage::Streaming, now);
    exchange.answered(status.as_u16());
    exchange.carried(down, up);
    exchange.end(Ended::Complete, now);
}

/// Sends what is written, all of it.
async fn send(client: &mut Client<'_>, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
    let mut write = Some(write);
    poll_fn(|cx| {
        if let Some(write) = write.take() {
            with_scratch(|Scratch { out, .. }| {
                write(out);
                client.front.send(out, cx)
            })?;
        }
        client.front.poll_flush(cx)
    })
    .await
}
