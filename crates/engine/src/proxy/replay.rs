//! A request sent again by a person: a client like any other, whose other end is in this process, so that it passes all
//! that a request passes and is counted, logged and kept as one.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

use super::inside::{Inside, connect};
use super::{explain, request_bytes};
use crate::api::{Bodies, Event, Heads, LONGEST, Replayed, RequestNumber, ToReplay};
use crate::proxy::connection::{ClientScheme, Peer, Replay};
use crate::proxy::forward::route;
use crate::proxy::local_reply::no_such_name;
use crate::state::{EventReader, Phase, Shared};

/// The most that is read of an answer that is replayed.
const MOST: u64 = 64 << 20;

/// Time for its event, after its end.
const TOLD: Duration = Duration::from_secs(5);

/// What is said where it does not come.
const LOST: &str = "it was sent again, but so much is going on that what came of it was lost: look in the log";

/// Sends a request again, to this backend or as it is balanced; the reason where it cannot be, in one sentence.
pub(crate) async fn replay(
    shared: &Arc<Shared>,
    phase: watch::Receiver<Phase>,
    what: ToReplay,
) -> Result<Replayed, String> {
    let before = shared
        .telemetry
        .heads
        .get(what.number)
        .ok_or("its heads are not kept any more: only those of the last requests are")?;
    let bytes = request_bytes::of(&before, &what)?;
    let own_number = Arc::new(AtomicU64::new(0));
    let client = client(shared, &before, &what, &bytes, &own_number)?;
    // Its heads are kept even if nobody else watches.
    let _watch = shared.telemetry.heads.watch();
    let mut events = EventReader::new(Arc::clone(&shared.telemetry.journal));
    events.take(&mut Vec::new());
    let failed = |error| format!("it could not be sent again: {error}");
    let (mut stream, _serving) = connect(shared, phase, client).await.map_err(failed)?;
    let (mut answer, mut request) = stream.split();
    let mut read = Box::pin(async {
        let mut left = MOST;
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            match answer.read(&mut buffer).await {
                Ok(read @ 1..) => left = left.saturating_sub(read as u64),
                Ok(0) | Err(_) => break,
            }
        }
    });
    let mut told = Box::pin(its_event(&mut events, &own_number));
    let limit = shared.topology.config().timeouts.response.min(LONGEST);
    // What cannot be written any more is no failure: the answer, which may come early, tells how it went.
    let written = async { drop(request.write_all(&bytes).await) };
    let exchanged = async { tokio::join!(written, &mut read) };
    let event = tokio::select! {
        event = &mut told => Some(event),
        _ = tokio::time::timeout(limit, exchanged) => None,
    };
    drop(read);
    // A client that has left gets no more: that ends what has not ended.
    drop(stream);
    let event = match event {
        Some(event) => event,
        None => tokio::time::timeout(TOLD, told).await.map_err(|_| LOST)?,
    };
    let after = shared
        .telemetry
        .heads
        .get(own_number.load(Relaxed).into())
        .ok_or("it was sent again, but its heads were not kept")?;
    let bodies = Bodies::of(before.compared(), after.compared());
    Ok(Replayed { event, before, after, bodies })
}

/// The client that a request becomes, where that is one which a client could send.
fn client(
    shared: &Shared,
    heads: &Heads,
    what: &ToReplay,
    bytes: &[u8],
    own_number: &Arc<AtomicU64>,
) -> Result<Inside, String> {
    let topology = shared.topology.load();
    let peer = Peer::new(heads.peer.ip(), ClientScheme::Http, &topology.config.trusted_proxies);
    let request = explain::read(bytes, &peer, &topology.config)?;
    if request.wanted_upgrade().is_some() {
        return Err("it asked for another protocol, which begins with the two that speak it".to_owned());
    }
    let listener = topology.listeners.iter().map(|open| &open.listener).find(|one| one.address == heads.listener);
    let listener = listener.ok_or("the listener it came to is gone")?;
    if let Some(id) = what.to {
        let name = || shared.topology.find(id).map(|(_, backend)| backend.name().to_owned());
        let routing = listener.routing.load();
        let Some((live, _)) = route(&routing, &request) else { return Err(no_such_name(&routing, &request)) };
        if live.current.load().get(id).is_none() {
            return Err(match name() {
                Some(name) => format!("{name} is not in the pool {} that it goes to", live.name()),
                None => format!("there is no backend with the id {id}"),
            });
        }
    }
    let (edited, number) = (what.edited.is_some(), Arc::clone(own_number));
    let replay = Some(Box::new(Replay { of: heads.number, edited, to: what.to, number }));
    Ok(Inside { peer: heads.peer, listener: Arc::clone(listener), replay, traffic: None })
}

/// Waits for the event of the request with this number, once it has one.
async fn its_event(events: &mut EventReader, number: &AtomicU64) -> Arc<Event> {
    let mut batch = Vec::new();
    loop {
        events.wait().await;
        events.take(&mut batch);
        let own = Some(RequestNumber::new(number.load(Relaxed)));
        let is_its = |event: &Arc<Event>| matches!(&**event, Event::Request(request) if request.number == own);
        if let Some(event) = batch.drain(..).find(is_its) {
            return event;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_compared_as_far_as_both_are_kept() {
        assert_eq!(Bodies::of(b"hello", b"hello world"), Bodies::Same(5));
        assert_eq!(Bodies::of(b"from alpha", b"from bravo"), Bodies::DifferAt(5));
        assert_eq!(Bodies::of(b"", b"x"), Bodies::Same(0));
    }
}
