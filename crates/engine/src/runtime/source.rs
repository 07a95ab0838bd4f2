//! Where a changed configuration comes from.

use std::fmt;
use std::sync::Arc;

use crate::config::Config;
use crate::untrusted::Untrusted;

/// Where a changed configuration comes from: a function that reads it anew, or says everything that is wrong with it, each
/// as one sentence. It is called on the runtime of the balancer, one call at a time.
#[derive(Clone)]
pub struct Source(pub(crate) Arc<SourceFn>);

type SourceFn = dyn Fn() -> Result<Config, Vec<Untrusted<String>>> + Send + Sync;

impl Source {
    /// A source from a function.
    pub fn new(read: impl Fn() -> Result<Config, Vec<Untrusted<String>>> + Send + Sync + 'static) -> Self {
        Source(Arc::new(read))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}
