//! Has certificates read again when their files change, and on SIGHUP.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::watched::Traits;
use stickylb::Balancer;

/// How often their files are looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Reads certificates again until dropped.
pub(super) struct CertificateFollower {
    task: JoinHandle<()>,
}

impl CertificateFollower {
    /// Begins to follow the files of all certificates, also of those that come with a changed configuration. They are also
    /// read whenever `asked` is notified.
    pub(super) fn new(engine: &Arc<Balancer>, asked: Arc<Notify>) -> Self {
        CertificateFollower { task: tokio::spawn(follow(Arc::clone(engine), asked)) }
    }
}

impl Drop for CertificateFollower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(engine: Arc<Balancer>, asked: Arc<Notify>) {
    let mut seen = look(&engine).await;
    // What they held when it started was read before.
    let mut is_new = true;
    loop {
        tokio::select! {
            () = asked.notified() => is_new = true,
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = look(&engine).await;
        if now != seen {
            // Both are left alone for a moment first: a certificate and its key are written one after the other.
            seen = now;
            is_new = true;
            continue;
        }
        if is_new || now.iter().flatten().any(Traits::is_young) {
            is_new = false;
            // A warning says what is wrong with them.
            let _ = engine.reload_certificates().await;
        }
    }
}

/// What can be seen of each file without reading it.
async fn look(engine: &Balancer) -> Vec<Option<Traits>> {
    let files = engine.certificate_files();
    if files.is_empty() {
        return Vec::new();
    }
    // It fails only if the runtime is shutting down.
    let looked = tokio::task::spawn_blocking(move || files.iter().map(|file| Traits::of(file)).collect());
    looked.await.unwrap_or_default()
}
