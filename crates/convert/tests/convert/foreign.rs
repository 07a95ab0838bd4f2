//! Files of HAProxy and nginx as people write them, and what is read of them: `UPDATE=1 cargo test` writes it anew.

use std::path::{Path, PathBuf};

use serde_json::json;
use stickylb_convert::import;

use crate::corpus::{HOME, folder};

/// The files, sorted by name.
fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder("foreign")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end != "json")).collect();
    files.sort();
    files
}

#[test]
fn what_is_read_of_them_is_what_was_looked_at_and_can_be_run() {
    let mut different = Vec::new();
    for file in files() {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let imported =
            import(&std::fs::read_to_string(&file).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let config = serde_json::to_vec(&imported.config).unwrap();
        if let Err(error) = stickylb::config::parse(&Path::new(HOME).join("stickylb.json"), &config) {
            panic!("{name}: {:?}", error.problems());
        }
        let found = json!({ "kind": imported.kind, "config": imported.config, "leftOut": imported.left_out });
        let text = format!("{}\n", serde_json::to_string_pretty(&found).unwrap());
        let expected = file.with_file_name(format!("{name}.json"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&expected, &text).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            different.push(name);
        }
    }
    assert!(different.is_empty(), "write them with UPDATE=1 and look at what git diff says: {different:#?}");
}
