//! The lines that say what a check does.

use serde_json::Value;
use stickylb::api::{CheckAlgorithm, ResolvedBackend, ResolvedCheck, ResolvedExpect, ResolvedHeader, ResolvedValue};

use super::quote::{format_word, time, word};
use super::{Feature, Writer};
use crate::export::local::is_local;

/// The key of RFC 6455 1.3, and what a server makes of it.
const WEBSOCKET_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const WEBSOCKET_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Where a command without a path is looked for.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What a check does, and what it lacks.
#[derive(Debug, Default)]
pub(super) struct Script {
    lines: Vec<String>,
    cannot: Vec<(Feature, String)>,
}

impl Script {
    pub(super) fn new(backend: &ResolvedBackend) -> Self {
        let check = &backend.check;
        let mut script = Script::default();
        script.line(format!("timeout check {}", time(check.timeout_millis)));
        match check.algorithm {
            CheckAlgorithm::Tcp => {}
            CheckAlgorithm::Command => script.command(backend),
            CheckAlgorithm::Websocket => script.websocket(backend),
            _ => script.http(backend),
        }
        script
    }

    /// Whether it does the same.
    pub(super) fn is_like(&self, other: &Script) -> bool {
        self.lines == other.lines
    }

    pub(super) fn write(&self, to: &mut Writer) {
        for line in &self.lines {
            to.line(line);
        }
        for (feature, sentence) in &self.cannot {
            to.cannot(*feature, sentence);
        }
    }

    fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn cannot(&mut self, feature: Feature, sentence: String) {
        self.cannot.push((feature, sentence));
    }

    fn http(&mut self, backend: &ResolvedBackend) {
        let check = &backend.check;
        self.send(backend, &check.method, &[]);
        self.line(format!("http-check expect status {}", statuses(check)));
        self.expect_body(&backend.name, &check.expect);
    }

    fn websocket(&mut self, backend: &ResolvedBackend) {
        let fields = [
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", WEBSOCKET_KEY),
        ];
        self.send(backend, "GET", &fields);
        self.line("http-check expect status 101");
        self.line(format!("http-check expect hdr name sec-websocket-accept value {WEBSOCKET_ACCEPT}"));
    }

    /// The request: its own fields, then those that the configuration has, which take their place.
    fn send(&mut self, backend: &ResolvedBackend, method: &str, fields: &[(&str, &str)]) {
        let check = &backend.check;
        let given = |name: &str| check.headers.iter().any(|header| header.name == name);
        let host = host(backend);
        let own = [("host", host.as_str())].into_iter().chain(fields.iter().copied());
        let mut words: Vec<String> = own
            .filter(|(name, _)| !given(name))
            .map(|(name, value)| format!(" hdr {name} {}", format_word(value)))
            .collect();
        for header in &check.headers {
            words.extend(self.header(&backend.name, header));
        }
        self.line("option httpchk");
        self.line(format!(
            "http-check send meth {} uri {} ver HTTP/1.1{}",
            word(method),
            word(&check.path),
            words.concat()
        ));
    }

    fn header(&mut self, backend: &str, header: &ResolvedHeader) -> Option<String> {
        let value = match &header.value {
            // HAProxy takes no empty one.
            ResolvedValue::Plain(value) if value.is_empty() => return None,
            ResolvedValue::Plain(value) => format_word(value),
            ResolvedValue::Environment(variable) if is_variable(variable) => format!("%[env({variable})]"),
            _ => {
                let name = &header.name;
                self.cannot(
                    Feature::CheckSecrets,
                    format!(
                        "the header {name} in checks of {backend}: its value may be a secret, add it with hdr {name}"
                    ),
                );
                return None;
            }
        };
        Some(format!(" hdr {} {value}", word(&header.name)))
    }

    fn expect_body(&mut self, backend: &str, expect: &ResolvedExpect) {
        if let Some(text) = &expect.body {
            self.line(format!("http-check expect string {}", word(text)));
        }
        if expect.json.is_empty() {
            return;
        }
        for pattern in expect.json.iter().filter_map(|(pointer, value)| pattern(pointer, value)) {
            self.line(format!("http-check expect rstring {}", word(&pattern)));
        }
        self.cannot(
            Feature::CheckExpect,
            format!(
                "health.expect.json of {backend}: HAProxy reads no JSON in checks, it looks for the last key and its \
                 value anywhere"
            ),
        );
    }

    fn command(&mut self, backend: &ResolvedBackend) {
        let Some((program, arguments)) = backend.check.command.split_first() else { return };
        self.line("option external-check");
        if !program.starts_with('/') {
            self.line(format!("external-check path {PATH}"));
        }
        self.line(format!("external-check command {}", word(program)));
        let lost = if arguments.is_empty() { "STICKYLB_BACKEND_URL".to_owned() } else { arguments.join(" ") };
        self.cannot(
            Feature::CheckCommand,
            format!(
                "{program} with {lost} in checks of {}: HAProxy gives it addresses and ports, and variables of its own \
                 that begin with HAPROXY_",
                backend.name
            ),
        );
    }
}

/// The statuses that pass, as ranges.
fn statuses(check: &ResolvedCheck) -> String {
    let ranges = match (&check.expect.status, check.algorithm) {
        (given, _) if !given.is_empty() => given.clone(),
        (_, CheckAlgorithm::Http) => vec![(100, 999)],
        _ => vec![(200, 299)],
    };
    let range = |(first, last): &(u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    ranges.iter().map(range).collect::<Vec<_>>().join(",")
}

/// The host that a check asks for: checks of all backends of a pool are alike, so that the port is left out.
fn host(backend: &ResolvedBackend) -> String {
    if is_local(backend) { "localhost".to_owned() } else { backend.bracketed_host() }
}

/// Whether the name of a variable can stand between parentheses.
fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// An expression for the last key of a pointer and a value that is one word, as JSON is mostly written.
fn pattern(pointer: &str, value: &Value) -> Option<String> {
    let key = pointer.rsplit('/').next().filter(|key| !key.is_empty())?;
    if key.bytes().all(|b| b.is_ascii_digit()) || value.is_array() || value.is_object() {
        return None;
    }
    let key = Value::from(key.replace("~1", "/").replace("~0", "~")).to_string();
    let end = if value.is_string() { "" } else { "[[:space:],}]" };
    Some(format!("{}[[:space:]]*:[[:space:]]*{}{end}", literal(&key), literal(&value.to_string())))
}

/// A text that stands for itself in an expression.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && !"\"-_/:,<>=!@#%&;~`'".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
