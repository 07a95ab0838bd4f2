//! The state of the dialog that asks for a fault.

use stickylb::api::BackendId;

/// The open choice of a fault for a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultChoice {
    pub(crate) backend: BackendId,
    /// The highlighted row.
    pub(crate) chosen: usize,
}
