//! Our configuration as that of another engine.
//!
//! Each engine has one folder, which turns a [`ResolvedConfig`] into text by a [`Writer`](writer::Writer), and says in
//! [`Support`] which of our [`Feature`]s it has. What it cannot say is written in its place as a comment, and told.

mod any_port;
mod caddy;
mod engine;
mod envoy;
mod feature;
mod haproxy;
mod identifier;
mod kubernetes;
mod local;
mod nginx;
mod nginx_version;
mod nobodys;
mod set_cookie;
mod target;
mod traefik;
mod usual;
mod writer;
mod yaml;

use stickylb::api::ResolvedConfig;

pub use engine::Engine;
pub use feature::{Feature, Support};
pub use nginx_version::NginxVersion;
pub use target::Target;
use writer::Writer;
pub use writer::{Cannot, Exported};

/// Writes a configuration for another engine.
pub fn export(config: &ResolvedConfig, target: Target) -> Exported {
    let mut to = Writer::default();
    match target.engine {
        Engine::Haproxy => haproxy::write(config, &mut to),
        Engine::Nginx => nginx::write(config, target.nginx_version, &mut to),
        Engine::Caddy => caddy::write(config, &mut to),
        Engine::Traefik => traefik::write(config, &mut to),
        Engine::Envoy => envoy::write(config, &mut to),
        Engine::Kubernetes => kubernetes::write(config, &mut to),
    }
    nobodys::say(config, target.engine, &mut to);
    to.finish()
}
