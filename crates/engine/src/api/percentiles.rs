//! Percentiles of response times.

use serde::{Deserialize, Serialize};

/// Three percentiles in microseconds; `None` where nothing was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "these three and no others are counted")]
pub struct Percentiles {
    /// Half of the answers came within this.
    pub p50: Option<u64>,
    /// 95 of 100 did.
    pub p95: Option<u64>,
    /// 99 of 100 did.
    pub p99: Option<u64>,
}
