//! What the README shows is what the program says.

use std::process::Command;

#[test]
fn the_readme_shows_the_help_as_it_is() {
    let help = Command::new(env!("CARGO_BIN_EXE_stickylb-tui")).arg("--help").env_remove("COLUMNS").output().unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    let trimmed: Vec<&str> = text.lines().map(str::trim_end).collect();
    let shown = trimmed.join("\n");
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    assert!(readme.contains(shown.trim_end()), "put this into README.md:\n{shown}");
}

#[test]
fn the_files_the_readme_names_are_there() {
    let readme = include_str!("../../README.md");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|l| !l.contains(':')) {
        assert!(root.join(name).exists(), "{name}");
    }
}
