//! Traefik: the dynamic configuration for its file provider, and the static one as flags of the command that starts it.
//!
//! Sessions: the value of Traefik's sticky cookie is a hash of a service's name, but the name itself is taken too. A pool is
//! therefore `weighted` of services that have one server each and its backend's id for a name, so that the cookies clients
//! have from us name their backend; each is answered once with the hash in its place.

mod check;
mod entry_points;
mod facts;
mod middlewares;
mod pools;
mod routers;
mod rule;
mod support;
mod tcp;
mod text;
mod tls;
mod transports;

use stickylb::api::{Mode, ResolvedConfig};

use super::feature::Feature;
use super::writer::Writer;
use entry_points::EntryPoint;
use transports::Transports;

pub(super) use support::support;

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    let entry_points = entry_points::of(config);
    to.comment("Written by stickylb-tui for Traefik 3.7 or newer: its dynamic configuration. The static one is the flags below, since a");
    to.comment("traefik.yaml beside it would be read as that. What of this file Traefik cannot read is on its log, once started with");
    to.comment("sh -c \"$(sed -n 's/^#: //p' dynamic.yaml)\"");
    entry_points::flags(config, &entry_points, to);
    entry_points::notes(config, &entry_points, to);
    said_of_the_whole(config, to);
    if has_pools(config, Mode::Http) {
        http(config, &entry_points, to);
    }
    if has_pools(config, Mode::Tcp) {
        tcp::write(config, &entry_points, to);
    }
    tls::write(config, to);
}

fn has_pools(config: &ResolvedConfig, mode: Mode) -> bool {
    config.pools.iter().any(|pool| pool.mode == mode)
}

fn http(config: &ResolvedConfig, entry_points: &[EntryPoint], to: &mut Writer) {
    let transports = Transports::of_http(config);
    to.gap();
    to.line("http:");
    to.indented(|to| {
        routers::write(config, entry_points, to);
        to.line("services:");
        to.indented(|to| facts::pools(config, Mode::Http).for_each(|pool| pools::write(config, pool, &transports, to)));
        middlewares::write(config, entry_points, to);
        transports.write(to);
    });
}

/// What is nobody's in particular.
fn said_of_the_whole(config: &ResolvedConfig, to: &mut Writer) {
    if let Some(user) = &config.downgrade_to_user {
        let user = text::shown(user);
        to.cannot(Feature::User, format!("downgradeToUser: Traefik has none, start it as {user}"));
    }
    if config.hold_millis > 0 {
        to.cannot(Feature::Hold, "hold: Traefik has none, it answers 503 at once while no backend is up");
    }
}
