//! `names`: the names that lead to pools, and their lines for /etc/hosts.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;

use super::args::Args;
use super::layers;
use super::layers::UsageError;
use super::names_words::Names;
use super::say::say;
use crate::words::aligned;
use stickylb::config::{Config, name_url};
use stickylb::untrusted::Untrusted;

/// Who needs the lines, in comments of the file they are for.
const WHO: &str = "\
# Names of stickylb-tui. Chromium, Firefox and curl need no line for names below .localhost; Node, Python, Safari and, without
# systemd-resolved, most programs of Linux do. Any other name needs its lines everywhere.
";

/// A name that leads to a pool.
struct NamedUrl {
    name: String,
    url: String,
    pool: String,
    /// Where it is listened on.
    addresses: Vec<IpAddr>,
}

/// Prints them.
pub(super) fn names(args: &Args, asked: &Names) -> Result<ExitCode, UsageError> {
    let file = asked.config.clone().or_else(|| args.options.config.clone());
    let file = file.or_else(|| layers::default_file().filter(|_| asked.given.is_empty()));
    let written = match file {
        Some(path) => Some((layers::check(&path)?, path.display().to_string())),
        None if asked.given.is_empty() => None,
        None => Some((Config::new(Vec::new()), String::new())),
    };
    let (named, place) = match written {
        Some((mut config, place)) => {
            layers::name(&asked.given, &mut config)?;
            layers::without_problems(&config)?;
            (of_config(&config), place)
        }
        None => (of_running()?, String::new()),
    };
    if named.is_empty() {
        let to_do = "give one with --name app, or write \"names\": [\"app.localhost\"]";
        return Err(UsageError::Failed(if place.is_empty() {
            format!("there is no ./stickylb.json, and no balancer of yours that runs has names: {to_do} in such a file")
        } else {
            format!("{} has no names: {to_do} there", Untrusted::new(place))
        }));
    }
    say(&if asked.hosts { hosts(&named) } else { table(&named) })?;
    Ok(ExitCode::SUCCESS)
}

fn table(named: &[NamedUrl]) -> String {
    let mut rows = vec![["NAME", "URL", "POOL"].map(str::to_owned)];
    rows.extend(named.iter().map(|one| [one.name.clone(), one.url.clone(), one.pool.clone()]));
    aligned(&rows)
}

/// Each name once for each address, the first address first.
fn hosts(named: &[NamedUrl]) -> String {
    let mut seen = BTreeSet::new();
    let pairs = named.iter().flat_map(|one| one.addresses.iter().map(|address| (*address, one.name.as_str())));
    let lines = pairs.filter(|pair| seen.insert(*pair)).map(|(address, name)| format!("{address} {name}\n"));
    WHO.to_owned() + &lines.collect::<String>()
}

/// Those of a configuration.
fn of_config(config: &Config) -> Vec<NamedUrl> {
    let Some(listener) = config.named_listener().map(|first| &config.listeners[first]) else { return Vec::new() };
    let named = |(name, pool): (&String, &str)| NamedUrl {
        name: name.clone(),
        url: match listener.port {
            0 => format!("{}, at the port that is chosen at the start", name_url(name, listener.tls.is_some(), 0)),
            port => name_url(name, listener.tls.is_some(), port),
        },
        pool: pool.to_owned(),
        addresses: dialled(listener.host),
    };
    config.pools.iter().flat_map(|pool| pool.names.iter().map(|name| (name, pool.name.as_str()))).map(named).collect()
}

/// The addresses at which a listener at `host` is reached on this machine.
fn dialled(host: IpAddr) -> Vec<IpAddr> {
    let (four, six) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    match host {
        IpAddr::V4(Ipv4Addr::LOCALHOST) | IpAddr::V6(Ipv6Addr::UNSPECIFIED) => vec![four, six],
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => vec![four],
        other => vec![other],
    }
}

/// Those of the balancers that run.
#[cfg(unix)]
fn of_running() -> Result<Vec<NamedUrl>, UsageError> {
    let mut named = Vec::new();
    for snapshot in super::ctl::snapshots()? {
        for pool in &snapshot.pools {
            named.extend(pool.urls.iter().filter_map(|url| {
                let host = url.raw().split_once("://")?.1;
                let name = host.split_once(':').map_or(host, |(name, _)| name).to_owned();
                let addresses = dialled(Ipv4Addr::LOCALHOST.into());
                Some(NamedUrl { name, url: url.to_string(), pool: pool.name.to_string(), addresses })
            }));
        }
    }
    Ok(named)
}

#[cfg(not(unix))]
fn of_running() -> Result<Vec<NamedUrl>, UsageError> {
    Ok(Vec::new())
}
