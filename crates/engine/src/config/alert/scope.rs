//! Which backends an alert is about.

use crate::config::nearest::nearest;

/// Which backends an alert is about: all that have the named pool and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AlertScope {
    pub(crate) pool: Option<String>,
    pub(crate) backend: Option<String>,
}

impl AlertScope {
    /// Whether it names all.
    pub(crate) fn is_all(&self) -> bool {
        self.pool.is_none() && self.backend.is_none()
    }

    /// Whether it names this backend of this pool.
    pub(crate) fn has(&self, pool: &str, backend: &str) -> bool {
        self.pool.as_deref().is_none_or(|named| named == pool)
            && self.backend.as_deref().is_none_or(|named| named == backend)
    }

    /// Finds out whether it names one of these backends, each with its pool before it.
    ///
    /// # Errors
    /// What it names that is not there, in one sentence.
    pub(crate) fn find(&self, backends: &[(&str, &str)]) -> Result<(), String> {
        if let Some(pool) = self.pool.as_deref().filter(|named| !backends.iter().any(|(pool, _)| pool == named)) {
            return Err(format!("there is no pool '{pool}'{}", nearest(pool, backends.iter().map(|(pool, _)| *pool))));
        }
        let those = || backends.iter().filter(|(pool, _)| self.has(pool, self.backend.as_deref().unwrap_or_default()));
        match &self.backend {
            Some(name) if !those().any(|(_, backend)| backend == name) => {
                let near = nearest(name, those().map(|(_, backend)| *backend));
                Err(format!("there is no backend '{name}'{near}"))
            }
            _ => Ok(()),
        }
    }
}
