//! `use_backend` as our routes.

use super::condition::{Condition, Term, Test};
use crate::import::draft::Route;

/// The most routes that one line may become.
const MOST: usize = 64;

/// The routes to a pool that a condition comes to, and in what they differ from it; none of one that is always so.
///
/// # Errors
/// Why it is no route here.
pub(super) fn routes(condition: &Condition, pool: usize) -> Result<(Vec<Route>, Vec<String>), String> {
    let mut found: Vec<Matched> = Vec::new();
    for group in condition {
        found.extend(alternatives(group)?);
        if found.len() > MOST {
            return Err("it stands for too many routes".to_owned());
        }
    }
    let mut notes = Vec::new();
    let all = found.clone();
    let mut routes: Vec<Route> = Vec::new();
    for matched in found {
        if let Some(route) = matched.route(&all, pool, &mut notes)?
            && !routes.iter().any(|known| known.matches_as(&route))
        {
            routes.push(route);
        }
    }
    notes.dedup();
    Ok((routes, notes))
}

/// What one group of a condition matches, with one test of each term.
#[derive(Clone, Debug, Default, PartialEq)]
struct Matched {
    path: Option<Test>,
    host: Option<String>,
    upgrade: Option<Test>,
}

/// Every choice of one test of each term.
fn alternatives(group: &[Term]) -> Result<Vec<Matched>, String> {
    let mut all = vec![Matched::default()];
    for term in group {
        let tests = if term.is_negated { opposite(&term.any_of)? } else { term.any_of.clone() };
        let mut next = Vec::new();
        for matched in &all {
            for test in &tests {
                next.push(matched.clone().and(test)?);
            }
        }
        if next.len() > MOST {
            return Err("it stands for too many routes".to_owned());
        }
        all = next;
    }
    Ok(all)
}

fn opposite(tests: &[Test]) -> Result<Vec<Test>, String> {
    match tests {
        [Test::AnyUpgrade(any)] => Ok(vec![Test::AnyUpgrade(!any)]),
        _ => Err("a route here cannot be for all but some requests".to_owned()),
    }
}

impl Matched {
    fn and(mut self, test: &Test) -> Result<Self, String> {
        let twice = |what: &str| Err(format!("a route here looks at {what} once"));
        match test {
            Test::Always => {}
            Test::Path(_) | Test::PathBegins(_) | Test::PathDirectory(_) if self.path.is_none() => {
                self.path = Some(test.clone());
            }
            Test::Path(_) | Test::PathBegins(_) | Test::PathDirectory(_) => return twice("the path"),
            Test::Host(host) if self.host.is_none() => self.host = Some(host.clone()),
            Test::HostEnds(end) if self.host.is_none() => self.host = Some(format!("*{end}")),
            Test::Host(_) | Test::HostEnds(_) => return twice("the host"),
            Test::Upgrade(_) | Test::AnyUpgrade(_) => {
                self.upgrade = match (self.upgrade.take(), test) {
                    (None, test) | (Some(Test::AnyUpgrade(true)), test @ Test::Upgrade(_)) => Some(test.clone()),
                    (Some(known), test) if known == *test || *test == Test::AnyUpgrade(true) => Some(known),
                    _ => return twice("the protocol"),
                };
            }
            Test::Source(_) | Test::Connections(_) | Test::Requests(..) | Test::BodyOver(_) => {
                return Err("a route here does not look at who asks".to_owned());
            }
        }
        Ok(self)
    }

    /// Our route; `None` where another of `all` says it as well.
    fn route(self, all: &[Matched], pool: usize, notes: &mut Vec<String>) -> Result<Option<Route>, String> {
        let with = |path: Test| all.contains(&Matched { path: Some(path), ..self.clone() });
        let path = match &self.path {
            None => None,
            Some(Test::Path(path)) if path == "/" => {
                return Err("a route here is for whole parts of the site, and not for its first page alone".to_owned());
            }
            Some(Test::Path(path)) => {
                if !with(Test::PathBegins(format!("{path}/"))) {
                    notes.push(format!("the path {path} is for all below it too here"));
                }
                Some(path.clone())
            }
            // With the path itself it is whole segments, as ours.
            Some(Test::PathBegins(path)) => match path.strip_suffix('/') {
                Some(whole) if !whole.is_empty() && with(Test::Path(whole.to_owned())) => return Ok(None),
                Some(_) => Some(path.clone()),
                None => {
                    notes.push(format!(
                        "{path} is for whole parts of the path here: {path} and {path}/…, and not {path}…"
                    ));
                    Some(path.clone())
                }
            },
            Some(Test::PathDirectory(name)) => {
                let name = name.trim_matches('/');
                notes.push(format!(
                    "'{name}' is looked for at the beginning of the path here, and not everywhere in it"
                ));
                Some(format!("/{name}"))
            }
            Some(_) => return Err("it is not read here".to_owned()),
        };
        let upgrade = self.upgrade.map(|upgrade| match upgrade {
            Test::Upgrade(protocol) => protocol.into(),
            other => (other == Test::AnyUpgrade(true)).into(),
        });
        Ok(Some(Route { upgrade, path, host: self.host.map(|host| host.to_ascii_lowercase()), pool }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

    use super::super::condition::Acls;
    use super::super::lines::lines;
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<(Vec<Route>, Vec<String>), String> {
        let words = lines(text).unwrap().remove(0).words;
        routes(&Acls::default().condition(&words)?, 0)
    }

    #[test]
    fn a_path_with_all_below_it_is_one_route_and_says_nothing() {
        let (routes, notes) = read("if { path /api } || { path_beg /api/ }").unwrap();
        assert_eq!(routes, [Route { path: Some("/api".to_owned()), ..Route::default() }]);
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn what_matches_otherwise_here_is_said() {
        let (routes, notes) = read("if { path_beg /api } { hdr(host) -i A.test }").unwrap();
        assert_eq!((routes[0].path.as_deref(), routes[0].host.as_deref()), (Some("/api"), Some("a.test")));
        assert_eq!(notes, ["/api is for whole parts of the path here: /api and /api/…, and not /api…"]);
        assert_eq!(read("if { path_dir /api }").unwrap().0[0].path.as_deref(), Some("/api"));
    }

    #[test]
    fn websockets_are_known_by_both_of_their_headers() {
        let (routes, _) = read("if { hdr(Connection) -i upgrade } { hdr(Upgrade) -i websocket }").unwrap();
        assert_eq!(routes, [Route { upgrade: Some(json!("websocket")), ..Route::default() }]);
        let (routes, _) = read("if !{ hdr(upgrade) -m found } { path_beg /plain/ }").unwrap();
        assert_eq!((&routes[0].upgrade, routes[0].path.as_deref()), (&Some(json!(false)), Some("/plain/")));
    }

    #[test]
    fn what_is_no_route_here_says_why() {
        for (text, part) in [
            ("if { src 10.0.0.1 }", "who asks"),
            ("if !{ path_beg /x }", "all but some"),
            ("if { path_beg /x } { path_beg /x/y }", "once"),
            ("if { path / }", "first page"),
        ] {
            assert!(read(text).unwrap_err().contains(part), "{text}");
        }
        let many = ["{ path_beg /0 /1 /2 /3 /4 /5 /6 /7 /8 }", "{ hdr(host) 0 1 2 3 4 5 6 7 8 }"].join(" ");
        assert!(read(&format!("if {many}")).unwrap_err().contains("too many"));
    }
}
