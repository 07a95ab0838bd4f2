//! The configurations that are written for every engine: each row of the table alone, and whole ones.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stickylb::api::ResolvedConfig;
use stickylb_convert::{Engine, Exported, Target, export};

/// Where the configurations are said to be: certificates are named from there.
pub(crate) const HOME: &str = "/etc/stickylb";

/// One configuration of the corpus.
pub(crate) struct Case {
    /// The name of its file.
    pub(crate) name: String,
    pub(crate) config: ResolvedConfig,
}

/// A folder of this package's tests.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The configurations in the README.
fn of_readme() -> Vec<Case> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let blocks = text.split("```jsonc\n").skip(1).map(|block| block.split("```").next().unwrap());
    let cases: Vec<Case> = blocks.enumerate().map(|(n, block)| parsed(&format!("readme-{}", n + 1), block)).collect();
    assert!(!cases.is_empty(), "the README has a configuration");
    cases
}

/// All of them, sorted by name, those of the README last.
pub(crate) fn cases() -> Vec<Case> {
    let files = |part: &str| std::fs::read_dir(folder("corpus").join(part)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = files("rows").chain(files("whole")).collect();
    paths.sort();
    paths.iter().map(|path| case(path)).chain(of_readme()).collect()
}

/// The configuration that has one row of the table alone.
pub(crate) fn row(name: &str) -> Case {
    case(&folder("corpus/rows").join(format!("{name}.json")))
}

fn case(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // A header whose value the environment holds: one that every machine sets.
    let text = text.replace("env:STICKYLB_TEST_SECRET", "env:PATH");
    parsed(path.file_stem().unwrap().to_str().unwrap(), &text)
}

/// Configurations that no one has, but each of which one engine once did not take.
pub(crate) fn odd() -> Vec<Case> {
    let local = |number: usize| json!({"id": number, "url": format!("http://127.0.0.1:{}", 5000 + number)});
    let two = [local(0), local(1)];
    let networks: Vec<String> = (0..150).map(|number| format!("10.{number}.0.0/16")).collect();
    let many: Vec<Value> = (0..100).map(local).collect();
    let files = json!({"certificates": [{"cert": "certs/app.pem", "key": "certs/app.key"}]});
    let long = "p".repeat(32);
    let configs = [
        (
            "three listeners on any port but one",
            json!({
                "listeners": [{"port": 0, "pool": "web"}, {"port": 3001, "pool": "web"}, {"port": 0, "pool": "web"}],
                "pools": {"web": {"backends": two}},
            }),
        ),
        (
            "certificates of files and others",
            json!({
                "listeners": [{"port": 3001, "pool": "web", "tls": true}, {"port": 3002, "pool": "web", "tls": files}],
                "pools": {"web": {"backends": two}},
            }),
        ),
        ("few connections", json!({"port": 3001, "backends": two, "limits": {"connections": 1}})),
        (
            "all are trusted, some twice",
            json!({
                "port": 3001, "backends": two, "trustedProxies": ["0.0.0.0/0", "::/0", "::1", "::1"],
            }),
        ),
        (
            "many connections of an address",
            json!({
                "port": 3001, "backends": two, "access": {"connectionsPerIp": 1_000_000},
            }),
        ),
        (
            "many networks",
            json!({
                "port": 3001, "backends": two, "access": {"allow": networks, "deny": networks}, "trustedProxies": networks,
            }),
        ),
        ("many backends", json!({"port": 3001, "backends": many, "sticky": {"onFailure": "fail"}})),
        (
            "a long protocol, and a pool with a long name",
            json!({
                "listeners": [{"port": 3001, "pool": long, "routes": [{"match": {"upgrade": "x".repeat(80)}, "pool": "web"}]}],
                "pools": {
                    "web": {"backends": [local(0)]},
                    &long: {"backends": [local(1), local(2)], "sticky": {"by": "query:user"}},
                },
            }),
        ),
        (
            "names of fields that mean something",
            json!({
                "port": 3001, "backends": two,
                "health": {"method": "a`b", "path": "/%--", "headers": {"`x": "a", "#y": "b", "z`": "c\\d"}},
                "sticky": {"cookie": {"name": "#`a", "domain": "{x}"}},
            }),
        ),
    ];
    configs.iter().map(|(name, config)| parsed(name, &config.to_string())).collect()
}

/// A configuration that is no file of the corpus.
pub(crate) fn parsed(name: &str, text: &str) -> Case {
    let config = stickylb::config::parse(&Path::new(HOME).join("stickylb.json"), text.as_bytes())
        .unwrap_or_else(|error| panic!("{name}: {:?}", error.problems()));
    Case { name: name.to_owned(), config: config.resolved() }
}

/// A target, and the name of its folder among the goldens.
pub(crate) struct Written {
    pub(crate) folder: &'static str,
    pub(crate) target: Target,
}

/// What each configuration is written for: every engine, and nginx before it had sticky cookies.
pub(crate) fn targets() -> Vec<Written> {
    let mut all: Vec<Written> =
        Engine::ALL.iter().map(|engine| Written { folder: engine.word(), target: Target::new(*engine) }).collect();
    all.push(Written { folder: "nginx-1.22", target: old_nginx() });
    all
}

pub(crate) fn old_nginx() -> Target {
    let mut target = Target::new(Engine::Nginx);
    target.nginx_version = "1.22".parse().unwrap();
    target
}

/// One of them, exported.
pub(crate) fn exported(case: &Case, target: Target) -> Exported {
    export(&case.config, target)
}
