//! What is written is read by the real HAProxy.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use stickylb::api::{Intent, ResolvedConfig};
use stickylb_convert::{Engine, Target, export};

use crate::corpus::{HOME, cases, odd};
use crate::engines::{Home, or_left_out, said};
use crate::installed::of_path;

/// HAProxy, and a folder with the certificate of the corpus, whose key is where HAProxy looks for it.
struct Reader {
    haproxy: PathBuf,
    home: Home,
}

impl Reader {
    fn new() -> Option<Self> {
        let haproxy = or_left_out(of_path("haproxy", [2, 6]), "HAProxy 2.6 or newer")?;
        let home = Home::new();
        let certs = home.path().join("certs");
        std::fs::copy(certs.join("app.key"), certs.join("app.pem.key")).unwrap();
        Some(Reader { haproxy, home })
    }

    /// What it says against a file; a warning counts.
    fn against(&self, text: &str) -> Option<String> {
        let file = self.home.write("haproxy.cfg", text);
        let (passed, output) = said(Command::new(&self.haproxy).arg("-c").arg("-f").arg(file));
        let is_good = passed && !output.contains("[WARNING]") && !output.contains("[ALERT]");
        (!is_good).then_some(output)
    }

    #[track_caller]
    fn takes(&self, text: &str) {
        assert_eq!(self.against(text), None, "{text}");
    }
}

fn resolved(config: &Value) -> ResolvedConfig {
    let parsed = stickylb::config::parse(&Path::new(HOME).join("stickylb.json"), config.to_string().as_bytes());
    parsed.unwrap_or_else(|error| panic!("{config}: {:?}", error.problems())).resolved()
}

fn written(config: &ResolvedConfig) -> String {
    export(config, Target::new(Engine::Haproxy)).text
}

/// Two backends with these keys beside them.
fn two(keys: &Value) -> Value {
    let backends = json!([{"url": "http://127.0.0.1:5000"}, {"url": "http://127.0.0.1:5001"}]);
    let mut config = json!({"port": 3001, "backends": backends});
    for (key, value) in keys.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

#[test]
fn haproxy_takes_every_configuration_without_a_warning() {
    let Some(reader) = Reader::new() else { return };
    let refused: Vec<String> = cases()
        .into_iter()
        .chain(odd())
        .filter_map(|case| Some(format!("{}: {}", case.name, reader.against(&written(&case.config))?)))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn haproxy_takes_every_strategy_with_everything_that_binds() {
    let Some(reader) = Reader::new() else { return };
    let strategies = [
        "round-robin",
        "smooth-round-robin",
        "least-connections",
        "random",
        "power-of-two",
        "least-latency",
        "hash",
        "first",
    ];
    let from = json!(["mcp", "socket.io", "signalr", "streamlit", "gradio", "header:X-Id", "json:/a=query:b"]);
    let bound = [
        json!({"by": "off"}),
        json!({"by": "cookie", "onFailure": "fail"}),
        json!({"by": "ip", "onFailure": "fail"}),
        json!({"by": "header:X-User", "onFailure": "fail"}),
        json!({"by": "header:X-User", "missing": "fixed"}),
        json!({"by": "query:user"}),
        json!({"by": "query:user", "missing": "fixed"}),
        json!({"by": "learn", "from": from, "onFailure": "fail"}),
    ];
    let (mut pools, mut routes) = (json!({}), Vec::new());
    for (number, (strategy, sticky)) in strategies.iter().flat_map(|s| bound.iter().map(move |b| (s, b))).enumerate() {
        let name = format!("p{number}");
        routes.push(json!({"match": {"pathPrefix": format!("/{name}")}, "pool": name}));
        let backends = json!([{"url": "http://127.0.0.1:5000"}, {"url": "http://127.0.0.1:5001"}]);
        pools[name] = json!({"strategy": strategy, "sticky": sticky, "backends": backends});
    }
    let mut listeners = vec![json!({"port": 3001, "pool": "p0", "routes": routes})];
    for (number, (strategy, by)) in strategies.iter().flat_map(|s| ["off", "ip"].map(|by| (s, by))).enumerate() {
        let name = format!("raw{number}");
        listeners.push(json!({"port": 4000 + number, "mode": "tcp", "pool": name}));
        let sticky = json!({"by": by, "onFailure": "fail"});
        pools[name] = json!({"strategy": strategy, "sticky": sticky, "backends": [{"url": "tcp://127.0.0.1:5432"}]});
    }
    reader.takes(&written(&resolved(&json!({"listeners": listeners, "pools": pools}))));
}

#[test]
fn no_text_of_ours_means_anything_to_haproxy() {
    let Some(reader) = Reader::new() else { return };
    let hostile = "a\n\"b' \\ #c $HOME ${HOME} %[env(HOME)] %% } { ; é\u{7f}";
    let config = json!({
        "listeners": [{"port": 3001, "pool": "web", "routes": [
            {"match": {"pathPrefix": "/a';\"{}$HOME\\"}, "pool": "web"},
            {"match": {"upgrade": "-f"}, "pool": "web"},
        ]}],
        "pools": {"web": {
            "sticky": {"cookie": {"name": "$HOME%'`#", "path": "/a'\"$HOME#\\", "domain": "app.test"}, "onFailure": "fail"},
            "health": {
                "path": "/$HOME'%[env(HOME)]#",
                "method": "$HOME'#",
                "headers": {"Accept": "a\"b' \\ #c $HOME %[env(HOME)] é", "Host": "", "X-Secret": "env:PATH"},
                "expect": {"body": hostile, "json": {"/a\"b*$": hostile, "/n": 1.5, "/l/0": true, "/o": {"a": 1}}},
            },
            "backends": [
                {"name": hostile, "url": "unix:/run/a b'\"#$HOME.sock"},
                {"name": "bad }\n  user root", "url": "http://127.0.0.1:5001"},
                {"name": "c", "url": "http://127.0.0.1:5002", "healthCommand": ["/bin/a b'\"$HOME", hostile]},
            ],
        }},
    });
    let text = written(&resolved(&config));
    reader.takes(&text);
    assert!(!text.lines().any(|line| line.trim() == "user root"), "{text}");
    for line in text.lines().filter(|line| line.contains("HOME") && !line.trim_start().starts_with('#')) {
        assert!(!line.replace("\\$HOME", "").contains("$HOME"), "{line}");
        assert!(!line.replace("%%[env(HOME)]", "").contains("hdr accept \"%[env"), "{line}");
    }
}

#[test]
fn a_person_s_word_goes_along() {
    let Some(reader) = Reader::new() else { return };
    let mut config = resolved(&two(&json!({})));
    config.pools[0].backends[0].intent = Intent::Drain;
    config.pools[0].backends[0].weight = 3;
    config.pools[0].backends[1].intent = Intent::Maint;
    let text = written(&config);
    reader.takes(&text);
    assert!(text.contains("# 127.0.0.1:5000 is in DRAIN: its weight was 3\n"), "{text}");
    assert!(text.contains("server 127-0-0-1-5000 127.0.0.1:5000 cookie 0 weight 0\n"), "{text}");
    assert!(text.contains("# 127.0.0.1:5001 is in MAINT: without \"disabled\" it is back\n"), "{text}");
    assert!(text.contains("server 127-0-0-1-5001 127.0.0.1:5001 cookie 1 disabled\n"), "{text}");
}

#[test]
fn keys_that_stand_where_haproxy_looks_for_them_need_no_word() {
    let tls = |cert: &str, key: &str| two(&json!({"tls": {"certificates": [{"cert": cert, "key": key}]}}));
    let said = |config: &Value| written(&resolved(config)).matches("ln -s").count();
    for (cert, key, links) in [
        ("app.pem", "app.pem", 0),
        ("app.pem", "app.pem.key", 0),
        ("app.crt", "app.key", 0),
        ("app.crt", "app.crt.key", 0),
        ("app.pem", "app.key", 1),
    ] {
        assert_eq!(said(&tls(cert, key)), links, "{cert} {key}");
    }
    let both = json!([{"cert": "a.crt", "key": "a.key"}, {"cert": "b.crt", "key": "b.crt.key"}]);
    let text = written(&resolved(&two(&json!({"tls": {"certificates": both}}))));
    assert!(text.contains("ln -s /etc/stickylb/b.crt.key /etc/stickylb/b.key\n"), "{text}");
}

#[test]
fn what_is_rare_is_taken_too() {
    let Some(reader) = Reader::new() else { return };
    let certificates = json!([{"cert": "certs/app.pem", "key": "certs/app.key"}]);
    let everything = json!({
        "listeners": [
            {"port": 3001, "host": "::1", "pool": "web", "proxyProtocol": true},
            {"port": 3001, "host": "127.0.0.2", "pool": "web", "tls": {"certificates": certificates}},
            {"port": 0, "pool": "web"},
            {"port": 0, "pool": "raw", "mode": "tcp", "proxyProtocol": true, "tls": {"certificates": certificates}},
        ],
        "pools": {
            "web": {
                "names": ["app.localhost"],
                "backends": [
                    {"id": 1, "url": "https://127.0.0.1:8443", "weight": 0},
                    {"id": 2, "url": "https://192.0.2.1/base", "healthPath": "/other", "proxyProtocol": "v2"},
                    {"id": 3, "url": "https://app.localhost:8443", "tls": {"verify": false}, "healthAlgorithm": "tcp"},
                    {"id": 4, "url": "http://[::1]:5000", "healthAlgorithm": "websocket", "backup": true, "slowStart": 500},
                ],
            },
            "raw": {
                "backends": [
                    {"id": 5, "url": "tcp://127.0.0.1:5432", "healthAlgorithm": "http", "healthMethod": "HEAD"},
                    {"id": 6, "url": "unix:/run/raw.sock", "healthCommand": ["check"], "backup": true},
                ],
            },
        },
        "trustedProxies": ["10.0.0.0/8", "::1"],
        "access": {"allow": ["127.0.0.0/8", "::/0"], "deny": ["10.0.0.9"], "connectionsPerIp": 9, "requestsPerSecondPerIp": 9},
        "retry": {"attempts": 1, "on": [429, 503]},
        "hostHeader": "backend",
    });
    reader.takes(&written(&resolved(&everything)));
}
