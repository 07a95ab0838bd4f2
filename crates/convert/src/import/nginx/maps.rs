//! `map`: what a variable holds, and the routes that it makes where it holds a pool.

use serde_json::Value;

use super::blocks::Directive;

/// How many maps may stand behind each other.
const MOST_MAPS: usize = 4;

/// All `map` blocks that hold somewhere.
pub(super) struct Maps<'d>(pub(super) Vec<&'d Directive>);

/// One line of a map that leads somewhere: what it matches, and where it leads.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lead {
    pub(super) line: usize,
    pub(super) upgrade: Option<Value>,
    pub(super) path: Option<String>,
    pub(super) host: Option<String>,
    pub(super) to: String,
    /// What matches otherwise here.
    pub(super) note: Option<String>,
}

/// What a map that chooses pools says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Leads {
    pub(super) all: Vec<Lead>,
    /// Where all others go; empty is nowhere.
    pub(super) default: String,
    /// Where requests go that ask for no name that somebody gave, where all others go nowhere.
    pub(super) nameless: Option<String>,
    /// Lines that are nothing here.
    pub(super) odd: Vec<(usize, String)>,
}

/// What of a request a map looks at.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// The protocol it asks for, with the words that stand for protocols.
    Upgrade(Vec<(String, String)>),
    Host,
    Path,
}

impl<'d> Maps<'d> {
    /// The map that fills this variable.
    pub(super) fn of(&self, variable: &str) -> Option<&'d Directive> {
        let plain = variable.replace(['{', '}'], "");
        self.0.iter().find(|map| map.word(2) == plain).copied()
    }

    /// Where a variable leads by what a request asks for; `None` where it is none that can be read.
    pub(super) fn leads(&self, variable: &str) -> Option<Leads> {
        let map = self.of(variable)?;
        let parts: Option<Vec<Part>> = map.word(1).split(' ').map(|source| self.part(source, MOST_MAPS)).collect();
        let parts = parts?;
        let has_names = map.inside().iter().any(|line| line.name() == "hostnames");
        let mut leads = Leads::default();
        for line in map.inside() {
            let (key, value) = (line.name(), line.word(1));
            match key {
                "hostnames" | "volatile" => {}
                "default" => value.clone_into(&mut leads.default),
                _ if is_nameless(key, &parts) => leads.nameless = Some(value.to_owned()),
                _ => match lead(key, &parts, has_names) {
                    Some(lead) => leads.all.push(Lead { line: line.line, to: value.to_owned(), ..lead }),
                    None => leads.odd.push((line.line, line.text())),
                },
            }
        }
        Some(leads)
    }

    /// `depth` is how many maps may still stand behind each other.
    fn part(&self, source: &str, depth: usize) -> Option<Part> {
        match source {
            "$host" | "$http_host" | "$server_name" => return Some(Part::Host),
            "$uri" | "$request_uri" => return Some(Part::Path),
            "$http_upgrade" => return Some(Part::Upgrade(Vec::new())),
            _ => {}
        }
        // A map of the protocol to words that stand for it, or to itself where it is asked for as it should be.
        let map = self.of(source)?;
        if map.word(1) == "$http_connection" && map.inside().iter().any(|line| line.word(1) == "$http_upgrade") {
            return Some(Part::Upgrade(Vec::new()));
        }
        match self.part(map.word(1), depth.checked_sub(1)?)? {
            Part::Upgrade(words) if words.is_empty() => {}
            _ => return None,
        }
        let words = map.inside().iter().filter(|line| line.name() != "default");
        Some(Part::Upgrade(words.map(|line| (line.word(1).to_owned(), unescaped(line.name()))).collect()))
    }
}

/// A key of a map without the backslash that keeps it from being one of its words.
fn unescaped(key: &str) -> String {
    key.strip_prefix('\\').unwrap_or(key).to_owned()
}

/// The line of our own export for localhost, addresses and no host at all.
fn is_nameless(key: &str, parts: &[Part]) -> bool {
    parts.contains(&Part::Host) && key.contains(r"(?:localhost|[0-9.]+|\[[0-9a-f:.]+\])?")
}

fn lead(key: &str, parts: &[Part], has_names: bool) -> Option<Lead> {
    let mut lead = Lead::default();
    let (is_expression, rest) = match key.strip_prefix('~') {
        Some(rest) => (true, rest.strip_prefix('*').unwrap_or(rest).strip_prefix('^')?),
        None => (false, key),
    };
    if !is_expression {
        let [part] = parts else { return None };
        return plain(&unescaped(rest), part, has_names);
    }
    // What a request asks for any protocol by has a space in it.
    let any = "(?!none )\\S+";
    let rest = rest.replace(any, "\u{1}");
    let pieces: Vec<&str> = rest.splitn(parts.len(), ' ').collect();
    if pieces.len() != parts.len() {
        return None;
    }
    for (number, (piece, part)) in pieces.iter().zip(parts).enumerate() {
        let is_last = number + 1 == parts.len();
        match part {
            Part::Upgrade(words) => {
                lead.upgrade = match *piece {
                    "\\S+" => None,
                    "\u{1}" => Some(true.into()),
                    word => Some(protocol(&literal(end(word, is_last).0)?, words)?),
                };
            }
            Part::Host => {
                lead.host = match end(piece, is_last).0 {
                    "\\S*" => None,
                    piece => Some(match piece.strip_prefix("\\S+").or_else(|| piece.strip_prefix(".+")) {
                        Some(rest) => format!("*{}", literal(rest).filter(|rest| rest.starts_with('.'))?),
                        None => literal(piece)?,
                    }),
                };
            }
            Part::Path => {
                let (piece, is_whole) = end(piece, true);
                match piece.strip_suffix("(?:[/?]|$)").or_else(|| piece.strip_suffix("(/|$)")) {
                    Some(piece) => lead.path = Some(literal(piece)?),
                    None if piece.is_empty() => {}
                    None => {
                        let path = literal(piece)?;
                        if is_whole || !path.ends_with('/') {
                            lead.note = Some(super::locations::whole_parts(&path));
                        }
                        lead.path = Some(path);
                    }
                }
            }
        }
    }
    Some(lead)
}

/// A line that is no expression.
fn plain(key: &str, part: &Part, has_names: bool) -> Option<Lead> {
    let mut lead = Lead::default();
    match part {
        Part::Upgrade(words) => lead.upgrade = Some(protocol(key, words)?),
        Part::Host if has_names && key.starts_with('.') => lead.host = Some(format!("*{key}")),
        Part::Host if key.starts_with("*.") && !has_names => return None,
        Part::Host => lead.host = Some(key.to_owned()),
        Part::Path => {
            lead.path = Some(key.to_owned());
            lead.note = Some(format!("the path {key} is for all below it too here"));
        }
    }
    Some(lead)
}

/// Our protocol for a value; `none`, and nothing, is no upgrade.
fn protocol(value: &str, words: &[(String, String)]) -> Option<Value> {
    let known = words.iter().find(|(word, _)| word == value);
    match known.map_or(value, |(_, protocol)| protocol) {
        "" => Some(false.into()),
        "none" if known.is_none() && !words.is_empty() => None,
        protocol => Some(protocol.to_ascii_lowercase().into()),
    }
}

/// The piece without the `$` that ends a whole expression, and whether it had one.
fn end(piece: &str, is_last: bool) -> (&str, bool) {
    if !is_last {
        return (piece, false);
    }
    let bare = piece.strip_suffix('$').filter(|bare| !bare.ends_with('\\'));
    (bare.unwrap_or(piece), bare.is_some())
}

/// The text that an expression matches, where it is that text alone.
fn literal(expression: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = expression.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(|c| !c.is_ascii_alphanumeric())?),
            c if "^$.[]|()?*+{}".contains(c) => return None,
            c => text.push(c),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

    use super::super::blocks::directives;
    use super::*;

    fn leads(text: &str, variable: &str) -> Option<Leads> {
        let read = directives(text).unwrap();
        Maps(read.iter().collect()).leads(variable)
    }

    #[test]
    fn maps_of_hosts_paths_and_protocols_are_read() {
        let found = leads("map $http_upgrade $to { default web; websocket live; \"\" web; }", "$to").unwrap();
        assert_eq!((found.default.as_str(), found.all.len()), ("web", 2));
        assert_eq!((&found.all[0].upgrade, found.all[0].to.as_str()), (&Some("websocket".into()), "live"));
        assert_eq!(found.all[1].upgrade, Some(false.into()));
        let found = leads("map $host $to { hostnames; default a; *.b.test b; ~^c\\.test$ c; ~x y; }", "${to}").unwrap();
        let hosts: Vec<_> = found.all.iter().map(|lead| lead.host.as_deref()).collect();
        assert_eq!((hosts, found.odd.len()), (vec![Some("*.b.test"), Some("c.test")], 1));
        let found = leads("map $uri $to { default a; ~^/api(/|$) b; ~^/old b; }", "$to").unwrap();
        assert_eq!((found.all[0].path.as_deref(), found.all[0].note.as_ref()), (Some("/api"), None));
        assert!(found.all[1].note.is_some());
    }

    #[test]
    fn what_cannot_be_told_of_a_request_is_no_map_of_pools() {
        assert_eq!(leads("map $cookie_x $to { default a; }", "$to"), None);
        assert_eq!(leads("", "$to"), None);
        assert_eq!(leads("map $to $to { default a; }", "$to"), None);
    }
}
