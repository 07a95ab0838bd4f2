//! What each strategy would have done with the last requests.

use super::start::Balancer;
use crate::api::{WhatIf, WhatIfOptions};

impl Balancer {
    /// What each strategy would have done with the last requests of a pool.
    ///
    /// # Errors
    /// There is no such pool or backend; as one sentence.
    pub fn what_if(&self, options: &WhatIfOptions) -> Result<WhatIf, String> {
        let _ = (self, options);
        Err("not yet".to_owned())
    }
}
