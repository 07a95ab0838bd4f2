//! What holds at one place of a configuration: what stands there, else what stands around it.

use std::collections::HashMap;
use std::rc::Rc;

use super::blocks::Directive;

/// A place in a configuration: its block, and those around it.
#[derive(Clone)]
pub(super) struct Scope<'d>(Vec<Level<'d>>);

/// The directives of one block by their names, each with its position. A server with many locations is asked for each of them.
type Level<'d> = Rc<HashMap<&'d str, Vec<(usize, &'d Directive)>>>;

fn level(block: &[Directive]) -> Level<'_> {
    let mut by_name: HashMap<&str, Vec<(usize, &Directive)>> = HashMap::new();
    for (position, directive) in block.iter().enumerate() {
        by_name.entry(directive.name()).or_default().push((position, directive));
    }
    Rc::new(by_name)
}

impl<'d> Scope<'d> {
    pub(super) fn new(block: &'d [Directive]) -> Self {
        Scope(vec![level(block)])
    }

    /// A block that stands there.
    pub(super) fn inside(&self, block: &'d [Directive]) -> Self {
        let mut levels = self.0.clone();
        levels.push(level(block));
        Scope(levels)
    }

    /// All directives of this name that hold here: those of the innermost block that has any.
    pub(super) fn all(&self, name: &str) -> Vec<&'d Directive> {
        self.all_of(&[name])
    }

    /// The directive of this name that holds here.
    pub(super) fn one(&self, name: &str) -> Option<&'d Directive> {
        self.0.iter().rev().find_map(|level| level.get(name)?.last()).map(|(_, directive)| *directive)
    }

    /// Directives with one of these names that hold here, in their order: of the innermost block that has any.
    pub(super) fn all_of(&self, names: &[&str]) -> Vec<&'d Directive> {
        let of = |level: &Level<'d>| -> Vec<(usize, &'d Directive)> {
            let mut found: Vec<_> = names.iter().filter_map(|name| level.get(name)).flatten().copied().collect();
            found.sort_by_key(|(position, _)| *position);
            found
        };
        let found = self.0.iter().rev().map(of).find(|found| !found.is_empty()).unwrap_or_default();
        found.into_iter().map(|(_, directive)| directive).collect()
    }

    /// A text in which the variables that `set` gives a plain text are that text.
    pub(super) fn written_out(&self, text: &str) -> String {
        let value = |variable: &str| {
            let set = self.0.iter().rev().find_map(|level| {
                let lines = level.get("set")?;
                lines.iter().rev().map(|(_, set)| *set).find(|set| set.word(1).strip_prefix('$') == Some(variable))
            })?;
            Some(set.word(2)).filter(|value| !value.contains('$'))
        };
        let mut pieces = text.split('$');
        let mut written = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let (name, rest) = match piece.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some(parts) => parts,
                None => piece.split_at(piece.find(|c| !is_of_name(c)).unwrap_or(piece.len())),
            };
            match value(name) {
                Some(value) => written.extend([value, rest]),
                None => written.extend(["$", piece]),
            }
        }
        written
    }

    /// Directives of this name that stand here, and not around.
    pub(super) fn here(&self, name: &str) -> impl Iterator<Item = &'d Directive> {
        self.0.last().into_iter().flat_map(move |level| of_name(level, name))
    }

    /// Every directive of this name here and around.
    pub(super) fn anywhere(&self, name: &str) -> impl Iterator<Item = &'d Directive> {
        self.0.iter().rev().flat_map(move |level| of_name(level, name))
    }
}

fn of_name<'l, 'd>(level: &'l Level<'d>, name: &str) -> impl Iterator<Item = &'d Directive> + use<'l, 'd> {
    level.get(name).into_iter().flatten().map(|(_, directive)| *directive)
}
