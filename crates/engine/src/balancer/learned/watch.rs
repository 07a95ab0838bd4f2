//! What a request brought, until its response is there.

use super::table::IdHash;
use crate::api::BackendId;
use crate::balancer::rendezvous::Fingerprint;

/// What a request brought, until its response is there.
#[derive(Clone, Copy, Default)]
pub(crate) struct Watch {
    pub(super) brought: Option<BroughtId>,
}

/// An id that a request brought.
#[derive(Clone, Copy)]
pub(super) struct BroughtId {
    pub(super) hash: IdHash,
    pub(super) place: Fingerprint,
    /// The backend that it belongs to; `None` where it is not known.
    pub(super) backend: Option<BackendId>,
    pub(super) binds_on_use: bool,
    pub(super) ends_by_delete: bool,
}

impl Watch {
    /// The backend that the request's id belongs to, and the id's hash; `None` where it has none, or one that is not known.
    pub(crate) fn bound_to(&self) -> Option<(BackendId, Fingerprint)> {
        let BroughtId { backend, hash, .. } = self.brought?;
        Some((backend?, Fingerprint::of(&hash.to_be_bytes())))
    }

    /// Whether the request brought an id, known or not.
    pub(crate) fn has_id(&self) -> bool {
        self.brought.is_some()
    }
}
