//! `option httpchk`, `http-check` and the checks of servers as our `health`.

use serde_json::{Map, Value};

use super::lines::Line;
use crate::import::left_out::LeftOut;

/// What a check speaks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Kind {
    /// It connects.
    #[default]
    Tcp,
    Http,
    Command,
}

/// How the servers of a section are checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Check {
    pub(super) kind: Kind,
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) headers: Map<String, Value>,
    /// The statuses that pass, as ours.
    pub(super) statuses: Option<String>,
    pub(super) body: Option<String>,
    pub(super) command: Option<String>,
    /// Milliseconds of `timeout check`.
    pub(super) timeout: Option<u64>,
}

impl Check {
    /// Reads `option httpchk [METHOD] [PATH [VERSION]]`, whose version may have header fields behind it.
    pub(super) fn read_httpchk(&mut self, line: &Line) {
        self.kind = Kind::Http;
        let words = line.from(2);
        match words {
            [] => {}
            [path] => self.path = Some(path.clone()),
            [method, path, ..] => {
                self.method = Some(method.clone());
                self.path = Some(path.clone());
            }
        }
        let fields = words.get(2).map(|version| version.split("\r\n").skip(1)).into_iter().flatten();
        for (name, value) in fields.filter_map(|field| field.split_once(':')) {
            self.headers.insert(name.trim().to_owned(), value.trim().into());
        }
    }

    /// Reads `option tcp-check` and the checks of other protocols.
    pub(super) fn read_other(&mut self, line: &Line, left_out: &mut LeftOut) {
        self.kind = Kind::Tcp;
        if line.word(1) != "tcp-check" {
            left_out.part(line.number, &line.text(), "servers that speak no HTTP are checked by connecting here");
        }
    }

    /// Reads `option external-check` and `external-check command`.
    pub(super) fn read_command(&mut self, line: &Line) {
        self.kind = Kind::Command;
        if line.word(0) == "external-check" {
            self.command = Some(line.word(2).to_owned());
        }
    }

    /// Reads `http-check …`.
    pub(super) fn read_http_check(&mut self, line: &Line, left_out: &mut LeftOut) {
        match line.word(1) {
            "send" => self.read_send(line, left_out),
            "expect" => self.read_expect(line, left_out),
            _ => left_out.nothing_like(line.number, &line.text()),
        }
    }

    fn read_send(&mut self, line: &Line, left_out: &mut LeftOut) {
        let mut words = line.from(2).iter();
        while let Some(word) = words.next() {
            let value = words.next().map(String::as_str).unwrap_or_default();
            match word.as_str() {
                "meth" => self.method = Some(value.to_owned()),
                "uri" => self.path = Some(value.to_owned()),
                "ver" => {}
                "hdr" => {
                    let text = words.next().map(String::as_str).unwrap_or_default();
                    match header_value(text) {
                        Some(text) => {
                            self.headers.insert(value.to_owned(), text.into());
                        }
                        None => {
                            left_out.part(
                                line.number,
                                &format!("hdr {value} {text}"),
                                "it is made anew for each check",
                            );
                        }
                    }
                }
                _ => left_out.nothing_like(line.number, &format!("{word} {value}")),
            }
        }
    }

    fn read_expect(&mut self, line: &Line, left_out: &mut LeftOut) {
        let mut words = line.from(2);
        while let [option, _, rest @ ..] = words
            && [
                "min-recv",
                "comment",
                "on-success",
                "on-error",
                "tout-status",
                "ok-status",
                "error-status",
                "status-code",
            ]
            .contains(&option.as_str())
        {
            words = rest;
        }
        match words {
            [kind, value] if kind == "status" => self.statuses = Some(value.clone()),
            [kind, value] if kind == "string" && !value.is_empty() => self.body = Some(value.clone()),
            // A handshake is looked at as a whole here.
            [kind, ..] if kind == "hdr" && self.statuses.as_deref() == Some("101") => {}
            _ => left_out.part(line.number, &line.text(), "a check here expects a status or a text"),
        }
    }
}

/// The value of a header field: a text, or a variable of the environment; `None` where it is made anew for each check.
fn header_value(text: &str) -> Option<String> {
    if let Some(name) = text.strip_prefix("%[env(").and_then(|rest| rest.strip_suffix(")]")) {
        return Some(format!("env:{name}"));
    }
    let is_secret = text.starts_with("env:") || text.starts_with("file:");
    // A % alone is written twice there.
    let plain = text.replace("%%", "");
    (!is_secret && !plain.contains('%')).then(|| text.replace("%%", "%"))
}
