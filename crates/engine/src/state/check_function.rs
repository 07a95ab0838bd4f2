//! A check of an embedding program's own.

use futures_util::FutureExt as _;
use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use crate::api::{BackendId, Identity};

/// An embedding program's own check, made in place of the configured ones: `Ok` with what it found where the backend is
/// well, an error with the reason where it is not.
///
/// It is asked when a check is due, for one backend by its [`Identity`], on the runtime the engine was started on, and
/// must not block. After `health.timeout` it is dropped, and the check has failed; so it has where it panics.
#[derive(Clone)]
pub struct CheckFunction(Arc<Function>);

type Function = dyn Fn(Arc<Identity>) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync;

impl CheckFunction {
    /// A check from a function. An error's text is shown as the reason why the backend is DOWN.
    pub fn new<F>(function: impl Fn(Arc<Identity>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        CheckFunction(Arc::new(move |backend| Box::pin(function(backend))))
    }

    /// Asks it; `None` where it panics.
    pub(crate) async fn ask(&self, backend: Arc<Identity>) -> Option<Result<String, String>> {
        // The function itself is called within, so that its panic is caught as well as its future's.
        AssertUnwindSafe(async { (self.0)(backend).await }).catch_unwind().await.ok()
    }
}

/// An embedding program's own checks.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Checks {
    /// For every backend without one of its own.
    pub all: Option<CheckFunction>,
    /// For single backends, by their ids.
    pub each: HashMap<BackendId, CheckFunction>,
}

impl Checks {
    /// The one for this backend, where there is one.
    pub(crate) fn of(&self, backend: BackendId) -> Option<&CheckFunction> {
        self.each.get(&backend).or(self.all.as_ref())
    }
}

impl fmt::Debug for CheckFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckFunction")
    }
}
