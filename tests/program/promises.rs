//! The list of promises in tests/README.md names tests that exist.

use std::collections::HashMap;
use std::path::Path;

/// Every module of the test programs, with its text. A file that no program includes would never be built.
fn modules(tests: &Path) -> HashMap<String, String> {
    let mut modules = HashMap::new();
    for program in ["clients", "engines", "proxy", "screen", "program", "library", "survive"] {
        let main = std::fs::read_to_string(tests.join(program).join("main.rs")).unwrap();
        for file in std::fs::read_dir(tests.join(program)).unwrap().map(|entry| entry.unwrap().path()) {
            // What is no module: scripts for other programs, and what those need.
            if file.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            if name == "main" {
                continue;
            }
            let declared = main.lines().any(|line| line == format!("mod {name};"));
            assert!(declared, "tests/{program}/{name}.rs is not named in main.rs beside it");
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(modules.insert(name.clone(), text).is_none(), "two test programs have a module named {name}");
        }
    }
    modules
}

#[test]
fn every_test_that_keeps_a_promise_is_there() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let modules = modules(&tests);
    let list = std::fs::read_to_string(tests.join("README.md")).unwrap();
    let names: Vec<(&str, &str)> = list.split('`').filter_map(|word| word.split_once("::")).collect();
    assert!(names.len() > 50, "only {} names were found", names.len());
    for (module, test) in names.into_iter().filter(|(_, test)| *test != "test") {
        let lines: Vec<&str> =
            modules.get(module).map(|text| text.lines().map(str::trim).collect()).unwrap_or_default();
        let heads = [format!("fn {test}() {{"), format!("async fn {test}() {{")];
        assert!(
            lines.windows(2).any(|two| two[0].ends_with("test]") && heads.iter().any(|head| head == two[1])),
            "tests/README.md names {module}::{test}, which is not there"
        );
    }
}
