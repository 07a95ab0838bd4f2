//! Chooses the certificate that a client is shown, by the name that it asks for (SNI, RFC 6066 3).

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::leaves::Leaves;
use super::refused_name::RefusedName;
use super::user_certificate::UserCertificate;
use crate::config::{is_vouched, is_vouched_address};

/// Chooses the certificate that a client is shown.
#[derive(Clone)]
pub(super) enum Resolver {
    /// One of the user's own.
    Own(Arc<[Arc<UserCertificate>]>),
    /// One that is made.
    Made {
        leaves: Arc<Leaves>,
        /// What it is for where a client names nothing.
        unnamed: Arc<[String]>,
        /// The same, as it is kept.
        label: Arc<str>,
    },
}

impl Resolver {
    /// Certificates made by an authority; clients that name nothing get one for these names and addresses.
    pub(super) fn made(leaves: Arc<Leaves>, unnamed: Vec<String>) -> Self {
        // With a character that no name has.
        let label = format!("?{}", unnamed.join(",")).into();
        Resolver::Made { leaves, unnamed: unnamed.into(), label }
    }

    /// Whether there is a certificate for this name that a client could take.
    fn has(&self, name: &str) -> bool {
        match self {
            Resolver::Own(_) => true,
            Resolver::Made { leaves, .. } => !leaves.authority.is_constrained || is_vouched(&plain(name)),
        }
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(plain);
        match self {
            Resolver::Own(all) => best(all, name.as_deref(), hello.signature_schemes()),
            Resolver::Made { leaves, unnamed, label } => match name {
                None => leaves.of(label, unnamed).ok(),
                Some(name) if self.has(&name) => leaves.of(&name, &[name.clone().into_owned()]).ok(),
                Some(name) => {
                    RefusedName::note(&name);
                    None
                }
            },
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

/// A name as it is compared: in lower case, without a dot at its end.
fn plain(name: &str) -> Cow<'_, str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.bytes().any(|b| b.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

/// How well a certificate fits the name that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    Wildcard,
    None,
}

/// The one that fits best: by its exact name, by a wildcard for one label, the first. Among equals that which the client
/// can verify, then the first.
fn best(all: &[Arc<UserCertificate>], name: Option<&str>, schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
    let rated = all.iter().map(|certificate| {
        let current = certificate.current();
        let fit = name.map_or(Fit::None, |name| fit(&current.facts.names, name));
        let cannot = current.key.key.choose_scheme(schemes).is_none();
        ((fit, cannot), Arc::clone(&current.key))
    });
    // Of equal ones the first.
    rated.min_by_key(|(rating, _)| *rating).map(|(_, key)| key)
}

fn fit(names: &[String], wanted: &str) -> Fit {
    if names.iter().any(|name| name == wanted) {
        return Fit::Exact;
    }
    let rest = wanted.split_once('.').map(|(_, rest)| rest);
    let covers = |name: &String| name.strip_prefix("*.").is_some_and(|below| Some(below) == rest);
    if names.iter().any(covers) { Fit::Wildcard } else { Fit::None }
}

/// What a certificate is for where a client names nothing: the address that it connected to, localhost where that is of
/// this machine, and the names of the configuration.
pub(super) fn unnamed(address: IpAddr, further: &[String], is_constrained: bool) -> Vec<String> {
    let mut names = vec![address.to_string(), "localhost".to_owned()];
    if address.is_loopback() {
        names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
    }
    if is_constrained && !is_vouched_address(address) {
        // A client would refuse the whole certificate.
        names.remove(0);
    }
    names.extend(further.iter().map(|name| plain(name).into_owned()));
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_name_is_better_than_a_wildcard_which_is_for_one_label() {
        let names = ["a.test".to_owned(), "*.b.test".to_owned()];
        assert!(fit(&names, "a.test") == Fit::Exact);
        assert!(fit(&names, "x.b.test") == Fit::Wildcard);
        for other in ["b.test", "x.y.b.test", "x.a.test", ".b.test.", "test"] {
            assert!(fit(&names, other) == Fit::None, "{other}");
        }
    }

    #[test]
    fn a_client_that_names_nothing_gets_the_address_that_it_connected_to() {
        let loopback = unnamed("127.0.0.1".parse().expect("an address"), &["App.Localhost.".to_owned()], true);
        assert_eq!(loopback, ["127.0.0.1", "localhost", "::1", "app.localhost"]);
        assert_eq!(unnamed("192.168.1.7".parse().expect("an address"), &[], true), ["192.168.1.7", "localhost"]);
        assert_eq!(unnamed("8.8.8.8".parse().expect("an address"), &[], true), ["localhost"]);
        assert_eq!(unnamed("8.8.8.8".parse().expect("an address"), &[], false), ["8.8.8.8", "localhost"]);
    }
}
