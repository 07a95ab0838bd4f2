//! Health checks made by a function of the embedding program.

use futures_util::FutureExt as _;
use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use crate::api::{BackendId, Identity};

/// An embedding program's health check, which replaces the configured ones. It returns `Ok` with a description if the
/// backend is healthy, or an error with the reason if it is not.
///
/// It is called for one backend whenever a check is due, on the runtime that the engine was started on, and must not
/// block. If it takes longer than `health.timeout`, it is dropped and the check fails; it also fails if it panics.
#[derive(Clone)]
pub struct CheckFunction(Arc<Function>);

type Function = dyn Fn(Arc<Identity>) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync;

impl CheckFunction {
    /// Wraps a function. The error's text is shown as the reason why the backend is DOWN.
    pub fn new<F>(function: impl Fn(Arc<Identity>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        CheckFunction(Arc::new(move |backend| Box::pin(function(backend))))
    }

    /// Calls it; `None` if it panics.
    pub(crate) async fn ask(&self, backend: Arc<Identity>) -> Option<Result<String, String>> {
        // The call is inside the block, so that a panic of the function itself is caught, not only of its future.
        AssertUnwindSafe(async { (self.0)(backend).await }).catch_unwind().await.ok()
    }
}

/// An embedding program's health checks.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Checks {
    /// For every backend that has none in `each`.
    pub all: Option<CheckFunction>,
    /// For single backends, by id.
    pub each: HashMap<BackendId, CheckFunction>,
}

impl Checks {
    /// The check for this backend, if there is one.
    pub(crate) fn of(&self, backend: BackendId) -> Option<&CheckFunction> {
        self.each.get(&backend).or(self.all.as_ref())
    }
}

impl fmt::Debug for CheckFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckFunction")
    }
}
