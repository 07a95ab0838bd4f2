//! What a request that is sent again has beside its head.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::api::{BackendId, RequestNumber};

/// What a request that is sent again has beside its head.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    /// The number of the request it repeats.
    pub(crate) of: RequestNumber,
    /// Whether a person changed it before.
    pub(crate) edited: bool,
    /// The backend it is for; balanced like any other where it is `None`.
    pub(crate) to: Option<BackendId>,
    /// Its own number, once it has one.
    pub(crate) number: Arc<AtomicU64>,
}
