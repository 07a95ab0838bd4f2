//! The balancers that tests go through, beside the user's own.

use std::any::Any;
use std::net::SocketAddr;
use std::pin::Pin;

use crate::api::{StickyBy, Strategy};

/// Balancers for tests, over the same backends as the user's. They end when it is dropped.
pub(crate) struct Lab {
    /// For each copy, a listener that leads to it alone.
    pub(crate) copies: Vec<SocketAddr>,
    /// A listener that leads to all of them, with the stickiness to try.
    pub(crate) balanced: SocketAddr,
    /// What serves them.
    pub(crate) _serving: Box<dyn Any + Send + Sync>,
}

/// A lab that is being opened.
pub(crate) type Opening<'a> = Pin<Box<dyn Future<Output = Result<Lab, String>> + Send + 'a>>;

/// Opens labs.
pub(crate) trait OpenLab: Send + Sync {
    /// A lab that tries this stickiness, and chooses so for clients that have no copy; why there is none, in one sentence.
    fn open(&self, sticky: StickyBy, strategy: Strategy) -> Opening<'_>;
}
