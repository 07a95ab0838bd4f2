//! `location`: which paths of a server go where.

use super::blocks::Directive;
use super::scope::Scope;
use crate::import::left_out::LeftOut;

/// Where our own export lets answers be silent for longer.
pub(super) const LONG_LIVED: &str = "@long_lived";

/// A part of a server that passes requests on.
pub(super) struct Location<'d> {
    pub(super) line: usize,
    /// The beginning of the path; empty is every one.
    pub(super) path: String,
    /// Where it passes them.
    pub(super) pass: &'d Directive,
    pub(super) scope: Scope<'d>,
}

/// The parts of a server that pass requests on, those of longer paths first.
pub(super) fn locations<'d>(server: &'d Directive, scope: &Scope<'d>, left_out: &mut LeftOut) -> Vec<Location<'d>> {
    let mut found = Vec::new();
    if let Some(pass) = server.inside().iter().find(|directive| directive.name() == "proxy_pass") {
        found.push(Location { line: pass.line, path: String::new(), pass, scope: scope.clone() });
    }
    let named: Vec<&Directive> = server.inside().iter().filter(|inner| inner.word(1).starts_with('@')).collect();
    read(server, scope, &named, &mut found, left_out);
    found.sort_by_key(|location| std::cmp::Reverse(location.path.len()));
    found
}

fn read<'d>(
    around: &'d Directive,
    scope: &Scope<'d>,
    named: &[&'d Directive],
    found: &mut Vec<Location<'d>>,
    left_out: &mut LeftOut,
) {
    for location in around.inside().iter().filter(|directive| directive.name() == "location") {
        let scope = scope.inside(location.inside());
        let (line, text) = (location.line, location.text());
        let (modifier, path) = match location.arguments() {
            [path] => ("", path.as_str()),
            [modifier, path] => (modifier.as_str(), path.as_str()),
            _ => ("~", ""),
        };
        read(location, &scope, named, found, left_out);
        let Some((pass, scope)) = pass(location, &scope, named) else {
            let passes = location.inside().iter().any(|inner| inner.name() == "location");
            if !passes && !path.starts_with('@') {
                left_out.part(line, &text, "it passes nothing on to a server");
            }
            continue;
        };
        match (modifier, path) {
            ("" | "^~", path) if path.starts_with('@') => {
                let is_tried =
                    |inner: &Directive| inner.name() == "try_files" && inner.words.iter().any(|word| word == path);
                let is_led_to =
                    around.inside().iter().any(|other| is_tried(other) || other.inside().iter().any(is_tried));
                if path != LONG_LIVED && !is_led_to {
                    left_out.part(line, &text, "nothing here leads to it");
                }
            }
            ("" | "^~", "/") => found.push(Location { line, path: String::new(), pass, scope }),
            ("" | "^~", path) if path.starts_with('/') => {
                if !path.ends_with('/') {
                    left_out.say(line, whole_parts(path));
                }
                found.push(Location { line, path: path.to_owned(), pass, scope });
            }
            ("=", path) if path.len() > 1 => {
                left_out.say(line, format!("the path {path} is for all below it too here"));
                found.push(Location { line, path: path.to_owned(), pass, scope });
            }
            ("=", _) => left_out.part(
                line,
                &text,
                "a route here is for whole parts of the site, and not for its first page alone",
            ),
            _ => left_out.part(line, &text, "routes here go by the beginning of the path"),
        }
    }
}

/// In what a path differs from its beginning there.
pub(super) fn whole_parts(path: &str) -> String {
    format!("{path} is for whole parts of the path here: {path} and {path}/…, and not {path}…")
}

/// The `proxy_pass` of a location, or of the one that it tries last.
fn pass<'d>(location: &'d Directive, scope: &Scope<'d>, named: &[&'d Directive]) -> Option<(&'d Directive, Scope<'d>)> {
    let of = |block: &'d Directive| block.inside().iter().find(|directive| directive.name() == "proxy_pass");
    if let Some(pass) = of(location) {
        return Some((pass, scope.clone()));
    }
    let tries = location.inside().iter().find(|directive| directive.name() == "try_files")?;
    let last = named.iter().find(|other| tries.words.last().is_some_and(|word| word == other.word(1)))?;
    let pass = of(last)?;
    Some((pass, scope.inside(last.inside())))
}
