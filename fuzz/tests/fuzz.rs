//! Runs each target on its corpus, and then on inputs made from it. The inputs are always the same unless the
//! environment sets others: `FUZZ_INPUTS` is their number for each target, `FUZZ_SEED` the first seed; each next input
//! uses the next seed.

use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use stickylb_fuzz::{chunks, configuration, filter, har, heads, import, mutated, proxy_protocol};

/// Inputs for each target by default.
const INPUTS: u64 = 10_000;

/// A number from the environment.
fn asked_for(variable: &str, otherwise: u64) -> u64 {
    env::var(variable).map_or(otherwise, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} is '{text}': it must be a whole number"))
    })
}

/// The files of these folders of this crate, folder by folder, in the order of their names.
fn corpus(folders: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in folders {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        let mut files: Vec<_> = entries.map(|entry| entry.expect("a file's name").path()).collect();
        files.retain(|file| file.extension().is_none_or(|extension| extension != "stderr" && extension != "stdout"));
        files.sort();
        assert!(!files.is_empty(), "{} is empty", path.display());
        let read =
            |file: &Path| fs::read(file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
        found.extend(files.into_iter().map(|file| (file.display().to_string(), read(&file))));
    }
    found
}

/// Runs the target on one input; `false` if it panicked.
fn takes(target: fn(&[u8]), input: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| target(input))).is_ok()
}

fn run(name: &str, target: fn(&[u8]), tokens: &[&str], folders: &[&str]) {
    let corpus = corpus(folders);
    for (file, input) in &corpus {
        assert!(takes(target, input), "{name} fails with {file}: \"{}\"", input.escape_ascii());
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, input)| input).collect();
    let first = asked_for("FUZZ_SEED", 0);
    let traced = env::var_os("FUZZ_TRACE").is_some();
    for seed in first..first.saturating_add(asked_for("FUZZ_INPUTS", INPUTS)) {
        let input = mutated(seed, &inputs, tokens);
        if traced {
            eprintln!("{name}: seed {seed}: \"{}\"", input.escape_ascii());
        }
        assert!(
            takes(target, &input),
            "{name} fails with seed {seed}: \"{}\"\nonce more: FUZZ_SEED={seed} FUZZ_INPUTS=1 cargo test --workspace --test fuzz {name}",
            input.escape_ascii()
        );
    }
}

#[test]
fn heads() {
    run("heads", heads::target, heads::TOKENS, &["corpus/heads"]);
}

#[test]
fn chunks() {
    run("chunks", chunks::target, chunks::TOKENS, &["corpus/chunks"]);
}

#[test]
fn answers() {
    use stickylb_fuzz::answers;
    run("answers", answers::target, answers::TOKENS, &["corpus/answers"]);
}

#[test]
fn proxy_protocol() {
    run("proxy_protocol", proxy_protocol::target, proxy_protocol::TOKENS, &["corpus/proxy_protocol"]);
}

#[test]
fn configuration() {
    let folders = ["corpus/configuration", "../tests/configs/good", "../tests/configs/bad"];
    run("configuration", configuration::target, configuration::TOKENS, &folders);
}

#[test]
fn filter() {
    run("filter", filter::target, filter::TOKENS, &["corpus/filter"]);
}

#[test]
fn har() {
    run("har", har::target, har::TOKENS, &["corpus/har", "../crates/survive/src/har/testdata"]);
}

#[test]
fn import_of_others() {
    let convert = ["foreign", "goldens/haproxy", "goldens/nginx"].map(|of| format!("../crates/convert/tests/{of}"));
    run(
        "import",
        import::target,
        import::TOKENS,
        &[&["corpus/import"], convert.each_ref().map(String::as_str).as_slice()].concat(),
    );
}

#[cfg(unix)]
#[test]
fn control() {
    use stickylb_fuzz::control;
    run("control", control::target, control::TOKENS, &["corpus/control"]);
}
