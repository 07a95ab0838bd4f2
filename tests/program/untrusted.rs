//! Text from outside is shown through its type only: nothing is escaped by hand, because one forgotten place would be
//! enough.

use std::path::{Path, PathBuf};

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_file_but_those_of_the_type_escapes_text() {
    const BY_HAND: [&str; 6] =
        ["visible(", "escaped_json(", "is_hidden(", ".escape_debug()", ".escape_default()", ".escape_unicode()"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["src", "crates/engine/src"].map(|folder| root.join(folder));
    let all: Vec<PathBuf> = folders.iter().flat_map(|folder| sources(folder)).collect();
    let (own, others): (Vec<_>, Vec<_>) = all.iter().partition(|path| path.starts_with(folders[1].join("untrusted")));
    assert!(!own.is_empty() && others.len() > 100, "{own:?}, and {} others", others.len());
    for path in others {
        let text = std::fs::read_to_string(path).unwrap();
        let found: Vec<_> = BY_HAND.iter().filter(|name| text.contains(**name)).collect();
        assert!(found.is_empty(), "{}: {found:?}: an Untrusted does that however it is printed", path.display());
    }
}
