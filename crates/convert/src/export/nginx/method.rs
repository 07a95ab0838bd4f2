//! How an upstream chooses a server.

use stickylb::api::{Mode, ResolvedPool, StickyBy, Strategy};

use crate::export::feature::Feature;
use crate::export::nginx_version::NginxVersion;
use crate::export::writer::Writer;

/// How an upstream chooses a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// In turn, by weight: what nginx does unless it is told otherwise.
    Turns,
    LeastConnections,
    Random,
    PowerOfTwo,
    LeastTime,
    /// By a hash of this.
    Hash(String),
}

impl Method {
    /// Whether servers may be `backup` beside it; where it stands behind them, nginx takes and then forgets the word.
    pub(super) fn takes_backups(&self) -> bool {
        !matches!(self, Method::Random | Method::PowerOfTwo | Method::Hash(_))
    }

    /// Its line, which stands first in an upstream.
    pub(super) fn line(&self, mode: Mode) -> Option<String> {
        Some(match self {
            Method::Turns => return None,
            Method::LeastConnections => "least_conn;".to_owned(),
            Method::Random => "random;".to_owned(),
            Method::PowerOfTwo => "random two least_conn;".to_owned(),
            Method::LeastTime if mode == Mode::Tcp => "least_time connect;".to_owned(),
            Method::LeastTime => "least_time header;".to_owned(),
            Method::Hash(key) => format!("hash {key} consistent;"),
        })
    }
}

/// The method of a pool's upstream; `variable` is the end of its variables' names.
pub(super) fn method_of(pool: &ResolvedPool, variable: &str, version: NginxVersion) -> Method {
    let has_backups = pool.backends.iter().any(|backend| backend.backup);
    match &pool.sticky.by {
        StickyBy::Ip => return Method::Hash("$remote_addr".to_owned()),
        StickyBy::Header(_) | StickyBy::Query(_) if pool.sticky.fixed_without_key => {
            return Method::Hash(key_variable(variable));
        }
        _ => {}
    }
    match pool.strategy {
        Strategy::Random if !has_backups => Method::Random,
        Strategy::PowerOfTwo if !has_backups => Method::PowerOfTwo,
        Strategy::LeastLatency if version >= NginxVersion::LEAST_TIME => Method::LeastTime,
        // For the last two, the nearest that there is.
        Strategy::LeastConnections | Strategy::PowerOfTwo | Strategy::LeastLatency => Method::LeastConnections,
        Strategy::Hash => Method::Hash("$remote_addr".to_owned()),
        _ => Method::Turns,
    }
}

/// Says where the method is not what the configuration asks for.
pub(super) fn say(pool: &ResolvedPool, method: &Method, to: &mut Writer) {
    let name = &pool.name;
    let moves = "nginx hashes in its own way, so clients move once, when it takes over";
    match &pool.sticky.by {
        StickyBy::Ip => to.cannot(Feature::StickyIp, format!("sticky by ip of pool {name}: {moves}")),
        StickyBy::Header(_) => to.cannot(Feature::StickyHeader, format!("sticky by header of pool {name}: {moves}")),
        StickyBy::Query(_) => to.cannot(Feature::StickyQuery, format!("sticky by query of pool {name}: {moves}")),
        _ => {}
    }
    match (pool.strategy, method) {
        (Strategy::Hash, Method::Hash(_)) => to.cannot(Feature::Hash, format!("strategy hash of pool {name}: {moves}")),
        (Strategy::Random, Method::Turns) => to.cannot(
            Feature::Random,
            format!("strategy random of pool {name}: nginx's has no backups: backends take turns, in the same shares"),
        ),
        (Strategy::PowerOfTwo, Method::LeastConnections) => to.cannot(
            Feature::PowerOfTwo,
            format!("strategy power-of-two of pool {name}: nginx's has no backups: the least busy of all is chosen"),
        ),
        (Strategy::LeastLatency, Method::LeastConnections) => to.cannot(
            Feature::LeastLatency,
            format!(
                "strategy least-latency of pool {name}: nginx has it from {} on: the least busy is chosen",
                NginxVersion::LEAST_TIME
            ),
        ),
        _ => {}
    }
}

/// The variable that holds the sticky key of a request to this pool.
pub(super) fn key_variable(pool: &str) -> String {
    format!("$key_of_{pool}")
}
