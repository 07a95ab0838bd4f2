//! A check of an embedding program's own.

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::probe::Finding;
use crate::balancer::{Backend, Identity};

/// An embedding program's own check, made in place of the configured ones: `Ok` with what it found where the backend is
/// well, an error with the reason where it is not.
///
/// It is asked when a check is due, for one backend by its [`Identity`], on the runtime the engine was started on, and
/// must not block. After `health.timeout` it is dropped, and the check has failed; so it has where it panics.
#[derive(Clone)]
pub struct CheckFunction(Arc<Function>);

type Function = dyn Fn(Arc<Identity>) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync;

impl CheckFunction {
    /// A check from a function.
    pub fn new<F>(function: impl Fn(Arc<Identity>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        CheckFunction(Arc::new(move |backend| Box::pin(function(backend))))
    }

    pub(super) async fn ask(&self, backend: &Backend) -> Finding {
        let identity = Arc::clone(&backend.identity);
        // The function itself is called within, so that its panic is caught as well as its future's.
        let asked = AssertUnwindSafe(async { (self.0)(identity).await }).catch_unwind().await;
        match asked {
            Ok(Ok(found)) => Finding::passed(found),
            Ok(Err(reason)) => Finding::failed(reason),
            Err(_) => Finding::failed("the check function panicked"),
        }
    }
}

/// An embedding program's own checks.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// For every backend without one of its own.
    pub all: Option<CheckFunction>,
    /// For single backends, by their ids.
    pub each: HashMap<u32, CheckFunction>,
}

impl Checks {
    /// The one for this backend, where there is one.
    pub(crate) fn of(&self, backend: u32) -> Option<&CheckFunction> {
        self.each.get(&backend).or(self.all.as_ref())
    }
}

impl fmt::Debug for CheckFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckFunction")
    }
}
