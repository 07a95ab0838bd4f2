//! Percentiles of response times.

use serde::{Deserialize, Serialize};

/// Three percentiles of response times in microseconds, each at most an eighth too high; `None` where nothing was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "these three and no others are counted")]
pub struct Percentiles {
    /// Half of the responses took at most this.
    pub p50: Option<u64>,
    /// 95 of 100 took at most this.
    pub p95: Option<u64>,
    /// 99 of 100 took at most this.
    pub p99: Option<u64>,
}
