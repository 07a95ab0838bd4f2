//! The wait for a place at a backend whose number of connections has a limit.

use futures_util::future::{FutureExt as _, pending, select_all};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;
use tokio::time::timeout_at;

use crate::api::{BackendId, Decision, Rule};
use crate::balancer::{Backend, Bound, Choice, NoBackend, Slot, Slots};
use crate::proxy::worker::Proxy;
use crate::state::LivePool;

type Turn = Pin<Box<dyn Future<Output = (Arc<Backend>, Slot)> + Send>>;

/// Waits for a place at the client's own backend, or at any where it has none, first come, first served.
///
/// Dropped, it has left the queue. `Err(Full)` says in the decision's rule whether the queue was full or time ran out.
pub(crate) async fn wait(
    proxy: &Proxy,
    live: &LivePool,
    client: &Bound,
    tried: &[BackendId],
    decision: &mut Decision,
) -> Result<Choice, NoBackend> {
    let began = Instant::now();
    // Before the first look at who is there, so that no change can fall between the two.
    let mut changes = live.changes.subscribe();
    let mut pool = live.current.load_full();
    let mut backends = pool.waits_for(client, tried);
    // It counts in the shortest queue, and takes whichever place is its turn first.
    let entered = shortest(&backends).into_iter().find_map(|slots| Some((slots.queue_timeout, slots.enter()?)));
    let Some((queue_timeout, mut waiting)) = entered else {
        decision.rule = Rule::QueueFull;
        return Err(NoBackend::Full);
    };
    let until = (began + queue_timeout).into();
    let mut turns = turns_at(&backends);
    let result = loop {
        tokio::select! {
            turn = timeout_at(until, first(&mut turns)) => {
                let Ok((backend, slot)) = turn else {
                    decision.rule = Rule::QueueTimeout;
                    break Err(NoBackend::Full);
                };
                pool = live.current.load_full();
                // A state may have changed in this very moment.
                let is_good = pool.waits_for(client, tried).iter().any(|one| is_there(one, &backend));
                if is_good && let Some(choice) = pool.choice_of_noted(client, &backend, slot, decision, began) {
                    break Ok(choice);
                }
            }
            // The sender lives as long as the engine.
            _ = changes.changed() => pool = live.current.load_full(),
        }
        // Who is there has changed: perhaps somebody has room now, or nobody is left to wait for.
        match proxy.with_random(|random| pool.choose_noted(client, tried, random, decision, Instant::now())) {
            Err(NoBackend::Full) => {}
            decided => break decided,
        }
        let now = pool.waits_for(client, tried);
        let same = now.len() == backends.len() && now.iter().zip(&backends).all(|(now, before)| is_there(now, before));
        if !same || turns.len() != now.len() {
            turns = turns_at(&now);
            backends = now;
            let queues = shortest(&backends);
            if let Some(shortest) = queues.first().filter(|_| !queues.iter().any(|slots| waiting.is_at(slots))) {
                waiting = shortest.move_in();
            }
        }
    };
    decision.queued_micros = Some(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    result
}

/// The queues of these backends, the shortest first.
fn shortest(backends: &[Arc<Backend>]) -> Vec<&Arc<Slots>> {
    let mut queues: Vec<_> = backends.iter().filter_map(|backend| backend.slots.as_ref()).collect();
    queues.sort_by_key(|slots| slots.waiting());
    queues
}

/// Whether a place at the one is a place at the other: a changed configuration may have put another backend in the place of
/// the one with this id, with places of its own or with the same.
fn is_there(now: &Backend, before: &Backend) -> bool {
    let slots = now.slots.as_ref().zip(before.slots.as_ref());
    now.id() == before.id() && slots.is_some_and(|(now, before)| now.are(before))
}

/// The first turn that comes, if there is anything to wait for.
async fn first(turns: &mut [Turn]) -> (Arc<Backend>, Slot) {
    if turns.is_empty() { pending().await } else { select_all(turns).await.0 }
}

fn turns_at(backends: &[Arc<Backend>]) -> Vec<Turn> {
    let turn = |backend: &Arc<Backend>| {
        let (backend, slots) = (Arc::clone(backend), Arc::clone(backend.slots.as_ref()?));
        Some(async move { (backend, slots.take().await) }.boxed())
    };
    backends.iter().filter_map(turn).collect()
}
