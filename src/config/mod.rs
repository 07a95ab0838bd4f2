//! What the program is told: defaults, then the file, then the command line.
//!
//! Everything here is plain data. A [`Config`] that exists is valid: it is built by [`parse`] or by
//! [`Config::new`] and the checks of [`Config::problems`], which report every problem at once and
//! repair none.

mod address;
mod document;
mod problem;
mod read;
mod secret;

pub(crate) use address::is_local_name;
pub use address::{Address, AddressError, BackendSpec, Scheme};
pub use problem::{ConfigError, Problem};
pub use read::parse;
pub use secret::Secret;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The port that is listened on unless the file or `--port` says otherwise.
pub const DEFAULT_PORT: u16 = 3001;

/// The largest weight a backend may have.
pub const MAX_WEIGHT: u32 = 1000;

/// How a backend is chosen for a request that is not bound to one by its sticky key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Each backend's weight in a row: A A B for weights 2 and 1.
    #[default]
    RoundRobin,
    /// The fewest active requests for its weight; ties rotate.
    LeastConnections,
    /// By chance, in proportion to the weights.
    Random,
}

impl Strategy {
    /// All strategies, in the order `s` steps through them on the screen.
    pub const ALL: [Strategy; 3] = [Strategy::RoundRobin, Strategy::LeastConnections, Strategy::Random];

    /// The name used in files, on the command line, on the screen and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Strategy::RoundRobin => "round-robin",
            Strategy::LeastConnections => "least-connections",
            Strategy::Random => "random",
        }
    }

    /// The strategy after this one, round and round.
    #[must_use]
    pub fn next(self) -> Strategy {
        let at = Strategy::ALL.iter().position(|s| *s == self).unwrap_or(0);
        Strategy::ALL[(at + 1) % Strategy::ALL.len()]
    }
}

impl std::str::FromStr for Strategy {
    type Err = String;

    /// The wording of the error is the direct predecessor's.
    fn from_str(name: &str) -> Result<Self, String> {
        Strategy::ALL.into_iter().find(|s| s.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Strategy::ALL.iter().map(|s| s.name()).collect();
            format!("Unknown strategy '{name}'. Valid options: {}", names.join(", "))
        })
    }
}

impl std::fmt::Display for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What counts as healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckAlgorithm {
    /// An answer with a 2xx status.
    #[default]
    HttpStatus,
    /// Any HTTP answer.
    Http,
    /// A connection can be made.
    Tcp,
}

impl CheckAlgorithm {
    /// Every algorithm, for messages that list them.
    pub const ALL: [CheckAlgorithm; 3] = [CheckAlgorithm::HttpStatus, CheckAlgorithm::Http, CheckAlgorithm::Tcp];

    /// The name used in files and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            CheckAlgorithm::HttpStatus => "http-status",
            CheckAlgorithm::Http => "http",
            CheckAlgorithm::Tcp => "tcp",
        }
    }
}

/// How one backend is checked: the `health` section with the backend's own `health…` keys laid over it.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthCheck {
    /// Time from one check's end to the next one's start. A DOWN backend is checked at least once a second.
    pub interval: Duration,
    /// Time a check may take as a whole.
    pub timeout: Duration,
    /// Path and query that are asked for, starting with `/`.
    pub path: String,
    /// Request method.
    pub method: http::Method,
    /// What counts as healthy.
    pub algorithm: CheckAlgorithm,
    /// Header fields sent with the check; the values may be secrets.
    pub headers: Vec<(http::HeaderName, Secret)>,
    /// Passed checks in a row that make a DOWN backend UP.
    pub rise: u32,
    /// Failed checks in a row that make an UP backend DOWN.
    pub fall: u32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        HealthCheck {
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(2),
            path: "/".to_owned(),
            method: http::Method::GET,
            algorithm: CheckAlgorithm::HttpStatus,
            headers: Vec::new(),
            rise: 1,
            fall: 1,
        }
    }
}

/// TLS to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendTls {
    /// Whether its certificate must be one the system trusts.
    pub verify: bool,
    /// The name its certificate must be for; the host unless set.
    pub server_name: Option<String>,
}

impl Default for BackendTls {
    fn default() -> Self {
        BackendTls { verify: true, server_name: None }
    }
}

/// One backend as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct BackendConfig {
    /// Unique; the value of the sticky cookie.
    pub id: u32,
    /// Short name for the screen and the log.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Share of new clients relative to the others; 0 gives it none, as if drained.
    pub weight: u32,
    /// How its certificate is judged, where it is spoken to over TLS.
    pub tls: BackendTls,
    /// Whom mail about this backend goes to.
    pub owner: Option<String>,
    /// How it is checked.
    pub health: HealthCheck,
}

/// What binds a client to its backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StickyBy {
    /// A cookie that holds the backend's id.
    #[default]
    Cookie,
    /// Nothing: every request is balanced anew.
    Off,
}

impl StickyBy {
    /// The name used in files, on the command line and on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            StickyBy::Cookie => "cookie",
            StickyBy::Off => "off",
        }
    }
}

impl std::str::FromStr for StickyBy {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "cookie" => Ok(StickyBy::Cookie),
            "off" => Ok(StickyBy::Off),
            _ => Err(format!("unknown sticky mode '{name}': write cookie or off")),
        }
    }
}

/// `SameSite` of the sticky cookie (RFC 6265bis 4.1.2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Sent on top-level navigation from other sites.
    #[default]
    Lax,
    /// Never sent from other sites.
    Strict,
    /// Sent from everywhere; browsers ask for `Secure` beside it.
    None,
}

/// The sticky cookie.
#[derive(Clone, Debug, PartialEq)]
pub struct CookieConfig {
    /// `X-Backend-ID` unless set.
    pub name: String,
    /// Seconds the browser keeps it; without it, until the browser ends.
    pub max_age: Option<u64>,
    /// `SameSite` attribute.
    pub same_site: SameSite,
    /// `Secure` attribute; `None` is `"auto"`: only under TLS.
    pub secure: Option<bool>,
    /// `Path` attribute.
    pub path: String,
    /// `Domain` attribute.
    pub domain: Option<String>,
}

impl Default for CookieConfig {
    fn default() -> Self {
        CookieConfig {
            name: "X-Backend-ID".to_owned(),
            max_age: None,
            same_site: SameSite::Lax,
            secure: None,
            path: "/".to_owned(),
            domain: None,
        }
    }
}

impl CookieConfig {
    /// What cannot stand in a `Set-Cookie` line.
    fn problems(&self) -> Vec<String> {
        let attributes = std::iter::once(&self.path).chain(&self.domain);
        let attributes = attributes.filter_map(|value| cookie_attribute(value).err());
        cookie_name(&self.name).err().into_iter().chain(attributes).collect()
    }
}

/// RFC 6265 4.1.1: a cookie name is a token, as a header name is.
fn cookie_name(name: &str) -> Result<(), String> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(token) {
        Ok(())
    } else {
        Err(format!("'{name}' is not a cookie name: write letters, digits, - and _, at most 64"))
    }
}

/// RFC 6265 4.1.1: an attribute's value ends at a semicolon.
fn cookie_attribute(value: &str) -> Result<(), String> {
    if !value.is_empty() && value.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b';' && b != b',') {
        Ok(())
    } else {
        Err(format!("'{value}' cannot stand in a cookie: no spaces, ';' or ','"))
    }
}

/// Stickiness as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StickyConfig {
    /// What binds a client to its backend.
    pub by: StickyBy,
    /// The cookie of [`StickyBy::Cookie`].
    pub cookie: CookieConfig,
}

/// Second tries.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryConfig {
    /// Backends one request may be tried on, the first included.
    pub attempts: u32,
    /// Bytes of a body that are kept so that it can be sent again.
    pub body_limit: usize,
    /// Repetitions allowed, in per cent of the requests of the last two seconds; ten a second always are.
    pub budget_percent: u32,
    /// Whether a request that could not be written is tried elsewhere.
    pub on_connect: bool,
    /// Whether one that was written and not answered is.
    pub on_no_response: bool,
    /// Statuses that count as no answer.
    pub statuses: Vec<u16>,
}

impl Default for RetryConfig {
    fn default() -> Self {
        RetryConfig {
            attempts: 3,
            body_limit: 65_536,
            budget_percent: 20,
            on_connect: true,
            on_no_response: true,
            statuses: Vec::new(),
        }
    }
}

/// How long each wait may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeouts {
    /// For a connection to a backend.
    pub connect: Duration,
    /// For a client to send the head of its request, from its first byte.
    pub request_headers: Duration,
    /// For a backend to begin its answer.
    pub response: Duration,
    /// For a client's connection without a request.
    pub idle: Duration,
    /// For a tunnel on which nothing moves; zero is no limit.
    pub tunnel_idle: Duration,
    /// For requests in flight to end when the program stops.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(2),
            request_headers: Duration::from_secs(10),
            response: Duration::from_mins(1),
            idle: Duration::from_mins(1),
            tunnel_idle: Duration::ZERO,
            shutdown: Duration::from_secs(10),
        }
    }
}

/// What one client, or all together, may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Clients' connections at one time; accepting pauses at the limit.
    pub connections: usize,
    /// Bytes of a request's head: 431 beyond.
    pub header_bytes: usize,
    /// Header fields of a request: 431 beyond.
    pub headers: usize,
    /// Bytes of a request's body: 413 beyond. 0 is no limit.
    pub body_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { connections: 10_000, header_bytes: 65_536, headers: 128, body_bytes: 0 }
    }
}

/// Which `Host` a backend sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostHeader {
    /// The client's where it and the backend are both local names, the backend's own otherwise.
    #[default]
    Auto,
    /// The client's.
    Client,
    /// The backend's own, as the direct predecessor does.
    Backend,
}

/// Everything the engine is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to listen.
    pub host: IpAddr,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// How a backend is chosen.
    pub strategy: Strategy,
    /// The backends; the engine may start with none and be given demo backends later.
    pub backends: Vec<BackendConfig>,
    /// The checks of backends that have no settings of their own, and of demo backends.
    pub health: HealthCheck,
    /// Stickiness.
    pub sticky: StickyConfig,
    /// Second tries.
    pub retry: RetryConfig,
    /// Times.
    pub timeouts: Timeouts,
    /// Limits.
    pub limits: Limits,
    /// How long a request is held while no backend is up, before the 503; zero answers at once.
    pub hold: Duration,
    /// Which `Host` a backend sees.
    pub host_header: HostHeader,
    /// Whose `X-Forwarded-*` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether an `email` section was given. It is checked, and mail is not sent by this version.
    pub email: bool,
    /// Fixes all random choices, for lessons and tests.
    pub seed: Option<u64>,
}

impl Config {
    /// A configuration with every default and these backends.
    pub fn new(backends: Vec<BackendConfig>) -> Self {
        Config {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: DEFAULT_PORT,
            strategy: Strategy::default(),
            backends,
            health: HealthCheck::default(),
            sticky: StickyConfig::default(),
            retry: RetryConfig::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            hold: Duration::ZERO,
            host_header: HostHeader::default(),
            trusted_proxies: Vec::new(),
            email: false,
            seed: None,
        }
    }

    /// Backends from command line words such as `5000` or `localhost:5001,weight=2,name=api`.
    ///
    /// Those without an id get their position, or the next free number after it.
    pub fn from_specs(specs: &[BackendSpec]) -> Self {
        let mut taken: BTreeSet<u32> = specs.iter().filter_map(|s| s.id).collect();
        let health = HealthCheck::default();
        let backends = specs
            .iter()
            .enumerate()
            .map(|(position, spec)| {
                let id = spec.id.unwrap_or_else(|| free_id(&mut taken, position));
                BackendConfig {
                    id,
                    name: spec.name.clone().unwrap_or_else(|| default_name(&spec.address)),
                    address: spec.address.clone(),
                    weight: spec.weight.unwrap_or(1),
                    tls: BackendTls::default(),
                    owner: None,
                    health: health.clone(),
                }
            })
            .collect();
        Config::new(backends)
    }

    /// What is wrong with the whole, beyond what is wrong with its parts.
    pub fn problems(&self) -> Vec<String> {
        let cookie = self.sticky.cookie.problems().into_iter();
        cookie.chain(self.conflicts().into_iter().map(|conflict| conflict.message)).collect()
    }

    /// Backends that cannot be together, or not behind this listener.
    fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let mut ids = BTreeSet::new();
        let mut names = BTreeSet::new();
        for (backend, config) in self.backends.iter().enumerate() {
            let BackendConfig { id, name, address, .. } = config;
            let mut conflict = |key, message| conflicts.push(Conflict { backend, key, message });
            if !ids.insert(*id) {
                conflict("id", format!("two backends have the id {id}: give each its own"));
            }
            if !names.insert(name.as_str()) {
                conflict("name", format!("two backends have the name '{name}': give each its own"));
            }
            if address.is_listener(self.host, self.port) {
                let message = format!("backend {name} at {address} is this balancer itself: give it another port");
                conflict("url", message);
            }
        }
        conflicts
    }
}

/// Something wrong with one backend beside the others.
struct Conflict {
    /// Its position.
    backend: usize,
    /// The key that is at fault.
    key: &'static str,
    message: String,
}

/// The smallest number from `position` up that no backend has yet; takes it.
fn free_id(taken: &mut BTreeSet<u32>, position: usize) -> u32 {
    let mut id = u32::try_from(position).unwrap_or(u32::MAX);
    while !taken.insert(id) {
        id += 1;
    }
    id
}

/// A name for a backend that was given none: what tells it from its neighbours.
fn default_name(address: &Address) -> String {
    if address.is_local() { address.short() } else { address.to_string() }
}
