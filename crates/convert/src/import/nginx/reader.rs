//! `http` and `stream`: their servers, and where these lead.

use std::collections::{HashMap, HashSet};

use super::blocks::Directive;
use super::listen::listens;
use super::locations::{LONG_LIVED, Location, locations};
use super::maps::{Lead, Maps};
use super::scope::Scope;
use super::settings;
use super::upstream::{Speech, pool, pool_of_one};
use super::virtual_hosts::{Host, Pass, listeners};
use crate::import::access::Access;
use crate::import::draft::Draft;

/// One `http` or `stream`.
pub(super) struct Reader<'d> {
    scope: Scope<'d>,
    block: &'d [Directive],
    is_tcp: bool,
    /// In the order of the file.
    upstreams: Vec<&'d Directive>,
    /// The first of each name, in lower case.
    by_name: HashMap<String, &'d Directive>,
    pub(super) maps: Maps<'d>,
    /// The pools that were made, by how they are spoken to and where they are.
    pools: HashMap<String, Option<usize>>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(scope: Scope<'d>, block: &'d [Directive], is_tcp: bool) -> Self {
        let of = |name: &str| block.iter().filter(|directive| directive.name() == name).collect::<Vec<&Directive>>();
        let upstreams = of("upstream");
        let mut by_name = HashMap::new();
        for upstream in &upstreams {
            by_name.entry(upstream.word(1).to_ascii_lowercase()).or_insert(*upstream);
        }
        Reader { scope, block, is_tcp, upstreams, by_name, maps: Maps(of("map")), pools: HashMap::new() }
    }

    /// The upstream of this name.
    pub(super) fn upstream(&self, name: &str) -> Option<&'d Directive> {
        self.by_name.get(&name.to_ascii_lowercase()).copied()
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// Something is malformed.
    pub(super) fn read(mut self, draft: &mut Draft) -> Result<(), String> {
        let mut hosts = Vec::new();
        for server in self.block.iter().filter(|directive| directive.name() == "server") {
            hosts.push(self.host(server, draft)?);
        }
        listeners(&hosts, draft);
        let used: HashSet<String> = self.pools.keys().map(|place| name_of(place).to_ascii_lowercase()).collect();
        for upstream in &self.upstreams {
            let name = upstream.word(1).to_ascii_lowercase();
            if !used.contains(&name) && !made_of(&name).is_some_and(|name| used.contains(name)) {
                let why = format!("upstream '{}' is left out: nothing leads to it", upstream.word(1));
                draft.left_out.say(upstream.line, why);
            }
        }
        Ok(())
    }

    /// One server, with where it leads.
    fn host(&mut self, server: &'d Directive, draft: &mut Draft) -> Result<Host<'d>, String> {
        let scope = self.scope.inside(server.inside());
        let listens = listens(server, &mut draft.left_out)?;
        let mut passes = Vec::new();
        let locations = locations(server, &scope, &mut draft.left_out);
        let access = access(&locations, &scope, draft);
        for location in &locations {
            passes.extend(self.passes(location, draft)?);
        }
        // What holds for all paths comes first.
        for location in locations.iter().rev() {
            if self.is_tcp {
                settings::read_tcp(&location.scope, draft);
            } else {
                settings::read_http(&location.scope, !location.path.is_empty(), draft);
            }
        }
        long_lived(server, &scope, draft);
        Ok(Host { server, scope, listens, access, passes, is_tcp: self.is_tcp })
    }

    /// Where a location leads: to one pool, or to several by a map.
    fn passes(&mut self, location: &Location<'d>, draft: &mut Draft) -> Result<Vec<Pass>, String> {
        let target = location.pass.word(1);
        let at = |lead: Lead, pool| Pass {
            path: lead.path.or_else(|| Some(location.path.clone()).filter(|path| !path.is_empty())),
            host: lead.host,
            upgrade: lead.upgrade,
            pool,
        };
        // Which is what is passed on anyway.
        let target = &location.scope.written_out(target.strip_suffix("$request_uri").unwrap_or(target));
        let Some((scheme, variable)) = variable(target) else {
            if target.contains('$') {
                draft.left_out.part(location.pass.line, &location.pass.text(), "where it leads is written out here");
                return Ok(Vec::new());
            }
            let pool = self.pool(target, location, draft)?;
            return Ok(vec![at(Lead::default(), pool)]);
        };
        let Some(leads) = self.maps.leads(variable).filter(|_| !self.is_tcp) else {
            if let Some(pool) = self.chosen_by_client(variable, location, draft)? {
                return Ok(vec![at(Lead::default(), Some(pool))]);
            }
            draft.left_out.part(location.pass.line, &location.pass.text(), "where it leads is written out here");
            return Ok(Vec::new());
        };
        for (line, text) in leads.odd {
            draft.left_out.part(line, &text, "a route here goes by host, the beginning of the path, or the protocol");
        }
        let mut passes = Vec::new();
        for lead in leads.all {
            if lead.path.is_some() && !location.path.is_empty() {
                draft.left_out.say(lead.line, "a route here looks at the path once");
                continue;
            }
            lead.note.iter().for_each(|note| draft.left_out.say(lead.line, note.as_str()));
            let pool = self.led_to(scheme, &lead.to, location, draft)?;
            passes.push(at(lead, pool));
        }
        let default = leads.nameless.as_ref().unwrap_or(&leads.default);
        if !default.is_empty() {
            let pool = self.led_to(scheme, default, location, draft)?;
            passes.push(at(Lead::default(), pool));
        }
        if leads.nameless.is_some() || leads.default.is_empty() {
            // All others are answered 404.
            passes.push(Pass { host: Some(String::new()), ..at(Lead::default(), None) });
        }
        Ok(passes)
    }

    /// The pool that a value of a map names.
    fn led_to(
        &mut self,
        scheme: &str,
        value: &str,
        location: &Location<'d>,
        draft: &mut Draft,
    ) -> Result<Option<usize>, String> {
        if value.starts_with('$') {
            return self.chosen_by_client(value, location, draft);
        }
        let whole = value.contains("://");
        let place = if whole { value.to_owned() } else { format!("{scheme}{value}") };
        self.pool(&place, location, draft)
    }

    /// The pool at a place such as `http://web`; `None` where that is left out.
    pub(super) fn pool(
        &mut self,
        target: &str,
        location: &Location<'d>,
        draft: &mut Draft,
    ) -> Result<Option<usize>, String> {
        let line = location.pass.line;
        let (scheme, rest) = match target.split_once("://") {
            _ if self.is_tcp => ("tcp", target),
            Some(("http", rest)) => ("http", rest),
            Some(("https", rest)) => ("https", rest),
            _ => {
                return Err(format!(
                    "line {line}: '{target}' is no address to pass requests to: write http://host:port"
                ));
            }
        };
        let place = place(rest, location, draft);
        let key = format!("{scheme}://{place}");
        if let Some(pool) = self.pools.get(&key) {
            return Ok(*pool);
        }
        let speech = self.speech(scheme, location, draft);
        let upstream = self.upstream(&place);
        let pool = match upstream {
            Some(upstream) => Some(pool(upstream, &speech, &mut draft.left_out)?),
            None => pool_of_one(line, &place, &speech, &mut draft.left_out)?,
        };
        if let Some(mut pool) = pool {
            if let Some(key) = self.fixed_key(upstream) {
                pool.sticky = key;
            }
            if scheme == "https" {
                self.name_servers(&mut pool, location, draft);
            }
            self.pools.insert(key, Some(draft.pools.len()));
            draft.pools.push(pool);
            return Ok(Some(draft.pools.len() - 1));
        }
        self.pools.insert(key, None);
        Ok(None)
    }

    /// How the servers that a location leads to are spoken to.
    fn speech(&self, scheme: &'static str, location: &Location<'d>, draft: &mut Draft) -> Speech {
        let is_on = |name: &str| location.scope.one(name).is_some_and(|directive| directive.word(1) == "on");
        if self.is_tcp && is_on("proxy_ssl") {
            let line = location.scope.one("proxy_ssl").map_or(location.line, |directive| directive.line);
            draft.left_out.part(line, "proxy_ssl on", "servers behind a tcp port are spoken to as their clients speak");
        }
        let name = location.scope.one("proxy_ssl_name").filter(|_| scheme == "https");
        let server_name = name.map(|name| name.word(1).to_owned()).filter(|name| !name.contains('$'));
        Speech {
            scheme,
            trusts_all: !is_on("proxy_ssl_verify"),
            server_name,
            proxy_protocol: self.is_tcp && is_on("proxy_protocol"),
        }
    }
}

/// The variable that a target is, with what stands before it: `http://$backend`.
fn variable(target: &str) -> Option<(&str, &str)> {
    let at = target.find('$')?;
    let (scheme, variable) = target.split_at(at);
    let is_whole = variable
        .trim_start_matches(['$', '{'])
        .trim_end_matches('}')
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (is_whole && (scheme.is_empty() || scheme.ends_with("://"))).then_some((scheme, variable))
}

/// Who may come to a server: what holds for most of its paths. What is said for some paths alone is left out.
fn access(locations: &[Location<'_>], scope: &Scope<'_>, draft: &mut Draft) -> Access {
    let whole = locations.iter().find(|location| location.path.is_empty());
    for location in locations.iter().filter(|location| !location.path.is_empty()) {
        for name in ["allow", "deny", "limit_conn", "limit_req"] {
            for rule in location.scope.here(name) {
                draft.left_out.part(
                    rule.line,
                    &rule.text(),
                    "who may come is said for all paths of all ports together here",
                );
            }
        }
    }
    settings::access(whole.map_or(scope, |location| &location.scope), &mut draft.left_out)
}

/// Whether a place is this upstream, or one that our own export made of it.
pub(super) fn is_of(place: &str, upstream: &str) -> bool {
    let name = name_of(place);
    name == upstream || made_of(upstream) == Some(name)
}

/// The upstream of which our own export made another one: `web` of `web.7` and `web.key`.
fn made_of(upstream: &str) -> Option<&str> {
    let (name, end) = upstream.rsplit_once('.')?;
    (end == "key" || end.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

/// The server or upstream of a place such as `http://web`.
fn name_of(place: &str) -> &str {
    place.split_once("://").map_or(place, |(_, name)| name)
}

/// Where upgrades are let be silent for longer, as our own export has it.
fn long_lived<'d>(server: &'d Directive, scope: &Scope<'d>, draft: &mut Draft) {
    let is_it = |inner: &&Directive| inner.name() == "location" && inner.word(1) == LONG_LIVED;
    if let Some(location) = server.inside().iter().find(is_it) {
        settings::time(&scope.inside(location.inside()), "proxy_read_timeout", "timeouts.tunnelIdle", draft);
    }
}

/// The server or upstream of a target, without the path that stands behind it.
fn place(rest: &str, location: &Location<'_>, draft: &mut Draft) -> String {
    let (place, path) = if let Some(socket) = rest.strip_prefix("unix:") {
        let (socket, path) = socket.split_once(':').unwrap_or((socket, ""));
        (format!("unix:{socket}"), path)
    } else {
        let (place, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        (place.to_owned(), path)
    };
    let is_same = path.is_empty() || path == location.path || (path == "/" && location.path.is_empty());
    if !is_same {
        let why =
            format!("the path {path} of '{}' is left out: paths are passed on as they come", location.pass.text());
        draft.left_out.say(location.pass.line, why);
    }
    place
}
