//! The sections of a configuration of HAProxy.

use std::collections::HashMap;

use super::lines::Line;
use crate::import::left_out::LeftOut;

/// Sections that are read.
pub(super) const READ: [&str; 5] = ["global", "defaults", "frontend", "backend", "listen"];

/// Sections that are known, and that nothing here is like.
const OTHERS: [&str; 17] = [
    "userlist",
    "peers",
    "mailers",
    "resolvers",
    "cache",
    "program",
    "http-errors",
    "ring",
    "log-forward",
    "log-profile",
    "fcgi-app",
    "crt-store",
    "traces",
    "acme",
    "certificates",
    "namespace_list",
    "dynamic-update",
];

/// One section.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) kind: String,
    /// Empty where it has none.
    pub(super) name: String,
    /// The `defaults` that it names.
    from: Option<String>,
    /// The position of the `defaults` that hold for it: the one that it names, or else the last one before it.
    defaults: Option<usize>,
    /// The line that it begins at.
    pub(super) number: usize,
    pub(super) lines: Vec<Line>,
}

/// Splits a file into the sections that are read; what is in no such section is said.
///
/// # Errors
/// Something stands before the first section, or a section needs a name.
pub(super) fn sections(lines: Vec<Line>, left_out: &mut LeftOut) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    // Whether what follows is of a section that is read.
    let mut reads = None;
    // The line of each `.if` that is open.
    let mut conditions: Vec<usize> = Vec::new();
    for line in lines {
        let word = line.word(0).to_owned();
        if word.starts_with('.') {
            preprocess(&line, &mut conditions, left_out)?;
        } else if !conditions.is_empty() {
            // Said with its `.if`.
        } else if READ.contains(&word.as_str()) {
            sections.push(section(&line)?);
            reads = Some(true);
        } else if OTHERS.contains(&word.as_str()) {
            left_out.part(line.number, &line.text(), "there is nothing like this section here, nor like what is in it");
            reads = Some(false);
        } else if reads.is_none() {
            let known = READ.join(", ");
            return Err(format!(
                "line {}: '{word}' stands in no section: begin one before it, such as {known}",
                line.number
            ));
        } else if let Some(section) = sections.last_mut().filter(|_| reads == Some(true)) {
            section.lines.push(line);
        }
    }
    if let Some(line) = conditions.last() {
        return Err(format!("line {line}: '.if' has no end: write .endif behind what it is for"));
    }
    find_defaults(&mut sections);
    Ok(sections)
}

fn preprocess(line: &Line, conditions: &mut Vec<usize>, left_out: &mut LeftOut) -> Result<(), String> {
    match line.word(0) {
        ".if" => {
            if conditions.is_empty() {
                let why = "whether it holds is not known here, and all up to its .endif is left out with it";
                left_out.part(line.number, &line.text(), why);
            }
            conditions.push(line.number);
        }
        ".endif" if conditions.pop().is_none() => {
            return Err(format!("line {}: '.endif' without '.if': leave it out", line.number));
        }
        ".endif" | ".else" | ".elif" => {}
        _ => left_out.nothing_like(line.number, &line.text()),
    }
    Ok(())
}

fn section(line: &Line) -> Result<Section, String> {
    let kind = line.word(0).to_owned();
    let needs_name = matches!(kind.as_str(), "frontend" | "backend" | "listen");
    let named = line.from(1);
    let (name, rest) = match named {
        [name, rest @ ..] if name != "from" => (name.clone(), rest),
        rest => (String::new(), rest),
    };
    let from = if rest.first().is_some_and(|word| word == "from") { rest.get(1).cloned() } else { None };
    if let [odd, ..] = rest
        && odd != "from"
    {
        return Err(format!(
            "line {}: '{odd}' behind the name: write it as 'bind {odd}' on a line of its own",
            line.number
        ));
    }
    if needs_name && name.is_empty() {
        return Err(format!("line {}: '{kind}' has no name: write {kind} web", line.number));
    }
    Ok(Section { kind, name, from, defaults: None, number: line.number, lines: Vec::new() })
}

/// The settings that a section has: those of its `defaults`, then its own. Each `defaults` begins anew, unless it names another.
///
/// # Errors
/// It names `defaults` that are not there.
pub(super) fn with_defaults(sections: &[Section], at: usize) -> Result<Vec<&Line>, String> {
    // From the section to its defaults, and theirs: each stands before the one that has it.
    let mut chain: Vec<&Section> = Vec::new();
    let mut next = Some(at);
    while let Some(number) = next {
        let section = &sections[number];
        if let (Some(name), None) = (&section.from, section.defaults) {
            return Err(format!(
                "line {}: there is no 'defaults {name}' before it: write it, or leave 'from' out",
                section.number
            ));
        }
        chain.push(section);
        next = section.defaults;
    }
    Ok(chain.iter().rev().flat_map(|section| &section.lines).collect())
}

/// Notes for each section which `defaults` hold for it.
fn find_defaults(sections: &mut [Section]) {
    let mut last = None;
    let mut named: HashMap<String, usize> = HashMap::new();
    for (number, section) in sections.iter_mut().enumerate() {
        let is_defaults = section.kind == "defaults";
        section.defaults = match &section.from {
            Some(name) => named.get(name).copied(),
            None => last.filter(|_| !is_defaults),
        };
        if is_defaults {
            last = Some(number);
            named.insert(section.name.clone(), number);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

    use super::super::lines::lines;
    use super::*;

    fn read(text: &str) -> Result<(Vec<Section>, Vec<String>), String> {
        let mut left_out = LeftOut::default();
        let sections = sections(lines(text)?, &mut left_out)?;
        Ok((sections, left_out.sentences()))
    }

    #[test]
    fn a_section_has_what_its_defaults_have_and_named_defaults_may_build_on_each_other() {
        let text =
            "defaults base\n a\ndefaults web from base\n b\nfrontend f from web\n c\ndefaults\n d\nbackend g\n e\n";
        let (sections, _) = read(text).unwrap();
        let of = |at| with_defaults(&sections, at).unwrap().iter().map(|line| line.text()).collect::<String>();
        assert_eq!((of(2), of(4)), ("abc".to_owned(), "de".to_owned()));
    }

    #[test]
    fn other_sections_and_conditions_are_left_out_with_all_they_have() {
        let text = "peers p\n peer a 1:2\n.if defined(X)\nglobal\n x\n.else\n y\n.endif\nlisten l\n z\n";
        let (sections, said) = read(text).unwrap();
        assert_eq!((sections.len(), sections[0].name.as_str(), sections[0].lines.len()), (1, "l", 1));
        let expected = [
            "line 1: 'peers p' is left out: there is nothing like this section here, nor like what is in it",
            "line 3: '.if defined(X)' is left out: whether it holds is not known here, and all up to its .endif is left out with it",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_is_malformed_is_said_with_its_line() {
        for (text, part) in [
            ("bind :80\nglobal", "line 1: 'bind' stands in no section"),
            ("global\nfrontend\n", "line 2: 'frontend' has no name"),
            (".if x\nglobal\n", "line 1: '.if' has no end"),
            (".endif", "line 1: '.endif' without"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(part), "{error}");
        }
        let (sections, _) = read("defaults a from a\nlisten l from b\n").unwrap();
        assert!(with_defaults(&sections, 1).unwrap_err().contains("no 'defaults b'"));
        assert!(with_defaults(&sections, 0).is_err(), "it comes after itself");
    }
}
