//! The list of promises in tests/README.md names tests that are there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::path::Path;

#[test]
fn every_test_that_keeps_a_promise_is_there() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let list = std::fs::read_to_string(tests.join("README.md")).unwrap();
    let names: Vec<(&str, &str)> = list.split('`').filter_map(|word| word.split_once("::")).collect();
    assert!(names.len() > 50, "only {} names were found", names.len());
    for (file, test) in names.into_iter().filter(|(_, test)| *test != "test") {
        let text = std::fs::read_to_string(tests.join(format!("{file}.rs"))).unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let heads = [format!("fn {test}() {{"), format!("async fn {test}() {{")];
        assert!(
            lines.windows(2).any(|two| two[0].ends_with("test]") && heads.iter().any(|head| head == two[1])),
            "tests/README.md names {file}::{test}, which is not there"
        );
    }
}
