//! What of a configuration several parts of the file need to know: who stands where in which upstream, and what leads there.

use stickylb::api::{Intent, Mode, ResolvedBackend, ResolvedConfig, ResolvedPool, ResolvedScheme, StickyBy, Strategy};

use super::method::{Method, key_variable, method_of};
use super::quote::{literal, pattern};
use crate::export::nginx_version::NginxVersion;

/// The longest path of a Unix socket on Linux.
const LONGEST_SOCKET: usize = 107;

/// A configuration, looked through.
pub(super) struct Plan<'c> {
    pub(super) config: &'c ResolvedConfig,
    pub(super) version: NginxVersion,
    pub(super) pools: Vec<PoolPlan<'c>>,
}

/// A pool, which becomes one upstream or several.
pub(super) struct PoolPlan<'c> {
    pub(super) pool: &'c ResolvedPool,
    /// The name of its upstream. Those of its further ones begin with it and a dot, which no pool's name has.
    pub(super) name: String,
    /// The end of the names of its variables.
    variable: String,
    number: usize,
    pub(super) method: Method,
    pub(super) servers: Vec<Server<'c>>,
    pub(super) binding: Binding,
}

/// A backend in its pool's upstream.
pub(super) struct Server<'c> {
    pub(super) backend: &'c ResolvedBackend,
    /// As nginx has it, and tells in `$upstream_addr`, unless it is a host's name.
    pub(super) address: String,
    pub(super) role: Role,
}

/// What a backend is in its pool's upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Primary,
    Backup,
    /// Gets no new clients.
    Drained,
    /// Gets no clients at all.
    Out,
    /// nginx cannot have it.
    LeftOut(Why),
}

/// Why a backend is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The method takes no backups.
    Backup,
    /// It is spoken to by https, or by http, and the first one of its pool is not.
    Scheme,
    /// The path of its socket is too long.
    Socket,
}

/// What leads a request to its backend, beside the upstream's method.
pub(super) enum Binding {
    Nothing,
    /// The cookie.
    Cookie {
        /// Whether nginx binds by it, and sets it: all but the backends at these places, which have upstreams of their own.
        is_native: bool,
        /// The places of backends that have an upstream of their own, for the clients that are bound to them.
        apart: Vec<usize>,
    },
    /// The upstream `.key` is for requests with a key, which this variable holds.
    Key(String),
    /// nginx learns who is whose, by this.
    Learn(Vec<String>),
}

impl<'c> Plan<'c> {
    pub(super) fn new(config: &'c ResolvedConfig, version: NginxVersion) -> Self {
        let mut pools = Vec::<PoolPlan<'c>>::new();
        for pool in &config.pools {
            // nginx compares names without regard to case.
            let taken = pools.iter().any(|other| other.pool.name.eq_ignore_ascii_case(&pool.name));
            let name = if taken { format!("{}.pool{}", pool.name, pools.len() + 1) } else { pool.name.clone() };
            let stem = pool.name.replace('-', "_").to_ascii_lowercase();
            let taken = pools.iter().any(|other| other.variable == stem);
            let variable = if taken { format!("{stem}_{}", pools.len() + 1) } else { stem };
            pools.push(PoolPlan::new(pool, name, variable, pools.len() + 1, version));
        }
        Plan { config, version, pools }
    }

    pub(super) fn of_mode(&self, mode: Mode) -> impl Iterator<Item = &PoolPlan<'c>> {
        self.pools.iter().filter(move |plan| plan.pool.mode == mode)
    }

    pub(super) fn pool(&self, name: &str) -> Option<&PoolPlan<'c>> {
        self.pools.iter().find(|plan| plan.pool.name == name)
    }

    /// Whether nginx has `sticky` and `drain`.
    pub(super) fn has_sticky(&self) -> bool {
        self.version >= NginxVersion::STICKY
    }
}

impl<'c> PoolPlan<'c> {
    fn new(pool: &'c ResolvedPool, name: String, variable: String, number: usize, version: NginxVersion) -> Self {
        let method = method_of(pool, &variable, version);
        let servers = servers(pool, method.takes_backups());
        let binding = binding(pool, &servers, &variable, version);
        PoolPlan { pool, name, variable, number, method, servers, binding }
    }

    /// The upstream of one backend's own clients.
    pub(super) fn name_apart(&self, place: usize) -> String {
        format!("{}.{}", self.name, self.servers[place].backend.id)
    }

    /// The upstream of requests that have a key.
    pub(super) fn name_keyed(&self) -> String {
        format!("{}.key", self.name)
    }

    /// The variable that holds where a request to this pool goes.
    pub(super) fn target_variable(&self) -> String {
        format!("$to_{}", self.variable)
    }

    /// The variable that holds a request's sticky key.
    pub(super) fn key_variable(&self) -> String {
        key_variable(&self.variable)
    }

    /// A short name for the value of that key where an expression finds it.
    pub(super) fn value_name(&self) -> String {
        format!("value_{}", self.number)
    }

    /// The URL of an upstream of this pool.
    pub(super) fn url(&self, name: &str) -> String {
        format!("{}://{name}", if self.is_https() { "https" } else { "http" })
    }

    /// Where requests to this pool are passed, a variable where that depends on the request.
    pub(super) fn target(&self) -> String {
        if self.has_map() { self.target_variable() } else { self.url(&self.name) }
    }

    /// Whether a request decides which of its upstreams it goes to.
    pub(super) fn has_map(&self) -> bool {
        match &self.binding {
            Binding::Cookie { apart, .. } => !apart.is_empty(),
            Binding::Key(_) => true,
            Binding::Nothing | Binding::Learn(_) => false,
        }
    }

    /// Whether nginx sets the cookie by itself.
    pub(super) fn sets_cookie(&self) -> bool {
        matches!(self.binding, Binding::Cookie { is_native: true, .. })
    }

    pub(super) fn is_https(&self) -> bool {
        is_https(self.pool)
    }

    /// Who gets the clients that are bound to the backend at this place while it is out.
    pub(super) fn stand_ins(&self, place: usize) -> impl Iterator<Item = &Server<'_>> {
        let may = |server: &&Server<'_>| matches!(server.role, Role::Primary | Role::Backup) && !self.pool.sticky.fails;
        let others = self.servers.iter().enumerate().filter(move |(other, _)| *other != place);
        others.map(|(_, server)| server).filter(may)
    }

    /// A pattern that the address of this backend matches, and no other one's of the pool; `None` where there is none, since
    /// nobody knows what a host's name stands for. It begins behind a space.
    pub(super) fn address_pattern(&self, place: usize) -> Option<String> {
        let backend = self.servers[place].backend;
        let same_port = |other: &&Server<'_>| other.backend.port == backend.port && other.backend.id != backend.id;
        match &backend.scheme {
            ResolvedScheme::Unix(_) => Some(pattern(&self.servers[place].address)),
            _ if is_address(backend) => Some(pattern(&self.servers[place].address)),
            _ if self.servers.iter().any(|other| same_port(&other)) => None,
            _ => Some(format!("\\S+:{}", backend.port)),
        }
    }
}

/// Whether a backend's host is written as an address.
pub(super) fn is_address(backend: &ResolvedBackend) -> bool {
    written_host(backend).trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
}

/// Whether a backend is at `localhost`, or a name below it.
pub(super) fn is_localhost(backend: &ResolvedBackend) -> bool {
    let host = backend.host.to_ascii_lowercase();
    !matches!(backend.scheme, ResolvedScheme::Unix(_)) && (host == "localhost" || host.ends_with(".localhost"))
}

/// nginx takes each address of a name for a server of its own, of which clients that are bound are sent to the first alone.
fn written_host(backend: &ResolvedBackend) -> String {
    if is_localhost(backend) { "127.0.0.1".to_owned() } else { backend.bracketed_host() }
}

fn address(backend: &ResolvedBackend) -> String {
    match &backend.scheme {
        ResolvedScheme::Unix(path) => format!("unix:{path}"),
        _ => format!("{}:{}", written_host(backend), backend.port),
    }
}

/// nginx speaks to all backends of a pool in one way: as to the first one that is no backup.
fn is_https(pool: &ResolvedPool) -> bool {
    let first = pool.backends.iter().find(|backend| !backend.backup).or(pool.backends.first());
    first.is_some_and(|backend| backend.scheme == ResolvedScheme::Https)
}

/// Why nginx cannot connect to a backend as to the others of its pool, if it cannot.
fn unwritable(backend: &ResolvedBackend, is_https: bool) -> Option<Why> {
    match &backend.scheme {
        ResolvedScheme::Unix(path) if path.len() > LONGEST_SOCKET => Some(Why::Socket),
        scheme if (*scheme == ResolvedScheme::Https) != is_https => Some(Why::Scheme),
        _ => None,
    }
}

fn servers(pool: &ResolvedPool, takes_backups: bool) -> Vec<Server<'_>> {
    let is_https = is_https(pool);
    let gets_clients = |backend: &ResolvedBackend| backend.weight > 0 && backend.intent == Intent::InService;
    let is_primary = |backend: &ResolvedBackend| gets_clients(backend) && !backend.backup;
    let all_are_backups =
        !pool.backends.iter().any(|backend| is_primary(backend) && unwritable(backend, is_https).is_none());
    let mut has_primary = false;
    let mut role = |backend: &ResolvedBackend| {
        if let Some(why) = unwritable(backend, is_https) {
            return Role::LeftOut(why);
        }
        if backend.intent == Intent::Maint {
            return Role::Out;
        }
        if !gets_clients(backend) {
            return Role::Drained;
        }
        let is_behind = pool.strategy == Strategy::First && has_primary && takes_backups;
        if is_behind || backend.backup && !all_are_backups {
            return if takes_backups { Role::Backup } else { Role::LeftOut(Why::Backup) };
        }
        has_primary = true;
        Role::Primary
    };
    pool.backends.iter().map(|backend| Server { backend, address: address(backend), role: role(backend) }).collect()
}

fn binding(pool: &ResolvedPool, servers: &[Server<'_>], variable: &str, version: NginxVersion) -> Binding {
    if pool.mode == Mode::Tcp {
        return Binding::Nothing;
    }
    let native = version >= NginxVersion::STICKY;
    match &pool.sticky.by {
        StickyBy::Cookie => {
            // A client that is bound to a backup stays there only until others are back. Where the first one is to come
            // first, the others stand behind it as if they were backups.
            let apart = |server: &Server<'_>| match server.role {
                Role::Out => pool.sticky.fails,
                Role::LeftOut(_) => false,
                Role::Backup => pool.sticky.fails || !server.backend.backup,
                Role::Primary | Role::Drained => pool.sticky.fails || !native,
            };
            let apart = servers.iter().enumerate().filter(|(_, server)| apart(server)).map(|(place, _)| place);
            Binding::Cookie { is_native: native, apart: apart.collect() }
        }
        StickyBy::Header(_) | StickyBy::Query(_) if !pool.sticky.fixed_without_key => {
            Binding::Key(key_variable(variable))
        }
        StickyBy::Learn(sources) if native => {
            Binding::Learn(sources.iter().flat_map(super::learn::parameters).collect())
        }
        _ => Binding::Nothing,
    }
}

/// Whether some text of the configuration that goes into values with variables has a `$`.
pub(super) fn needs_dollar(plan: &Plan<'_>) -> bool {
    let cookie = |pool: &ResolvedPool| {
        let cookie = &pool.sticky.cookie;
        let texts = [Some(&cookie.name), Some(&cookie.path), cookie.domain.as_ref()];
        pool.sticky.by == StickyBy::Cookie && texts.into_iter().flatten().any(|text| literal(text) != *text)
    };
    plan.of_mode(Mode::Http).any(|plan| cookie(plan.pool))
}
