//! Where clients connect: an element of `listeners`, or `port` and `host`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::keys::Keys;
use super::locations::{At, Locations};
use super::node::Node;
use super::route::RouteConfig;
use super::tls::TlsConfig;
use super::written::Named;
use crate::api::Mode;

/// The port that is listened on unless the file or `--port` says otherwise.
pub const DEFAULT_PORT: u16 = 3001;

/// Where clients connect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerConfig {
    /// The address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// What is spoken with clients.
    pub mode: Mode,
    /// Requests that go to a pool of their own; the first that matches counts.
    pub routes: Vec<RouteConfig>,
    /// The pool of all others, by name; `None` where they are answered 404, which only a listener can that leads to pools by
    /// their [names](crate::config::PoolConfig::names).
    pub pool: Option<String>,
    /// Whether each connection begins with a PROXY protocol header, of either version, that names its client. It is
    /// taken from `trustedProxies` and this machine alone.
    pub proxy_protocol: bool,
    /// How it speaks TLS with its clients, if it does.
    pub tls: Option<TlsConfig>,
    /// Whether its clients count as having come over TLS, although it speaks plainly: it stands for a listener that does.
    pub(crate) stands_for_tls: bool,
}

impl ListenerConfig {
    /// A listener for HTTP on this machine alone, in front of this pool.
    pub fn new(pool: impl Into<String>) -> Self {
        ListenerConfig { pool: Some(pool.into()), ..ListenerConfig::without_pool() }
    }

    /// A listener for HTTP on this machine alone, without a pool of its own.
    pub(crate) fn without_pool() -> Self {
        ListenerConfig {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: DEFAULT_PORT,
            mode: Mode::Http,
            routes: Vec::new(),
            pool: None,
            proxy_protocol: false,
            tls: None,
            stands_for_tls: false,
        }
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// Every pool it leads to but by names, its own last.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|route| route.pool.as_str()).chain(self.pool.as_deref())
    }

    /// Whether both cannot be listened on at once.
    pub(crate) fn overlaps(&self, other: &ListenerConfig) -> bool {
        let (one, two) = (self.host, other.host);
        let all = |a: IpAddr, b: IpAddr| a.is_unspecified() && a.is_ipv4() == b.is_ipv4();
        self.port != 0 && self.port == other.port && (one == two || all(one, two) || all(two, one))
    }
}

impl ListenerConfig {
    /// Reads `port` and `host`.
    pub(crate) fn read_address(&mut self, keys: &mut Keys<'_, '_>) {
        if let Some(port) = keys.get("port", "Where to listen; 0 takes any free port", |n| n.integer(0, 65_535)) {
            self.port = port;
        }
        let described = "The address to listen on; 0.0.0.0 lets your whole network in";
        keys.set("host", described, &mut self.host, |n| n.hint("minLength", 1).parsed(host));
    }

    /// Reads an element of `listeners`; `number` is its position. What it does not say of TLS stays as it is.
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>, number: usize, locations: &mut Locations) {
        keys.require("port", "a listener needs a 'port'");
        self.read_address(keys);
        keys.set("mode", "http, or tcp for raw connections", &mut self.mode, |n| n.one_of(Mode::NAMES));
        keys.get("routes", "The first that matches counts", |n| self.read_routes(n, number, locations));
        let described =
            "The pool of all other requests; it need not be named where there is only one, or where pools have names";
        let pool = keys.get("pool", described, |n| n.string());
        let described = "Connections begin with a PROXY protocol header that names the client";
        keys.set("proxyProtocol", described, &mut self.proxy_protocol, |n| n.boolean());
        let tls = "Whether clients speak TLS; as at the top unless set";
        keys.get("tls", tls, |n| TlsConfig::read(n, &mut self.tls));
        for key in ["port", "routes"] {
            locations.note(At::Listener(number, key), keys.place_of(key));
        }
        // What is no text is wrong already.
        if pool.is_some() || !keys.has("pool") {
            locations.note(At::Listener(number, "pool"), keys.place_of("pool"));
        }
        self.pool = pool;
    }

    fn read_routes(&mut self, n: Node<'_, '_>, number: usize, locations: &mut Locations) -> Option<usize> {
        n.each(|n| {
            let place = self.routes.len();
            let n = n.hint("description", "Sends some requests to a pool");
            self.routes.extend(n.object(|keys| RouteConfig::read(keys, (number, place), locations)));
        })
    }
}

fn host(host: &str) -> Result<IpAddr, String> {
    match host {
        "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
        _ => host.parse().map_err(|_| format!("'{host}' is not an address: write 127.0.0.1 or 0.0.0.0")),
    }
}
