//! The code follows ARCHITECTURE.md: the `use` lines match its tables, and there are no cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The path of a module: `["proxy", "io", "read"]`.
type Module = Vec<String>;

/// The crates, by their folder.
const CRATES: [&str; 7] = [
    "crates/http1/src",
    "crates/survive/src",
    "crates/tcp-info/src",
    "crates/engine/src",
    "crates/convert/src",
    "src",
    "demo-backends/src",
];

/// Crates with rooms, each with the heading of its table in ARCHITECTURE.md.
const TABLES: [(&str, &str); 3] =
    [("crates/engine/src", "stickylb"), ("crates/convert/src", "stickylb-convert"), ("src", "stickylb-tui")];

/// Files that put a crate together and belong to no room.
const FACES: [&str; 5] = ["lib", "main", "program", "bench", "fuzzing"];

/// One crate's modules, with what each uses of others.
struct Crate {
    modules: BTreeMap<Module, Source>,
}

/// One file.
#[derive(Default)]
struct Source {
    /// Paths that it uses, each with its segments.
    uses: Vec<Vec<String>>,
    /// Names that it re-exports, with their paths.
    hands_on: BTreeMap<String, Vec<String>>,
    /// Modules that are compiled for tests alone.
    for_tests: BTreeSet<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The paths of a `use` tree: `a::{b, c::D as E}` is `a::b` and `a::c::D`, the latter known as `E`.
fn paths(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let (path, name) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name.trim())));
        let mut segments: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
        if segments.last().is_some_and(|last| last == "self") && segments.len() > 1 {
            segments.pop();
        }
        let name = name.map_or_else(|| segments.last().cloned().unwrap_or_default(), str::to_owned);
        return vec![(segments, name)];
    };
    let before: Vec<String> =
        tree[..open].split("::").map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect();
    let inside = tree[open + 1..].trim_end().strip_suffix('}').expect("a closed tree");
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[start..]);
    let below = parts.into_iter().filter(|part| !part.trim().is_empty()).flat_map(paths);
    below
        .map(|(path, name)| {
            if path == ["self"] {
                (before.clone(), before.last().cloned().unwrap_or_default())
            } else {
                ([before.clone(), path].concat(), name)
            }
        })
        .collect()
}

/// What a file uses, without its tests.
fn source(text: &str) -> Source {
    let mut source = Source::default();
    let mut lines = text.lines();
    let mut for_tests = false;
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            for_tests = true;
            continue;
        }
        if for_tests && line.starts_with("#[") {
            continue;
        }
        if for_tests && line.starts_with("mod ") {
            if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                source.for_tests.insert(name.to_owned());
            } else {
                lines.by_ref().find(|line| *line == "}");
            }
        } else if let Some((visible, tree)) = use_line(line) {
            let mut tree = tree.to_owned();
            while !tree.ends_with(';') {
                tree.push_str(lines.next().unwrap_or(";").trim());
            }
            for (path, name) in paths(tree.trim_end_matches(';')) {
                if for_tests {
                    continue;
                }
                if visible {
                    source.hands_on.insert(name, path.clone());
                } else {
                    source.uses.push(path);
                }
            }
        }
        for_tests = false;
    }
    source
}

/// Whether a line begins a `use`, whether that is public, and its tree so far.
fn use_line(line: &str) -> Option<(bool, &str)> {
    let visible = ["pub use ", "pub(crate) use ", "pub(super) use "];
    let seen = visible.iter().find_map(|words| line.strip_prefix(words)).map(|tree| (true, tree));
    seen.or_else(|| line.strip_prefix("use ").map(|tree| (false, tree)))
}

impl Crate {
    fn read(folder: &Path) -> Self {
        let mut modules = BTreeMap::new();
        read_folder(folder, &[], &mut modules);
        let for_tests: Vec<Module> = modules
            .iter()
            .flat_map(|(module, source): (&Module, &Source)| {
                source.for_tests.iter().map(|name| [module.clone(), vec![name.clone()]].concat())
            })
            .collect();
        modules.retain(|module, _| !for_tests.iter().any(|test| module.starts_with(test)));
        Crate { modules }
    }

    /// The module that a path used in `from` leads to; `None` outside the crate.
    fn resolve(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let (mut at, mut rest) = match path.first().map(String::as_str) {
            Some("crate") => (Module::new(), &path[1..]),
            Some("self") => (from.clone(), &path[1..]),
            Some("super") => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                (from[..from.len().saturating_sub(ups)].to_vec(), &path[ups..])
            }
            Some(first) if self.modules.contains_key(&[from.clone(), vec![first.to_owned()]].concat()) => {
                (from.clone(), path)
            }
            _ => return None,
        };
        while let Some(next) = rest.first() {
            let deeper = [at.clone(), vec![next.clone()]].concat();
            if self.modules.contains_key(&deeper) && !(rest.len() == 1 && self.hands_on(&at, next).is_some()) {
                (at, rest) = (deeper, &rest[1..]);
                continue;
            }
            return match self.hands_on(&at, next) {
                Some(further) if depth < 8 => self.resolve(&at, further, depth + 1),
                _ => Some(at),
            };
        }
        Some(at)
    }

    fn hands_on(&self, module: &Module, name: &str) -> Option<&Vec<String>> {
        self.modules.get(module)?.hands_on.get(name)
    }

    /// Which file uses which.
    fn arrows(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let of = |(module, source): (_, &Source)| {
            let to = source.uses.iter().filter_map(|path| self.resolve(module, path, 0));
            (module, to.filter(|to| to != module).collect())
        };
        self.modules.iter().map(of).collect()
    }
}

fn read_folder(folder: &Path, module: &[String], modules: &mut BTreeMap<Module, Source>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            read_folder(&path, &[module, &[name]].concat(), modules);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let faced = name == "mod" || module.is_empty() && name == "lib";
            let of = if faced { module.to_vec() } else { [module, &[name]].concat() };
            modules.insert(of, source(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The path by which `to` can be reached from `from`, if there is one.
fn way(arrows: &BTreeMap<&Module, BTreeSet<Module>>, from: &Module, to: &Module) -> Option<Vec<Module>> {
    let mut ways = vec![vec![from.clone()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in arrows.get(way.last()?).into_iter().flatten() {
            let longer = [way.clone(), vec![next.clone()]].concat();
            if next == to {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}

#[test]
fn no_file_takes_something_from_a_file_that_takes_something_from_it() {
    for folder in CRATES {
        let read = Crate::read(&root().join(folder));
        let arrows = read.arrows();
        for module in read.modules.keys() {
            if let Some(way) = way(&arrows, module, module) {
                let way: Vec<String> = way.iter().map(|module| module.join("::")).collect();
                panic!("{folder}: {}", way.join(" -> "));
            }
        }
    }
}

/// The room of a file: the folder below `src`, or the file itself.
fn room(module: &Module) -> &str {
    module.first().map_or("lib", String::as_str)
}

/// Each room of a crate and the rooms it uses: those of its own crate, and this project's packages.
fn rooms(read: &Crate) -> BTreeMap<String, BTreeSet<String>> {
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let packages =
        ["stickylb", "stickylb_convert", "stickylb_http1", "stickylb_survive", "stickylb_tcp_info", "demo_backends"];
    for (module, source) in &read.modules {
        let from = room(module);
        if FACES.contains(&from) {
            continue;
        }
        let uses = rooms.entry(from.to_owned()).or_default();
        for path in source.uses.iter().chain(source.hands_on.values()) {
            if let Some(to) = read.resolve(module, path, 0) {
                uses.extend(Some(room(&to)).filter(|to| *to != from).map(str::to_owned));
            } else if packages.contains(&path[0].as_str()) {
                let package = path[0].replace('_', "-");
                // Of the engine, the tables name public modules, such as `stickylb::api`.
                let inner =
                    path.get(1).filter(|part| part.chars().all(|c| c.is_ascii_lowercase()) && package == "stickylb");
                uses.insert(inner.map_or_else(|| package.clone(), |part| format!("{package}::{part}")));
            }
        }
    }
    rooms
}

/// The table under a heading of ARCHITECTURE.md: each room, and what it may use.
fn table(heading: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap().replace("\r\n", "\n");
    let section = text.split("\n### ").find(|section| section.lines().next() == Some(&format!("`{heading}`")));
    let section = section.unwrap_or_else(|| panic!("ARCHITECTURE.md has no table for `{heading}`"));
    let named = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            Some((cells.first()?.trim_matches('`').to_owned(), named(cells.last()?)))
        })
        .collect()
}

#[test]
fn each_room_takes_from_those_rooms_alone_that_architecture_md_names() {
    let mut wrong = Vec::new();
    for (folder, heading) in TABLES {
        let (says, does) = (table(heading), rooms(&Crate::read(&root().join(folder))));
        for name in says.keys().chain(does.keys()).collect::<BTreeSet<_>>() {
            let (says, does) = (says.get(name), does.get(name));
            if says != does {
                let list = |names: Option<&BTreeSet<String>>| match names {
                    Some(names) => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
                    None => "(it is not there)".to_owned(),
                };
                wrong.push(format!("{heading}, {name}: the table says {}; the code: {}", list(says), list(does)));
            }
        }
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md and the code differ:\n{}", wrong.join("\n"));
}
