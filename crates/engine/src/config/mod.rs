//! What the program is told: defaults, then the file, then the command line.
//!
//! Times are [`Duration`](std::time::Duration)s, whatever the file counts them in; what each key of the file is called and
//! what it is unless set is in docs/configuration.md.
//!
//! Everything here is plain data. A [`Config`] that exists is valid: it is built by [`parse`] or by
//! [`Config::new`] and the checks of [`Config::problems`], which report every problem at once and
//! repair none.
//!
//! Each section of the file is a struct with its reader in one file, and the reader names every key once: with its
//! description, its default and what it may be. The JSON Schema is made by the same readers.

mod access;
mod address;
mod alert;
mod backend;
mod backend_limits;
mod backend_spec;
mod conflict;
mod cookie;
pub(crate) mod document;
mod email;
mod expect;
pub(crate) mod file;
mod health;
pub(crate) mod keys;
mod limits;
mod listener;
mod listeners_and_pools;
mod local;
mod local_name;
mod locations;
mod name_conflict;
pub(crate) mod nearest;
pub(crate) mod node;
mod passive;
mod pool;
mod problem;
mod read_file;
mod resolved;
mod retry;
mod root;
mod route;
pub(crate) mod schema;
mod secret;
mod secure_cookie;
mod statuses;
mod sticky;
mod timeouts;
mod tls;
mod token;
mod vouched;
mod written;

pub use crate::api::{CheckAlgorithm, HostHeader, MAX_WEIGHT, SameSite, UpgradeMatch};
pub use access::AccessConfig;
pub use address::{Address, AddressError, Scheme};
pub use alert::{AlertConfig, AlertError, AlertRule};
pub(crate) use alert::{AlertScope, Figure};
pub use backend::{BackendConfig, BackendTls, ProxyProtocol};
pub use backend_limits::BackendLimits;
pub(crate) use backend_limits::MOST_IDLE;
pub use backend_spec::BackendSpec;
pub(crate) use conflict::{is_itself, recipients};
pub use cookie::CookieConfig;
#[cfg(unix)]
pub(crate) use email::is_host_name;
pub use email::{EmailAuth, EmailConfig, Encryption};
pub use expect::Expect;
pub use file::{parse, parse_beside_copies};
pub use health::HealthCheck;
pub use limits::Limits;
pub use listener::{DEFAULT_PORT, ListenerConfig};
pub use local::is_local_name;
pub(crate) use local::{reaches, without_brackets};
pub(crate) use local_name::bare_host;
pub use local_name::{local_name, name_url};
pub use passive::Passive;
pub use pool::{DEFAULT_POOL, PoolConfig};
pub use problem::{ConfigError, Problem};
pub(crate) use read_file::open_file;
pub use read_file::read_file;
pub use retry::RetryConfig;
pub use root::Config;
pub use route::RouteConfig;
pub use schema::SCHEMA;
pub use secret::Secret;
pub use statuses::Statuses;
pub use sticky::{MissingKey, OnFailure, StickyConfig};
pub use timeouts::Timeouts;
pub use tls::{Authority, CertificateFiles, PlainHttp, TlsConfig, TlsVersion};
pub(crate) use vouched::{VOUCHED_NAMES, VOUCHED_NETWORKS, is_vouched, is_vouched_address};
