//! Moves requests and responses between a client and the backend that the balancer chose.
//!
//! The way of one request: [`client`] owns the client's connection and its times; [`handle`] refuses what
//! must not pass ([`refuse`]), answers the balancer's own pages ([`pages`]) and sends everything else
//! through [`forward`], which [`route`]s it to a pool, asks the balancer, dials or reuses a connection, and tries again where that
//! is safe ([`sending`]). [`headers`] rewrites both heads, [`body`] streams, [`tunnel`] carries what was upgraded, and
//! [`account`] counts the request once, however it ends.

mod account;
mod answer;
mod arrival;
mod body;
mod client;
mod clock;
mod forward;
mod forwarded;
mod frames;
mod handle;
mod headers;
mod pages;
mod refuse;
mod route;
mod sending;
mod tcp;
mod tunnel;
mod wire;

pub(crate) use arrival::{Arrival, serve};

use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::{EventRing, Shared};
use crate::upstream::IdleConnections;

/// What one worker thread needs to serve requests. Nothing in it is contended by two threads but the
/// atomics of [`Shared`].
pub(crate) struct Proxy {
    pub(crate) shared: Arc<Shared>,
    pub(crate) idle: IdleConnections,
    pub(crate) ring: Arc<EventRing>,
    random: Mutex<fastrand::Rng>,
}

impl Proxy {
    pub(crate) fn new(shared: Arc<Shared>, ring: Arc<EventRing>, random: fastrand::Rng) -> Self {
        Proxy { shared, idle: IdleConnections::default(), ring, random: Mutex::new(random) }
    }

    fn with_random<T>(&self, work: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        // Only this worker's tasks come here, one at a time.
        work(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
