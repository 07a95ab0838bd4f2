//! The source that a reload reads the configuration from.

use std::fmt;
use std::sync::Arc;

use crate::config::Config;
use crate::untrusted::Untrusted;

/// A function that reads the configuration for a reload, or returns all its problems, each as one sentence. It may
/// block: it is called on a blocking thread of the balancer's runtime, one call at a time.
#[derive(Clone)]
pub struct Source(pub(crate) Arc<SourceFn>);

type SourceFn = dyn Fn() -> Result<Config, Vec<Untrusted<String>>> + Send + Sync;

impl Source {
    /// Wraps a function.
    pub fn new(read: impl Fn() -> Result<Config, Vec<Untrusted<String>>> + Send + Sync + 'static) -> Self {
        Source(Arc::new(read))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}
