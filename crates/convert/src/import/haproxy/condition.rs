//! Conditions of HAProxy: `acl` lines, and what follows `if` (its manual, 7.1 and 7.2).

use std::collections::HashMap;

use crate::import::access::is_network;
use crate::import::address::whole_number;

/// What a condition looks at, as far as ours can.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// The whole path.
    Path(String),
    /// Its beginning.
    PathBegins(String),
    /// A directory in it.
    PathDirectory(String),
    /// The host that is asked for.
    Host(String),
    /// Its end, `.example.com`.
    HostEnds(String),
    /// A protocol that is asked for.
    Upgrade(String),
    /// Whether another protocol is asked for.
    AnyUpgrade(bool),
    /// A network of clients.
    Source(String),
    /// That many connections of one client, or more.
    Connections(u64),
    /// That many requests of one client, or more, as this counter has them.
    Requests(String, u64),
    /// A body of more bytes.
    BodyOver(u64),
    /// Every request.
    Always,
}

/// Several tests of which one must hold, or, negated, none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub(super) is_negated: bool,
    pub(super) any_of: Vec<Test>,
}

/// Groups of terms: all of one group must hold.
pub(super) type Condition = Vec<Vec<Term>>;

/// The `acl` lines of a section, and what its variables stand for.
#[derive(Clone, Default)]
pub(super) struct Acls {
    /// By name, each with its tests: several of one name stand beside each other.
    acls: HashMap<String, Vec<Vec<String>>>,
    /// Expressions by the variable that holds what they find.
    variables: HashMap<String, String>,
}

impl Acls {
    /// Reads `acl NAME …`.
    pub(super) fn add(&mut self, words: &[String]) {
        if let [_, name, test @ ..] = words {
            self.acls.entry(name.clone()).or_default().push(test.to_vec());
        }
    }

    /// Reads `http-request set-var(NAME) EXPRESSION`; tells whether its value is one that conditions here can look at.
    pub(super) fn add_variable(&mut self, words: &[String]) -> bool {
        let [_, action, expression, condition @ ..] = words else { return false };
        let Some(name) = action.strip_prefix("set-var(").and_then(|rest| rest.strip_suffix(')')) else { return false };
        let is_for_upgrades = || {
            self.condition(condition)
                == Ok(vec![vec![Term { is_negated: false, any_of: vec![Test::AnyUpgrade(true)] }]])
        };
        let is_known = self.subject(expression).is_some() && (condition.is_empty() || is_for_upgrades());
        if is_known {
            self.variables.insert(name.to_owned(), expression.clone());
        }
        is_known
    }

    fn named(&self, name: &str) -> Result<Vec<Test>, String> {
        match (self.acls.get(name), name) {
            (Some(tests), _) => {
                tests.iter().map(|words| self.tests(words)).collect::<Result<Vec<_>, _>>().map(|all| all.concat())
            }
            (None, "TRUE") => Ok(vec![Test::Always]),
            (None, "LOCALHOST") => Ok(["127.0.0.0/8", "::1"].map(|net| Test::Source(net.to_owned())).to_vec()),
            (None, _) => Err(format!("there is no acl '{name}'")),
        }
    }

    /// Reads what stands behind `if` or, negated, behind `unless`; nothing is always.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn condition(&self, words: &[String]) -> Result<Condition, String> {
        let (is_unless, words) = match words.split_first() {
            None => return Ok(vec![vec![]]),
            Some((word, rest)) if word == "if" => (false, rest),
            Some((word, rest)) if word == "unless" => (true, rest),
            Some((word, _)) => return Err(format!("'{word}' is not known here")),
        };
        let mut groups = vec![Vec::new()];
        let mut is_negated = false;
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            let word = match word.strip_prefix('!') {
                Some(word) => {
                    is_negated = !is_negated;
                    word
                }
                None => word,
            };
            let any_of = match word {
                "" => continue,
                "or" | "||" => {
                    groups.push(Vec::new());
                    continue;
                }
                "{" => {
                    let end = rest.iter().position(|word| word == "}").ok_or("a { has no }")?;
                    let found = self.tests(&rest[..end])?;
                    rest = &rest[end + 1..];
                    found
                }
                name => self.named(name)?,
            };
            groups.last_mut().into_iter().for_each(|group| group.push(Term { is_negated, any_of: any_of.clone() }));
            is_negated = false;
        }
        if is_unless { negated(groups) } else { Ok(groups) }
    }

    /// What one test looks at: `path_beg -i /api /rpc`.
    fn tests(&self, words: &[String]) -> Result<Vec<Test>, String> {
        let unknown = || format!("'{}' is not looked at here", words.join(" "));
        let (criterion, rest) = words.split_first().ok_or_else(|| "a condition is empty".to_owned())?;
        let mut how = None;
        let mut values: Vec<&str> = Vec::new();
        let mut rest = rest.iter().map(String::as_str);
        while let Some(word) = rest.next() {
            match word {
                "-i" | "-n" | "-u" if values.is_empty() => {}
                "-m" if values.is_empty() => how = rest.next(),
                "-f" | "-M" if values.is_empty() => return Err("a list in a file of its own is not read".to_owned()),
                "--" if values.is_empty() => values.extend(rest.by_ref()),
                value => values.push(value),
            }
        }
        let (subject, suffix) = self.subject(criterion).ok_or_else(unknown)?;
        let how = how.or(suffix).unwrap_or(if matches!(subject, Subject::UpgradeCount) { "int" } else { "str" });
        let limit = |test: &dyn Fn(u64) -> Test| match values.as_slice() {
            ["gt", limit] => whole_number(limit).map(|limit| vec![test(limit.saturating_add(1))]).ok_or_else(unknown),
            ["ge", limit] => whole_number(limit).map(|limit| vec![test(limit)]).ok_or_else(unknown),
            _ => Err(unknown()),
        };
        let each = |test: fn(String) -> Test| Ok(values.iter().map(|value| test((*value).to_owned())).collect());
        match (&subject, how) {
            (Subject::Path, "str") => each(Test::Path),
            (Subject::Path, "beg") => each(Test::PathBegins),
            (Subject::Path, "dir") => each(Test::PathDirectory),
            (Subject::Host, "str" | "dom") => each(Test::Host),
            (Subject::Host, "end") if values.iter().all(|value| value.starts_with('.')) => each(Test::HostEnds),
            (Subject::Upgrade, "str" | "sub" | "beg") => each(|value| Test::Upgrade(value.to_ascii_lowercase())),
            (Subject::Upgrade, "found") | (Subject::Connection, "str" | "sub") => Ok(vec![Test::AnyUpgrade(true)]),
            (Subject::UpgradeCount, "int") => match values.as_slice() {
                ["0" | "eq", ..] if values.last() == Some(&"0") => Ok(vec![Test::AnyUpgrade(false)]),
                ["gt", "0"] | ["ge" | "eq", "1"] | ["1"] => Ok(vec![Test::AnyUpgrade(true)]),
                _ => Err(unknown()),
            },
            (Subject::Source, "str" | "ip") if values.iter().all(|value| is_network(value)) => each(Test::Source),
            (Subject::Connections, _) => limit(&Test::Connections),
            (Subject::Requests(counter), _) => limit(&|limit| Test::Requests(counter.clone(), limit)),
            (Subject::BodySize, _) => limit(&|limit| Test::BodyOver(limit.saturating_sub(1))),
            (Subject::Always(true), _) => Ok(vec![Test::Always]),
            _ => Err(unknown()),
        }
    }

    /// The subject of a criterion such as `hdr_end(host)` or `req.hdr(host),lower`, and how its name says that it is compared.
    fn subject<'c>(&'c self, criterion: &'c str) -> Option<(Subject, Option<&'c str>)> {
        let (fetch, converters) = match criterion
            .find(')')
            .map_or_else(|| criterion.find(','), |at| criterion[at..].find(',').map(|c| at + c))
        {
            Some(at) => (&criterion[..at], &criterion[at + 1..]),
            None => (criterion, ""),
        };
        let harmless =
            |converter: &str| matches!(converter, "" | "lower" | "host_only" | "field(1" | ":)" | "':')" | "rtrim(.)");
        if !converters.split(',').all(harmless) {
            return None;
        }
        let (name, argument) = match fetch.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')')?.split(',').next().unwrap_or_default()),
            None => (fetch, ""),
        };
        if name == "var" {
            // One that stands for another one could stand for itself.
            let expression = self.variables.get(argument).filter(|expression| !expression.starts_with("var("))?;
            return self.subject(expression);
        }
        let name = name.strip_prefix("req.").unwrap_or(name);
        let (base, suffix) = match name.rsplit_once('_') {
            Some((base, suffix @ ("beg" | "end" | "dir" | "dom" | "sub" | "reg" | "len"))) => (base, Some(suffix)),
            _ => (name, None),
        };
        let subject = match (base, argument.to_ascii_lowercase().as_str()) {
            ("path" | "url", "") => Subject::Path,
            ("hdr" | "fhdr", "host") => Subject::Host,
            ("hdr" | "fhdr", "upgrade") => Subject::Upgrade,
            ("hdr_cnt" | "fhdr_cnt", "upgrade") => Subject::UpgradeCount,
            ("hdr" | "fhdr", "connection") => Subject::Connection,
            ("src", "") => Subject::Source,
            ("sc0_conn_cur" | "sc1_conn_cur" | "sc2_conn_cur" | "sc_conn_cur" | "src_conn_cur", _) => {
                Subject::Connections
            }
            ("body_size", _) => Subject::BodySize,
            (counter, _) if is_rate(counter) => Subject::Requests(counter.split_once('_')?.1.to_owned()),
            ("always_true", "") => Subject::Always(true),
            ("always_false", "") => Subject::Always(false),
            _ => return None,
        };
        Some((subject, suffix))
    }
}

/// The opposite of a condition of one term, or of several beside each other.
fn negated(groups: Condition) -> Result<Condition, String> {
    let mut terms = Vec::new();
    for group in groups {
        match <[Term; 1]>::try_from(group) {
            Ok([term]) => terms.push(Term { is_negated: !term.is_negated, ..term }),
            Err(_) => return Err("'unless' is read for one condition alone".to_owned()),
        }
    }
    Ok(vec![terms])
}

/// What of a request is looked at.
enum Subject {
    Path,
    Host,
    Upgrade,
    UpgradeCount,
    Connection,
    Source,
    Connections,
    Requests(String),
    BodySize,
    Always(bool),
}

/// Whether it counts requests of one client: `sc0_http_req_rate`.
fn is_rate(counter: &str) -> bool {
    let of_client = ["sc_", "sc0_", "sc1_", "sc2_", "src_"].iter().find_map(|start| counter.strip_prefix(start));
    of_client.is_some_and(|counter| matches!(counter, "http_req_rate" | "gpc0_rate"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

    use super::super::lines::lines;
    use super::*;

    fn condition(acls: &str, text: &str) -> Result<Condition, String> {
        let mut read = Acls::default();
        lines(acls).unwrap().iter().for_each(|line| read.add(&line.words));
        read.condition(&lines(text).unwrap().first().map(|line| line.words.clone()).unwrap_or_default())
    }

    fn one(test: Test) -> Condition {
        vec![vec![Term { is_negated: false, any_of: vec![test] }]]
    }

    #[test]
    fn what_people_look_at_is_read_in_all_its_spellings() {
        let text = str::to_owned;
        for (words, test) in [
            ("{ path_beg -i /api }", Test::PathBegins(text("/api"))),
            ("{ path -m beg /api }", Test::PathBegins(text("/api"))),
            ("{ path /api }", Test::Path(text("/api"))),
            ("{ path_dir api }", Test::PathDirectory(text("api"))),
            ("{ hdr(host) -i a.test }", Test::Host(text("a.test"))),
            ("{ hdr_dom(Host) -i a.test }", Test::Host(text("a.test"))),
            ("{ req.hdr(host),field(1,:),lower a.test }", Test::Host(text("a.test"))),
            ("{ req.hdr(host),host_only -m str a.test }", Test::Host(text("a.test"))),
            ("{ hdr_end(host) -i .a.test }", Test::HostEnds(text(".a.test"))),
            ("{ hdr(host,1) -m end .a.test }", Test::HostEnds(text(".a.test"))),
            ("{ hdr(Upgrade) -i WebSocket }", Test::Upgrade(text("websocket"))),
            ("{ hdr(upgrade) -m found }", Test::AnyUpgrade(true)),
            ("{ hdr(Connection) -i upgrade }", Test::AnyUpgrade(true)),
            ("{ hdr_cnt(upgrade) eq 0 }", Test::AnyUpgrade(false)),
            ("{ hdr_cnt(upgrade) gt 0 }", Test::AnyUpgrade(true)),
            ("{ src 10.0.0.0/8 }", Test::Source(text("10.0.0.0/8"))),
        ] {
            assert_eq!(condition("", &format!("if {words}")), Ok(one(test)), "{words}");
        }
    }

    #[test]
    fn names_stand_for_what_they_test_and_conditions_are_put_together() {
        let acls = "acl api path_beg /api /rpc\nacl api path /old\nacl ws hdr(upgrade) -i websocket\n";
        let found = condition(acls, "if api !ws || { src 10.0.0.1 }").unwrap();
        assert_eq!((found.len(), found[0].len(), found[0][0].any_of.len()), (2, 2, 3));
        assert!(found[0][1].is_negated && !found[1][0].is_negated);
        assert_eq!(condition("", ""), Ok(vec![vec![]]));
        let unless = condition(acls, "unless ws or api").unwrap();
        assert!(unless.len() == 1 && unless[0].iter().all(|term| term.is_negated));
    }

    #[test]
    fn what_is_not_looked_at_is_an_error_in_words() {
        for (words, part) in [
            ("if { path_reg ^/x }", "'path_reg ^/x' is not looked at"),
            ("if { method POST }", "is not looked at"),
            ("if { path -f /etc/paths }", "a file of its own"),
            ("if nobody", "no acl 'nobody'"),
            ("if { path /x", "has no }"),
            ("if { }", "is empty"),
            ("when x", "'when' is not known"),
            ("if { src example.com }", "is not looked at"),
            ("if { hdr(host),map(x) y }", "is not looked at"),
        ] {
            let error = condition("", words).unwrap_err();
            assert!(error.contains(part), "{words}: {error}");
        }
    }
}
