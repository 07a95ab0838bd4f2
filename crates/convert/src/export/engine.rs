//! The engines that a configuration can be written for.

use super::feature::{Feature, Support};
use super::nginx_version::NginxVersion;
use super::{caddy, envoy, haproxy, kubernetes, nginx, traefik};

/// An engine that a configuration can be written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// HAProxy.
    Haproxy,
    /// nginx.
    Nginx,
    /// Caddy.
    Caddy,
    /// Traefik.
    Traefik,
    /// Envoy.
    Envoy,
    /// Kubernetes.
    Kubernetes,
}

impl Engine {
    /// All of them, in the order of help and docs.
    pub const ALL: [Engine; 6] =
        [Engine::Haproxy, Engine::Nginx, Engine::Caddy, Engine::Traefik, Engine::Envoy, Engine::Kubernetes];

    /// The word for it on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Engine::Haproxy => "haproxy",
            Engine::Nginx => "nginx",
            Engine::Caddy => "caddy",
            Engine::Traefik => "traefik",
            Engine::Envoy => "envoy",
            Engine::Kubernetes => "kubernetes",
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Haproxy => "HAProxy",
            Engine::Nginx => "nginx",
            Engine::Caddy => "Caddy",
            Engine::Traefik => "Traefik",
            Engine::Envoy => "Envoy",
            Engine::Kubernetes => "Kubernetes",
        }
    }

    /// What its file is usually called.
    pub const fn file_name(self) -> &'static str {
        match self {
            Engine::Haproxy => "haproxy.cfg",
            Engine::Nginx => "nginx.conf",
            Engine::Caddy => "Caddyfile",
            // A traefik.yaml in the folder where Traefik starts would be its static configuration.
            Engine::Traefik => "dynamic.yaml",
            Engine::Envoy => "envoy.yaml",
            Engine::Kubernetes => "kubernetes.yaml",
        }
    }

    /// How it does what ours does; nginx, in this version.
    pub fn support(self, feature: Feature, nginx_version: NginxVersion) -> Support {
        match self {
            Engine::Haproxy => haproxy::support(feature),
            Engine::Nginx => nginx::support(feature, nginx_version),
            Engine::Caddy => caddy::support(feature),
            Engine::Traefik => traefik::support(feature),
            Engine::Envoy => envoy::support(feature),
            Engine::Kubernetes => kubernetes::support(feature),
        }
    }
}

impl std::str::FromStr for Engine {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Engine::ALL.into_iter().find(|engine| engine.word() == word).ok_or_else(|| {
            let words = Engine::ALL.map(Engine::word).join(", ");
            format!("'{}' is no engine to export to: write one of {words}", stickylb::untrusted::Untrusted::new(word))
        })
    }
}
