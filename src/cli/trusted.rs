//! Looks whether this machine trusts the certificates made here, while a listener shows any, and has the engine warn of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};

use crate::trust::{Authority, Places, Standing, Unbelieving};
use stickylb::{Balancer, LocalAuthority};

/// How often it looks. As long as no file changed, a look costs a few system calls.
const LOOK: Duration = Duration::from_secs(4);

/// Looks until dropped.
pub(super) struct TrustWatch(JoinHandle<()>);

impl TrustWatch {
    pub(super) fn new(engine: &Arc<Balancer>) -> Self {
        TrustWatch(tokio::spawn(watch(Arc::clone(engine))))
    }
}

impl Drop for TrustWatch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn watch(engine: Arc<Balancer>) {
    let mut standing = None;
    loop {
        let url = engine.own_authority_urls().into_iter().next();
        let trouble = match url {
            Some(url) => {
                // Certutil and a slow disk may take long.
                let looked = spawn_blocking(move || look(standing));
                let Ok((kept, found)) = looked.await else { return };
                standing = kept;
                found.map(|found| in_words(&found, &url))
            }
            None => None,
        };
        engine.trust_stands(trouble);
        tokio::time::sleep(LOOK).await;
    }
}

/// Where the authority has changed since, it begins anew.
fn look(standing: Option<Standing>) -> (Option<Standing>, Option<Unbelieving>) {
    let Some(authority) = LocalAuthority::find().ok().flatten().map(Authority::from) else { return (None, None) };
    let same = standing.filter(|standing| standing.is_about(&authority));
    let Some(mut standing) = same.or_else(|| Some(Standing::new(Places::of_environment()?, authority))) else {
        return (None, None);
    };
    let found = standing.look();
    (Some(standing), found)
}

fn in_words(found: &Unbelieving, url: &str) -> String {
    let who = match found {
        Unbelieving::Programs => "programs here".to_owned(),
        Unbelieving::Browsers(names) if names.is_empty() => "browsers here".to_owned(),
        Unbelieving::Browsers(names) => {
            let names = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            format!("browsers here ({names})")
        }
    };
    format!("{who} do not trust {url} yet: run stickylb-tui trust")
}
