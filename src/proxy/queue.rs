//! The wait for a place at a backend whose number of connections has a limit.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::{FutureExt as _, select_all};
use tokio::time::timeout_at;

use super::Proxy;
use crate::balancer::{Backend, Bound, Choice, Decision, NoBackend, Place, Rule};
use crate::engine::LivePool;

type Turn = Pin<Box<dyn Future<Output = (Arc<Backend>, Place)> + Send>>;

/// Waits for a place at the client's own backend, or at any where it has none, first come, first served.
///
/// Dropped, it has left the queue. `Err(Full)` says in the decision's rule whether the queue was full or time ran out.
pub(super) async fn wait(
    proxy: &Proxy,
    live: &LivePool,
    client: &Bound,
    tried: &[u32],
    decision: &mut Decision,
) -> Result<Choice, NoBackend> {
    let began = Instant::now();
    // Before the first look at who is there, so that no change can fall between the two.
    let mut changes = live.changes.subscribe();
    let mut pool = live.in_force.load_full();
    let mut backends = pool.waits_for(client, tried);
    // It counts in the shortest queue, and takes whichever place is its turn first.
    let mut queues: Vec<_> = backends.iter().filter_map(|backend| backend.places.as_ref()).collect();
    queues.sort_by_key(|places| places.waiting());
    let Some((places, _waiting)) = queues.into_iter().find_map(|places| Some((places, places.enter()?))) else {
        decision.rule = Rule::QueueFull;
        return Err(NoBackend::Full);
    };
    let until = (began + places.queue_timeout).into();
    let mut turns = turns_at(&backends);
    let result = loop {
        tokio::select! {
            turn = timeout_at(until, select_all(&mut turns)) => {
                let Ok(((backend, place), ..)) = turn else {
                    decision.rule = Rule::QueueTimeout;
                    break Err(NoBackend::Full);
                };
                pool = live.in_force.load_full();
                // A state may have changed in this very moment.
                let is_good = pool.waits_for(client, tried).iter().any(|one| one.id() == backend.id());
                if is_good && let Some(choice) = pool.choice_of(client, &backend, place) {
                    break Ok(choice);
                }
            }
            // The sender lives as long as the engine.
            _ = changes.changed() => pool = live.in_force.load_full(),
        }
        // Who is there has changed: perhaps somebody has room now, or nobody is left to wait for.
        match proxy.with_random(|random| pool.choose(client, tried, random, decision)) {
            Err(NoBackend::Full) => {}
            decided => break decided,
        }
        let now = pool.waits_for(client, tried);
        if !now.iter().map(|b| b.id()).eq(backends.iter().map(|b| b.id())) || turns.len() != now.len() {
            turns = turns_at(&now);
            backends = now;
        }
    };
    decision.queued_micros = Some(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    result
}

fn turns_at(backends: &[Arc<Backend>]) -> Vec<Turn> {
    let turn = |backend: &Arc<Backend>| {
        let (backend, places) = (Arc::clone(backend), Arc::clone(backend.places.as_ref()?));
        Some(async move { (backend, places.take().await) }.boxed())
    };
    backends.iter().filter_map(turn).collect()
}
