//! A pool: the pods, the service that names them, and how TLS to them is checked.

use stickylb::api::{Mode, ResolvedBackend, ResolvedPool, ResolvedScheme, StickyBy};

use super::facts::{is_https, port, replicas, seconds};
use super::names::Names;
use super::object::object;
use super::{notes, probe};
use crate::export::feature::Feature;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

pub(super) fn write(pool: &ResolvedPool, names: &Names, to: &mut Writer) {
    let name = names.name(&pool.name);
    to.gap();
    deployment(pool, name, to);
    service(pool, name, to);
    tls(pool, name, to);
}

fn deployment(pool: &ResolvedPool, name: &str, to: &mut Writer) {
    let taken = replicas(pool);
    object("apps/v1", "Deployment", name, to);
    to.line("spec:");
    to.indented(|to| {
        let backends: Vec<&str> = taken.iter().map(|backend| backend.name.as_str()).collect();
        to.comment(format!(
            "In place of {}.",
            if backends.is_empty() { "nobody".to_owned() } else { backends.join(", ") }
        ));
        notes::of_pool(pool, to);
        to.line(format!("replicas: {}", taken.len()));
        to.line("selector:");
        to.line(format!("  matchLabels: {{app: {name}}}"));
        to.line("template:");
        to.line("  metadata:");
        to.line(format!("    labels: {{app: {name}}}"));
        to.line("  spec:");
        to.line("    containers:");
        to.line(format!("    - name: {name}"));
        to.indented(|to| {
            to.indented(|to| {
                to.line(format!("  image: example.invalid/{name}:latest"));
                to.line("  ports:");
                to.line(format!("  - containerPort: {}", port(pool)));
                to.indented(|to| probe::write(pool, to));
            });
        });
    });
}

fn service(pool: &ResolvedPool, name: &str, to: &mut Writer) {
    object("v1", "Service", name, to);
    to.line("spec:");
    to.indented(|to| {
        to.line(format!("selector: {{app: {name}}}"));
        to.line("ports:");
        to.line(format!("- port: {}", port(pool)));
        to.line(format!("  appProtocol: {}", protocol(pool)));
        if pool.sticky.by == StickyBy::Ip {
            to.cannot(
                Feature::StickyIp,
                format!(
                    "sticky ip of {}: a Gateway that chooses pods itself does not look at it; clients move once",
                    pool.name
                ),
            );
            to.line("sessionAffinity: ClientIP");
            to.line("sessionAffinityConfig:");
            to.line(format!("  clientIP: {{timeoutSeconds: {}}}", affinity_seconds(pool)));
        }
    });
}

/// In TCP mode what an address is remembered for; else three hours, which is Kubernetes' own. A day at most.
fn affinity_seconds(pool: &ResolvedPool) -> u64 {
    if pool.mode == Mode::Tcp { seconds(pool.sticky.expiry_millis).min(86_400) } else { 10_800 }
}

fn protocol(pool: &ResolvedPool) -> &'static str {
    match (pool.mode, is_https(pool)) {
        (Mode::Tcp, _) => "tcp",
        (_, true) => "https",
        (_, false) => "http",
    }
}

/// The name that the certificates of a pool's backends are for, where they are checked at all.
fn certified(pool: &ResolvedPool) -> Option<&str> {
    let is_checked = |backend: &&ResolvedBackend| backend.scheme == ResolvedScheme::Https && backend.verify;
    let name = |backend: &'_ ResolvedBackend| backend.server_name.clone().unwrap_or_else(|| backend.host.clone());
    let first = pool.backends.iter().find(is_checked)?;
    let own = first.server_name.as_deref().unwrap_or(&first.host);
    let is_name = own.parse::<std::net::IpAddr>().is_err() && !own.is_empty();
    let is_one = pool.backends.iter().filter(is_checked).all(|backend| name(backend) == own);
    (is_name && is_one).then_some(own)
}

fn tls(pool: &ResolvedPool, name: &str, to: &mut Writer) {
    if !is_https(pool) {
        return;
    }
    let Some(hostname) = certified(pool) else {
        let sentence = format!("tls of {}: a BackendTLSPolicy needs one name for all, and there is none", pool.name);
        to.cannot(Feature::BackendTls, sentence);
        return;
    };
    object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", name, to);
    to.line("spec:");
    to.indented(|to| {
        if pool.backends.iter().any(|backend| !backend.verify) {
            let sentence = format!("tls.verify of {}: a Gateway always checks certificates", pool.name);
            to.cannot(Feature::BackendTls, sentence);
        }
        to.line("targetRefs:");
        to.line(format!("- {{group: \"\", kind: Service, name: {name}}}"));
        to.line("validation:");
        to.line("  wellKnownCACertificates: System");
        to.line(format!("  hostname: {}", quoted(hostname)));
    });
}
