//! README.md and the pages of docs/ agree with the program.
//!
//! The keys are compared by the table that lists them (`keys_table`), and the Rust blocks of docs/library.md are
//! documentation tests of the library. `UPDATE=1 cargo test` rewrites output of the program in the pages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::markdown::{Document, code, document, documents, pages, root};

/// The program, in an empty folder, and without variables of the caller's shell that it reads.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickylb-tui"));
    command.current_dir(folder).stdin(Stdio::null()).env_remove("COLUMNS").env("XDG_RUNTIME_DIR", folder);
    command.env("XDG_CONFIG_HOME", folder).env("XDG_STATE_HOME", folder);
    command
}

/// The program's output for these arguments: stderr before stdout, without trailing spaces.
fn said(folder: &Path, words: &[String]) -> String {
    let output = program(folder).args(words).output().unwrap();
    let all = [output.stderr, output.stdout].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    let lines: Vec<&str> = all.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_end())
}

/// The arguments of a command line; those with spaces are in single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('\'').enumerate() {
        match n % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

#[test]
fn the_readme_is_at_most_ten_kilobytes() {
    let size = document("README.md").text.len();
    assert!(size <= 10_240, "README.md has {size} bytes: move something into docs/");
}

#[test]
fn every_page_is_in_the_index() {
    let index = document("docs/README.md").text;
    for page in pages("docs") {
        let page = page.strip_prefix("docs/").unwrap();
        assert!(page == "README.md" || index.contains(&format!("({page})")), "docs/README.md does not name {page}");
    }
}

#[test]
fn links_lead_to_files_and_headings_that_are_there() {
    let others = ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(document);
    let mut broken = String::new();
    for page in documents().iter().chain(&others) {
        let folder = root().join(&page.name).parent().unwrap().to_owned();
        let prose = page.prose();
        let links = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { root().join(&page.name) } else { folder.join(path) };
            let leads = match anchor {
                None => target.exists(),
                Some(anchor) => std::fs::read_to_string(&target)
                    .is_ok_and(|text| Document { name: String::new(), text }.anchors().contains(anchor)),
            };
            if !leads {
                let _ = writeln!(broken, "{}: {link}", page.name);
            }
        }
    }
    assert!(broken.is_empty(), "\n{broken}");
}

#[test]
fn configurations_in_the_documents_are_good() {
    let mut wrong = String::new();
    let mut count = 0;
    let pair = rcgen::generate_simple_self_signed(vec!["app.test".to_owned()]).unwrap();
    for page in documents() {
        // Another program's file is shown together with its import.
        let configurations = page.blocks().into_iter().filter(|block| block.language.starts_with("json"));
        // Lessons are read as such by tests of their own.
        let is_other = |body: &str| body.contains("sourcePort") || body.contains("\"steps\"");
        for block in configurations.filter(|block| !is_other(&block.body)) {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("lb.json"), &block.body).unwrap();
            // The certificate that they name.
            std::fs::write(folder.path().join("app.pem"), pair.cert.pem()).unwrap();
            std::fs::write(folder.path().join("app-key.pem"), pair.signing_key.serialize_pem()).unwrap();
            let mut check = program(folder.path());
            let secrets = block.body.split("\"env:").skip(1).filter_map(|rest| rest.split('"').next());
            if page.name == "docs/user-config.md" {
                check.arg("check").arg("--user");
            } else {
                check.arg("check");
            }
            check.arg("lb.json").envs(secrets.map(|name| (name, "secret")));
            let output = check.output().unwrap();
            // `run` starts its own backends, so that its file may have none.
            let said = String::from_utf8(output.stderr).unwrap();
            if !output.status.success() && !said.contains("It is good for run") {
                let _ = writeln!(wrong, "{}:{}: {said}", page.name, block.begins);
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(count > 5, "only {count} were found");
}

#[test]
fn what_the_documents_show_is_what_the_program_says() {
    let mut differences = String::new();
    for page in documents() {
        let folder = tempfile::tempdir().unwrap();
        let mut lines: Vec<String> = page.text.lines().map(str::to_owned).collect();
        let blocks = page.blocks();
        for block in &blocks {
            if let Some(file) = &block.file {
                std::fs::write(folder.path().join(file), &block.body).unwrap();
            }
        }
        // From the last on, so that replacing one does not move the others.
        for block in blocks.iter().rev().filter(|block| block.language == "console") {
            let (command, shown) = block.body.split_once('\n').unwrap();
            let words = words(command.strip_prefix("$ stickylb-tui ").expect("a command of this program"));
            let found = said(folder.path(), &words);
            if found != shown {
                let _ = writeln!(differences, "{}:{}: {command}\n{found}", page.name, block.begins + 1);
                let output = block.begins + 1..block.begins + block.body.lines().count();
                lines.splice(output, found.lines().map(str::to_owned));
            }
        }
        // What is as it should be stays, since the tables of some pages are written by other tests.
        let differs = lines.iter().map(String::as_str).ne(page.text.lines());
        if differs && std::env::var_os("UPDATE").is_some() {
            std::fs::write(root().join(&page.name), lines.join("\n") + "\n").unwrap();
        }
    }
    let updated = std::env::var_os("UPDATE").is_some();
    assert!(updated || differences.is_empty(), "run with UPDATE=1 to put this into the documents:\n{differences}");
}

#[test]
fn every_command_is_shown_with_its_help() {
    let folder = tempfile::tempdir().unwrap();
    let page = document("docs/commands.md").text;
    for command in subcommands(&said(folder.path(), &words("--help"))) {
        assert!(page.contains(&format!("\n$ stickylb-tui {command} --help\n")), "docs/commands.md lacks {command}");
    }
}

/// The commands that a help text lists.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn commands_in_the_documents_are_written_in_words_that_the_program_knows() {
    let folder = tempfile::tempdir().unwrap();
    let mut known: BTreeMap<Vec<String>, String> = BTreeMap::new();
    let mut help = |command: &[String]| {
        let asked = || said(folder.path(), &[command, &["--help".to_owned()]].concat());
        known.entry(command.to_vec()).or_insert_with(asked).clone()
    };
    let mut wrong = String::new();
    let mut count = 0;
    for page in documents() {
        let prose = page.prose();
        let in_blocks = page.blocks().into_iter().filter(|b| matches!(b.language.as_str(), "sh" | "console"));
        let lines: Vec<String> =
            in_blocks.flat_map(|b| b.body.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        // A code span may continue in the next line.
        let spans: Vec<String> = code(&prose).map(|span| span.replace('\n', " ")).collect();
        for line in lines.iter().chain(&spans) {
            let line = line.split(" #").next().unwrap().trim_start_matches("$ ").trim_start_matches("sudo ");
            let Some(words) = line.strip_prefix("stickylb-tui ").map(words) else { continue };
            count += 1;
            if let Some(word) = unknown(&words, &mut help) {
                let _ = writeln!(wrong, "{}: '{word}' in: {line}", page.name);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(count > 40, "only {count} were found");
}

/// The first option of a command line that is not in the help of its command.
fn unknown(words: &[String], help: &mut impl FnMut(&[String]) -> String) -> Option<String> {
    let mut command: Vec<String> = Vec::new();
    let mut text = help(&command);
    for word in words {
        // What follows is another program's, or goes to a file.
        if ["--", ">", "|", "&"].contains(&word.as_str()) {
            return None;
        }
        if let Some(option) = word.strip_prefix('-').map(|_| word.split('=').next().unwrap()) {
            let listed = text.split([' ', ',', '\n']).any(|known| known == option);
            // `start` takes all arguments that the program takes without it.
            let passed_on = command == ["start"] && help(&[]).contains(&format!("{option} "));
            if !listed && !passed_on {
                return Some(word.clone());
            }
        } else if subcommands(&text).contains(word) {
            command.push(word.clone());
            text = help(&command);
        } else if command == ["ctl"] {
            return Some(word.clone());
        }
    }
    None
}

/// A key of the file that has no keys below it.
struct Key {
    default: Option<Value>,
    values: Vec<String>,
    required: bool,
}

/// Every key of the schema, by its path: `backends[].tls.verify`. Keys of a pool are given without the pool.
fn keys_of(of: &Value, path: &str, required: bool, root: &Value, keys: &mut BTreeMap<String, Key>) {
    let follow = |of: &Value| match of["$ref"].as_str() {
        Some(name) => root.pointer(&name[1..]).unwrap().clone(),
        None => of.clone(),
    };
    let found = follow(of);
    let has_keys = |of: &Value| follow(of)["properties"].is_object();
    // Where there are two forms, the flat one.
    let needs = found["required"].as_array().or(found["oneOf"][0]["required"].as_array());
    for (name, value) in found["properties"].as_object().into_iter().flatten() {
        let required = needs.is_some_and(|needs| needs.iter().any(|key| key == name));
        keys_of(value, format!("{path}.{name}").trim_start_matches('.'), required, root, keys);
    }
    // A list whose elements may be texts, too, is a key itself.
    for way in found["items"]["anyOf"].as_array().into_iter().flatten().filter(|way| has_keys(way)) {
        keys_of(way, &format!("{path}[]"), false, root, keys);
    }
    if has_keys(&found["items"]) {
        keys_of(&found["items"], &format!("{path}[]"), false, root, keys);
    } else if has_keys(&found["additionalProperties"]) {
        keys_of(&found["additionalProperties"], "", false, root, keys);
    } else if !found["properties"].is_object() {
        let default = of.get("default").or(found.get("default")).cloned();
        let mut values: Vec<String> = found["enum"].as_array().into_iter().flatten().map(plain).collect();
        let ways = found["anyOf"].as_array();
        let is_switch = ways.is_some_and(|ways| ways.iter().any(|way| way["type"] == "boolean"));
        for way in ways.into_iter().flatten() {
            values.extend(way["enum"].as_array().into_iter().flatten().map(plain));
            values.extend(["true", "false"].map(str::to_owned).into_iter().filter(|_| way["type"] == "boolean"));
            // A switch that may say more.
            if is_switch && has_keys(way) {
                keys_of(way, path, false, root, keys);
            }
        }
        keys.insert(path.to_owned(), Key { default, values, required });
    }
}

/// A value in the notation of the documents.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string().replace("\",\"", "\", \""),
    }
}

#[test]
fn the_keys_in_the_documents_are_those_of_the_schema_with_its_defaults_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let schema: Value = serde_json::from_str(&said(folder.path(), &words("schema"))).unwrap();
    let mut keys = BTreeMap::new();
    keys_of(&schema, "", false, &schema, &mut keys);
    keys.remove("$schema");
    // One entry: what is in it is documented under the pool.
    let of_a_backend = "backends[].healthExpect";
    // A listener's is documented at the top.
    keys.retain(|key, _| !key.starts_with(of_a_backend) && !key.starts_with("listeners[].tls."));
    keys.insert(of_a_backend.to_owned(), Key { default: None, values: Vec::new(), required: false });

    let mut wrong = String::new();
    let mut told = BTreeSet::new();
    for page in documents() {
        for row in page.rows("| key | default | meaning |") {
            for name in code(&row[0]) {
                let _ = match keys.get(name) {
                    None => writeln!(wrong, "{}: there is no key {name}", page.name),
                    Some(_) if !told.insert(name.to_owned()) => writeln!(wrong, "{}: {name} again", page.name),
                    Some(Key { default: Some(default), .. }) if row[1].replace('`', "") != plain(default) => {
                        writeln!(wrong, "{}: {name} is {} unless set, not {}", page.name, plain(default), row[1])
                    }
                    Some(key) if key.required != row[1].starts_with("required") => {
                        writeln!(wrong, "{}: whether {name} is required is not as the schema says", page.name)
                    }
                    Some(Key { values, .. }) => values
                        .iter()
                        .filter(|value| !row[1..].iter().any(|cell| code(cell).any(|code| code == *value)))
                        .try_for_each(|value| writeln!(wrong, "{}: {name} may be {value}", page.name)),
                };
            }
        }
    }
    let untold: Vec<_> = keys.keys().filter(|key| !told.contains(*key)).collect();
    assert!(wrong.is_empty() && untold.is_empty(), "\n{wrong}not told: {untold:?}");
}

#[test]
fn the_defaults_in_the_help_are_those_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let schema: Value = serde_json::from_str(&said(folder.path(), &words("schema"))).unwrap();
    let mut keys = BTreeMap::new();
    keys_of(&schema, "", false, &schema, &mut keys);
    let help = said(folder.path(), &words("--help")).split_whitespace().collect::<Vec<_>>().join(" ");
    let port = stickylb::config::DEFAULT_PORT.to_string();
    let of_key = |key: &str| plain(keys[key].default.as_ref().unwrap());
    let defaults = [
        ("--port", port),
        ("--host", of_key("host")),
        ("--strategy", of_key("strategy")),
        ("--sticky", of_key("sticky.by")),
        ("--hold", of_key("hold")),
    ];
    for (option, default) in defaults {
        let told = help.split(&format!("{option} <")).nth(1).unwrap().split(" --").next().unwrap();
        assert!(told.contains(&format!("[default: {default}]")), "{option} is {default} unless set: {told}");
    }
    for strategy in &keys["strategy"].values {
        assert!(help.contains(strategy), "the help does not name {strategy}");
    }
}

/// A balancer of one demo backend, until it is dropped.
struct Demo {
    child: Child,
    port: u16,
    /// The balancer ends when nobody reads its output.
    _log: Lines<BufReader<ChildStdout>>,
    _folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child =
            program(folder.path()).args(["--headless", "--demo=1", "--port=0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = log.by_ref().map_while(Result::ok).find(|line| line.contains("listening on")).expect("it listens");
        Demo { child, port: url.rsplit(':').next().unwrap().parse().unwrap(), _log: log, _folder: folder }
    }

    /// The body of one of its pages.
    fn page(&self, path: &str) -> String {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_metrics_and_fields_in_the_documents_are_those_of_the_pages() {
    let demo = Demo::start();
    let page = document("docs/monitoring.md");
    let metrics = demo.page("/_lb/metrics");
    let there: BTreeSet<&str> = metrics.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let rows = page.rows("| metric | labels | meaning |");
    let told: BTreeSet<&str> = rows.iter().flat_map(|row| code(&row[0])).collect();
    assert_eq!(told, there);
    let health: Value = serde_json::from_str(&demo.page("/_lb/health")).unwrap();
    for of in [&health, &health["backends"][0]] {
        for field in of.as_object().unwrap().keys() {
            assert!(page.text.contains(&format!("`{field}`")), "docs/monitoring.md does not tell of {field}");
        }
    }
}
