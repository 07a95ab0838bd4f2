//! `balance` and `cookie`: our strategy and stickiness.

use serde_json::{Map, Value, json};

use super::lines::Line;
use crate::import::draft::{Backend, Sticky};
use crate::import::left_out::LeftOut;

/// What chooses a server, and what binds a client to it.
#[derive(Clone, Default)]
pub(super) struct Balance {
    /// The `balance` line.
    chooses: Option<Line>,
    cookie: Option<Line>,
    /// What variables stand for: name and expression.
    variables: Vec<(String, String)>,
    /// `stick` lines.
    sticks: Vec<Line>,
    /// Milliseconds that a `stick-table` remembers.
    pub(super) expiry: Option<u64>,
}

impl Balance {
    pub(super) fn read(&mut self, line: &Line) {
        match line.word(0) {
            "balance" => self.chooses = Some(line.clone()),
            "cookie" => self.cookie = Some(line.clone()),
            _ => self.sticks.push(line.clone()),
        }
    }

    /// Reads `http-request set-var(NAME) EXPRESSION` of a backend; tells whether it can be what `balance` goes by.
    pub(super) fn read_variable(&mut self, line: &Line) -> bool {
        let name = line.word(1).strip_prefix("set-var(").and_then(|rest| rest.strip_suffix(')'));
        let expression = line.word(2);
        let is_key = hashed(expression).is_some() || expression.starts_with("str(");
        match name.filter(|_| is_key) {
            Some(name) => {
                self.variables.push((name.to_owned(), expression.to_owned()));
                true
            }
            None => false,
        }
    }

    /// What is hashed by `balance hash var(NAME)`: a key, and one for all requests that have none.
    fn variable(&self, expression: &str) -> Option<Map<String, Value>> {
        let name = expression.strip_prefix("var(").and_then(|rest| rest.strip_suffix(')'))?;
        let of = || self.variables.iter().filter(|(known, _)| known == name);
        let mut keys = by_key(&of().find_map(|(_, expression)| hashed(expression))?);
        if of().any(|(_, expression)| expression.starts_with("str(")) {
            keys.insert("missing".to_owned(), "fixed".into());
        }
        Some(keys)
    }

    /// Our strategy and stickiness for these backends.
    pub(super) fn ours(
        &self,
        is_tcp: bool,
        backends: &[Backend],
        left_out: &mut LeftOut,
    ) -> (Option<&'static str>, Sticky) {
        let (mut strategy, mut sticky) = self.chosen(backends, left_out);
        if let Some(by) = self.stuck(left_out) {
            if sticky != Sticky::Off {
                self.say_overridden("clients are bound by one thing here, and that is what 'stick' says", left_out);
            }
            sticky = by;
        }
        if let Some(line) = self.cookie.as_ref().filter(|_| !is_tcp) {
            match &sticky {
                // The first time it goes by the address, then by the cookie.
                Sticky::By(keys) if keys.get("by").is_some_and(|by| by == "ip") => strategy = Some("hash"),
                Sticky::By(_) => {
                    self.say_overridden("clients are bound by one thing here, and that is the cookie", left_out);
                }
                _ => {}
            }
            sticky = cookie(line, left_out);
        }
        if let Sticky::By(keys) = &mut sticky
            && is_tcp
        {
            keys.extend(self.expiry.map(|millis| ("expiry".to_owned(), millis.into())));
        }
        (strategy, sticky)
    }

    /// Says that the hash of `balance` is not kept.
    fn say_overridden(&self, why: &str, left_out: &mut LeftOut) {
        if let Some(line) = &self.chooses {
            left_out.part(line.number, &line.text(), why);
        }
    }

    fn chosen(&self, backends: &[Backend], left_out: &mut LeftOut) -> (Option<&'static str>, Sticky) {
        let weight = |backend: &Backend| backend.keys.get("weight").cloned();
        // It mixes evenly what has different weights.
        let is_even = backends.windows(2).all(|two| weight(&two[0]) == weight(&two[1]));
        let round_robin = if is_even { None } else { Some("smooth-round-robin") };
        let Some(line) = &self.chooses else { return (round_robin, Sticky::Off) };
        let word = line.word(1);
        let (name, argument) =
            word.split_once('(').map_or((word, ""), |(name, rest)| (name, rest.trim_end_matches(')')));
        let by = |by: String| (None, Sticky::By(by_key(&by)));
        match (name, argument) {
            ("roundrobin" | "static-rr", _) => (round_robin, Sticky::Off),
            ("leastconn", _) => (Some("least-connections"), Sticky::Off),
            ("first", _) => (Some("first"), Sticky::Off),
            ("random", "1") => (Some("random"), Sticky::Off),
            ("random", draws) => {
                if !matches!(draws, "" | "2") {
                    left_out.part(line.number, &line.text(), "two are drawn here, and the less busy one is taken");
                }
                (Some("power-of-two"), Sticky::Off)
            }
            ("source", _) => by("ip".to_owned()),
            ("hdr", name) if !name.is_empty() => by(format!("header:{name}")),
            ("url_param", _) if !line.word(2).is_empty() => by(format!("query:{}", line.word(2))),
            ("hash", _) => {
                let keys = hashed(line.word(2)).map(|key| by_key(&key)).or_else(|| self.variable(line.word(2)));
                if keys.is_none() {
                    let why = "a hash here is of the address, a header or a parameter of the query";
                    left_out.part(line.number, &line.text(), why);
                }
                keys.map_or((round_robin, Sticky::Off), |keys| (None, Sticky::By(keys)))
            }
            _ => {
                left_out.part(line.number, &line.text(), "there is no such strategy here, round-robin is used");
                (round_robin, Sticky::Off)
            }
        }
    }

    /// What `stick` lines say.
    fn stuck(&self, left_out: &mut LeftOut) -> Option<Sticky> {
        let mut found = None;
        let learned = |word: &str, line: &&Line| {
            let name = line.word(2).strip_prefix(word).and_then(|rest| rest.split([',', ')']).next());
            name.map(str::to_owned)
        };
        for line in &self.sticks {
            let key = hashed(line.word(2));
            match (line.word(1), key) {
                ("on", Some(key)) if line.words.len() == 3 => found = Some(Sticky::By(by_key(&key))),
                ("store-response", _) => {
                    let named = ["res.cook(", "set-cookie("].iter().find_map(|word| learned(word, &line));
                    if let Some(name) = named {
                        found = Some(Sticky::By(learn(&format!("cookie:{name}"))));
                    } else if let Some(name) = learned("res.hdr(", &line) {
                        found = Some(Sticky::By(learn(&format!("header:{name}"))));
                    } else {
                        left_out.nothing_like(line.number, &line.text());
                    }
                }
                // The other half of what is learned.
                ("match" | "on", _)
                    if ["req.cook(", "cookie(", "req.hdr("].iter().any(|word| line.word(2).starts_with(word)) => {}
                _ => left_out.nothing_like(line.number, &line.text()),
            }
        }
        found
    }
}

fn by_key(by: &str) -> Map<String, Value> {
    Map::from_iter([("by".to_owned(), by.into())])
}

fn learn(from: &str) -> Map<String, Value> {
    Map::from_iter([("by".to_owned(), "learn".into()), ("from".to_owned(), from.into())])
}

/// Our stickiness by what an expression takes of a request.
fn hashed(expression: &str) -> Option<String> {
    let (name, argument) =
        expression.split_once('(').map_or((expression, ""), |(name, rest)| (name, rest.trim_end_matches(')')));
    match (name, argument) {
        ("src", "") => Some("ip".to_owned()),
        ("hdr" | "req.hdr" | "req.fhdr", name) if !name.is_empty() => {
            Some(format!("header:{}", name.split(',').next()?))
        }
        ("url_param" | "urlp", name) if !name.is_empty() => Some(format!("query:{}", name.split(',').next()?)),
        _ => None,
    }
}

/// Our cookie for `cookie NAME insert …`.
fn cookie(line: &Line, left_out: &mut LeftOut) -> Sticky {
    let mut keys = Map::from_iter([("name".to_owned(), line.word(1).into())]);
    let mut words = line.from(2).iter().map(String::as_str);
    let mut say = |words: &str, why: &str| left_out.part(line.number, words, why);
    while let Some(word) = words.next() {
        match word {
            // It is always put in, once, and taken out of requests; and never cached.
            "insert" | "indirect" | "nocache" | "httponly" | "postonly" => {}
            "secure" => {
                keys.insert("secure".to_owned(), true.into());
            }
            "domain" => {
                let domain = words.next().unwrap_or_default();
                if keys.insert("domain".to_owned(), domain.into()).is_some() {
                    say(&format!("domain {domain}"), "a cookie has one domain here");
                }
            }
            "attr" => attribute(words.next().unwrap_or_default(), &mut keys, &mut say),
            "prefix" | "rewrite" => {
                say(word, "the cookie of the app is left alone here, and who got it where is learned");
                return Sticky::By(learn(&format!("cookie:{}", line.word(1))));
            }
            "maxidle" | "maxlife" => {
                let time = words.next().unwrap_or_default();
                say(&format!("{word} {time}"), "a cookie has no times in its value here");
            }
            other => say(other, "there is nothing like it here"),
        }
    }
    if keys.get("sameSite").is_some_and(|value| value == "None") && !keys.contains_key("secure") {
        say("SameSite=None", "browsers drop such a cookie where it is not secure");
        keys.remove("sameSite");
    }
    Sticky::Cookie(keys, line.number)
}

/// `attr`: an attribute of the cookie as browsers have it.
fn attribute(text: &str, keys: &mut Map<String, Value>, say: &mut impl FnMut(&str, &str)) {
    let (name, value) = text.split_once('=').map_or((text, ""), |(name, value)| (name.trim(), value.trim()));
    let number = value.parse::<u32>().ok();
    let (key, value) = match (name.to_ascii_lowercase().as_str(), number) {
        ("samesite", _) => {
            let known = ["Lax", "Strict", "None"].into_iter().find(|word| word.eq_ignore_ascii_case(value));
            ("sameSite", known.map(Value::from))
        }
        ("max-age", number) => ("maxAge", number.map(Value::from)),
        ("path", _) => ("path", Some(value.into())),
        ("domain", _) => ("domain", Some(value.into())),
        ("secure", _) => ("secure", Some(json!(true))),
        ("httponly", _) => return,
        _ => ("", None),
    };
    match value {
        Some(value) => {
            keys.insert(key.to_owned(), value);
        }
        None => say(&format!("attr {text}"), "there is nothing like it here"),
    }
}
