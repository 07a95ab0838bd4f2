//! Reads a plain configuration of nginx.

mod blocks;
mod by_variable;
mod known;
mod listen;
mod locations;
mod maps;
mod reader;
mod scope;
mod settings;
mod upstream;
mod virtual_hosts;

use super::draft::Draft;
use super::imported::Imported;
use blocks::Directive;
use reader::Reader;
use scope::Scope;

/// Blocks by which such a file is known.
const BLOCKS: [&str; 5] = ["http", "stream", "events", "server", "upstream"];

/// Whether a text is such a file: it has one of its blocks.
pub(super) fn is_one(text: &str) -> bool {
    match blocks::directives(text) {
        Ok(main) => main.iter().any(|directive| directive.block.is_some() && BLOCKS.contains(&directive.name())),
        Err(_) => seems_one(text),
    }
}

/// Whether a line of a malformed file begins one of its blocks.
fn seems_one(text: &str) -> bool {
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    lines.iter().enumerate().any(|(number, line)| {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let (name, glued) = name.strip_suffix('{').map_or((name, false), |name| (name, true));
        let rest = words.next();
        let rest = if name == "upstream" { words.next() } else { rest };
        let opens = |word: Option<&str>| match word {
            None => lines.get(number + 1).is_some_and(|next| next.starts_with('{')),
            Some(word) => word.starts_with('{'),
        };
        BLOCKS.contains(&name) && (glued || opens(rest))
    })
}

/// Reads it.
///
/// # Errors
/// It is malformed, or nothing of it can be used.
pub(super) fn read(text: &str) -> Result<Imported, String> {
    let main = blocks::directives(text)?;
    let mut draft = Draft::default();
    known::say(&main, &mut draft.left_out);
    settings::read_main(&main, &mut draft);
    let block = |name: &str| main.iter().filter(|directive| directive.name() == name).collect::<Vec<&Directive>>();
    for http in block("http") {
        Reader::new(Scope::new(&main).inside(http.inside()), http.inside(), false).read(&mut draft)?;
    }
    if main.iter().any(|directive| directive.name() == "server") {
        // A file of those that `http` includes.
        Reader::new(Scope::new(&main), &main, false).read(&mut draft)?;
    }
    for stream in block("stream") {
        Reader::new(Scope::new(&main).inside(stream.inside()), stream.inside(), true).read(&mut draft)?;
    }
    draft.sort_pools();
    draft.finish("a configuration of nginx")
}

#[cfg(test)]
mod tests;
