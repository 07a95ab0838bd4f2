//! Looks after the certificates of the user's own and the ticket keys while it runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;

use super::start::Balancer;
use crate::api::{About, CommandError, Level};
use crate::config::Config;
use crate::state::{Shared, Topology};
use crate::tls::{Termination, TlsError, certificate_warnings, refresh, terminations};
use crate::untrusted::Untrusted;

/// How often they are looked after.
const LOOK: Duration = Duration::from_mins(1);

impl Balancer {
    /// The files of the certificates and keys that its listeners show, each once.
    pub fn certificate_files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for certificate in self.shared.topology.load().certificates() {
            for file in certificate.files() {
                if !files.contains(file) {
                    files.push(file.clone());
                }
            }
        }
        files
    }

    /// Reads the certificates of the user's own again, for handshakes from now on; connections are left alone. Where a
    /// certificate and its key do not fit, those that were read before stay, and a warning says why until it is mended.
    ///
    /// # Errors
    /// What is wrong with each pair of files that was not taken, as one sentence.
    pub async fn reload_certificates(&self) -> Result<(), Vec<Untrusted<String>>> {
        let certificates = self.shared.topology.load().certificates();
        // Reading may block. It fails only if the runtime is shutting down.
        let (told, problems) = spawn_blocking(move || refresh(&certificates)).await.unwrap_or_default();
        for told in told {
            self.shared.telemetry.notice(Level::Info, told);
        }
        warn(&self.shared);
        if problems.is_empty() { Ok(()) } else { Err(problems.into_iter().map(Untrusted::new).collect()) }
    }

    /// What a reload does where the configuration came from no file: the certificates are read again, if there are any.
    pub(super) async fn reload_what_there_is(&self) -> Result<&'static str, CommandError> {
        if self.shared.topology.load().certificates().is_empty() {
            return Err(CommandError::NothingToReload);
        }
        self.reload_certificates().await.map_err(|problems| CommandError::NotReloaded { problems })?;
        Ok("the certificates are read again")
    }

    /// Warns of certificates that end soon, and makes new ticket keys, for as long as it runs.
    pub(super) fn tend_certificates(&self) {
        let shared = Arc::clone(&self.shared);
        self.spawn(async move {
            let mut times = tokio::time::interval(LOOK);
            times.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                times.tick().await;
                warn(&shared);
                let store = Arc::clone(&shared.topology.load().tls);
                let trouble = spawn_blocking(move || store.tend_tickets()).await.ok().flatten();
                if let Some(trouble) = trouble {
                    shared.telemetry.notice(Level::Warning, trouble);
                }
            }
        });
    }
}

/// How each listener of a changed configuration speaks TLS, its certificates read anew.
///
/// # Errors
/// See [`terminations`].
pub(super) async fn read(config: &Arc<Config>, before: &Topology) -> Result<Vec<Option<Arc<Termination>>>, TlsError> {
    let (config, store, certificates) = (Arc::clone(config), Arc::clone(&before.tls), before.certificates());
    // Reading may block. It fails only if the runtime is shutting down.
    let read = spawn_blocking(move || terminations(&config, &store, &certificates)).await;
    read.unwrap_or_else(|lost| Err(TlsError::NotMade(lost.to_string())))
}

/// Warns of what is wrong with the certificates now, or no longer.
pub(super) fn warn(shared: &Shared) {
    let warnings = certificate_warnings(&shared.topology.load().certificates(), SystemTime::now());
    let well = "the certificates are as they should be again";
    shared.telemetry.stands(About::Certificates, (!warnings.is_empty()).then(|| warnings.join("; ")), Some(well));
}
