//! What is written stays as it is, unless a person looked at the difference: `UPDATE=1 cargo test` writes it anew.

use std::collections::BTreeSet;

use crate::corpus::{cases, exported, folder, targets};

#[test]
fn what_is_written_is_what_was_looked_at() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut different = Vec::new();
    for to in targets() {
        let home = folder("goldens").join(to.folder);
        let mut known = BTreeSet::new();
        for case in cases() {
            let name = format!("{}.{}", case.name, to.target.engine.file_name());
            let text = exported(&case, to.target).text;
            let path = home.join(&name);
            if update {
                std::fs::create_dir_all(&home).unwrap();
                std::fs::write(&path, &text).unwrap();
            } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
                different.push(format!("{}/{name}", to.folder));
            }
            known.insert(name);
        }
        for entry in std::fs::read_dir(&home).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !known.contains(&name) {
                different.push(format!("{}/{name} is of no configuration", to.folder));
            }
        }
    }
    assert!(different.is_empty(), "write them with UPDATE=1 and look at what git diff says: {different:#?}");
}
