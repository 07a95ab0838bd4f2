//! The beginning of a request's body, read before a backend is chosen, because the id that binds it may be there.

use std::future::poll_fn;
use std::task::{Poll, ready};
use std::time::Duration;
use stickylb_http1::{FieldKind, Framing};

use crate::proxy::connection::Client;
use crate::proxy::exchange::Request;

/// Most bytes that are read for it: a form's values, which stand before the id, may be long.
const MOST: usize = 64 * 1024;

/// A client that takes longer to send them is served without.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether a request has a body in which an id may stand, and sends it without being told to.
pub(super) fn may_have_id(request: &Request) -> bool {
    let json = || request.head.value(FieldKind::ContentType).is_some_and(|kind| kind.starts_with(b"application/json"));
    request.framing != Framing::None && !request.upload.expects && !request.upgrades && json()
}

/// The body, as far as it is read. It stays in the client's buffer, from which it goes on.
pub(super) async fn read_ahead(client: &mut Client<'_>, framing: Framing) -> Vec<u8> {
    let read = poll_fn(|cx| {
        loop {
            let (_, is_whole) = client.front.look_ahead(framing);
            if is_whole || client.front.waiting() >= MOST {
                return Poll::Ready(());
            }
            // Whether the client left is found out by what comes next.
            if !matches!(ready!(client.front.poll_fill(cx)), Ok(1..)) {
                return Poll::Ready(());
            }
        }
    });
    // Whatever has not come by then is not waited for.
    let _ = tokio::time::timeout(PATIENCE, read).await;
    client.front.look_ahead(framing).0
}
