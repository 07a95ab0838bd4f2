//! What variables hold beside the pool: who is bound to which server, and what a certificate must be for.

use serde_json::{Map, Value};

use super::blocks::Directive;
use super::locations::Location;
use super::reader::{Reader, is_of};
use super::upstream::{OUR_KEY, by, sticky_key};
use crate::import::address::whole_number;
use crate::import::draft::{Draft, Pool, Sticky};

impl<'d> Reader<'d> {
    /// The pool behind a variable by which our own export keeps clients: by their cookie, or their key.
    pub(super) fn chosen_by_client(
        &mut self,
        variable: &str,
        location: &Location<'d>,
        draft: &mut Draft,
    ) -> Result<Option<usize>, String> {
        let Some(map) = self.maps.of(variable) else { return Ok(None) };
        let value = |key: &str| map.inside().iter().find(|line| line.name() == key).map(|line| line.word(1));
        let Some(default) = value("default") else { return Ok(None) };
        if map.word(1) == "$http_cookie" {
            let is_one =
                map.inside().iter().all(|line| is_of(default, line.word(1).rsplit('/').next().unwrap_or_default()));
            if !is_one {
                return Ok(None);
            }
            let found = self.pool(default, location, draft)?;
            if let Some(number) = found {
                let pool = &mut draft.pools[number];
                pool.fails = self.has_no_stand_ins(map);
                if pool.sticky == Sticky::Off {
                    self.bind_by_answers(pool, map.line);
                }
            }
            return Ok(found);
        }
        let Some(keyless) = value("").filter(|_| default.strip_suffix(".key").is_some()) else { return Ok(None) };
        let found = self.pool(keyless, location, draft)?;
        if let (Some(number), Some(key)) = (found, self.key_of(map.word(1)))
            && draft.pools[number].sticky == Sticky::Off
        {
            draft.pools[number].sticky = by(&key);
        }
        Ok(found)
    }

    /// Binds clients by the cookie that answers are given by the address of their server, as our own export has it for an nginx
    /// without sticky cookies.
    fn bind_by_answers(&self, pool: &mut Pool, line: usize) {
        let lines =
            || self.maps.0.iter().filter(|map| map.word(1).ends_with("$upstream_addr")).flat_map(|map| map.inside());
        let start = format!("~^{}(", pool.name);
        let mut cookie = None;
        for backend in &mut pool.backends {
            let place = backend.url.split_once(':').map_or("", |(_, place)| place.trim_start_matches("//"));
            let found = lines().find(|line| {
                let key = line.name().replace('\\', "");
                key.starts_with(&start) && is_at(&key, place)
            });
            let Some((name, id, keys)) = found.and_then(|line| set_cookie(line.word(1))) else { continue };
            backend.cookie = Some(id);
            cookie.get_or_insert((name, keys));
        }
        if let Some((name, mut keys)) = cookie {
            keys.insert("name".to_owned(), name.into());
            pool.sticky = Sticky::Cookie(keys, line);
        }
    }

    /// Whether the upstreams of bound clients, in our own export, have one server each.
    fn has_no_stand_ins(&self, map: &Directive) -> bool {
        let mut apart = map.inside().iter().filter(|line| line.name() != "default");
        apart.all(|line| {
            let name = line.word(1).rsplit('/').next().unwrap_or_default();
            let upstream = self.upstream(name);
            upstream.is_some_and(|found| found.inside().iter().filter(|inner| inner.name() == "server").count() == 1)
        })
    }

    /// Our stickiness by the key that such a variable holds.
    fn key_of(&self, variable: &str) -> Option<String> {
        let map = self.maps.of(variable)?;
        if map.word(1) != "$args" {
            return sticky_key(map.word(1));
        }
        let pattern = map.inside().iter().find_map(|line| line.name().strip_prefix("~(?:^|&)"))?;
        let (name, _) = pattern.split_once("=(?<")?;
        Some(format!("query:{}", name.replace('\\', "")))
    }

    /// The stickiness of an upstream that hashes a key of our own export, with those without one to one server.
    pub(super) fn fixed_key(&self, upstream: Option<&Directive>) -> Option<Sticky> {
        let hash = upstream?.inside().iter().find(|directive| directive.name() == "hash")?;
        let key = self.key_of(hash.word(1)).filter(|_| hash.word(1).starts_with(OUR_KEY))?;
        let Sticky::By(mut keys) = by(&key) else { return None };
        keys.insert("missing".to_owned(), "fixed".into());
        Some(Sticky::By(keys))
    }

    /// The names that certificates of servers must be for, where a map has them.
    pub(super) fn name_servers(&self, pool: &mut Pool, location: &Location<'d>, draft: &mut Draft) {
        let name = location.scope.one("proxy_ssl_name").filter(|name| name.word(1).contains('$'));
        let Some(directive) = name.filter(|name| !["$proxy_host", "$host", "$http_host"].contains(&name.word(1)))
        else {
            return;
        };
        let Some(map) = self.maps.of(directive.word(1)) else {
            return draft.left_out.part(directive.line, &directive.text(), "it is one name for each server here");
        };
        for backend in &mut pool.backends {
            let host_and_port = backend.url.trim_start_matches("https://");
            let host = host_and_port.rsplit_once(':').map_or(host_and_port, |(host, _)| host);
            let found = map
                .inside()
                .iter()
                .find(|line| is_at(&line.name().replace('\\', ""), host_and_port))
                .map(|line| line.word(1));
            if let Some(found) = found.filter(|found| *found != host && !found.is_empty()) {
                let tls = backend.keys.entry("tls").or_insert_with(|| serde_json::json!({}));
                tls["serverName"] = found.into();
            }
        }
    }
}

/// Whether a pattern without its backslashes is for a server at this place: by its address, or by its port where only that is known.
fn is_at(pattern: &str, place: &str) -> bool {
    let port = place.rsplit_once(':').map_or("443", |(_, port)| port);
    pattern.ends_with(&format!("{place}$")) || pattern.ends_with(&format!("S+:{port}$"))
}

/// The name and the value of a `Set-Cookie`, and our keys for the rest of it.
fn set_cookie(text: &str) -> Option<(String, String, Map<String, Value>)> {
    let text = text.replace("${dollar}", "$");
    let mut parts = text.split("; ");
    let (name, id) = parts.next()?.split_once('=')?;
    let mut keys = Map::new();
    for part in parts {
        let (key, value) = match part.split_once('=').unwrap_or((part, "")) {
            ("Path", "/") | ("HttpOnly", _) => continue,
            ("Path", path) => ("path", path.into()),
            ("Domain", domain) => ("domain", domain.into()),
            ("Max-Age", seconds) => ("maxAge", whole_number(seconds)?.into()),
            ("SameSite", word) => ("sameSite", word.into()),
            ("Secure", _) => ("secure", true.into()),
            _ => return None,
        };
        keys.insert(key.to_owned(), value);
    }
    Some((name.to_owned(), id.to_owned(), keys))
}
