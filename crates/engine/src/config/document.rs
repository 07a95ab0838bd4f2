//! A JSON document in which every value knows where it stands, so that each problem can be shown where it is.

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::cell::RefCell;
use std::time::Duration;

use super::problem::Problem;

/// The text and all that was found wrong in it so far.
pub(crate) struct Document<'a> {
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
    /// The path of each key that was asked for, for the comparison with the schema.
    #[cfg(test)]
    pub(crate) asked: RefCell<std::collections::BTreeSet<String>>,
}

/// Strict JSON, but for comments and trailing commas: a looser reading would repair typing errors in silence.
fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

impl<'a> Document<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Document {
            text,
            problems: RefCell::default(),
            #[cfg(test)]
            asked: RefCell::default(),
        }
    }

    /// The value the text holds, or `None` with the reason noted.
    pub(crate) fn parse(&self) -> Option<Value<'a>> {
        if let Err((at, message)) = check_strings(self.text) {
            self.problem(at, "", message);
            return None;
        }
        match parse_to_ast(self.text, &CollectOptions::default(), &strict()) {
            Ok(result) => {
                if result.value.is_none() {
                    self.problem(0, "", "the file is empty: write a JSON object".to_owned());
                }
                result.value
            }
            Err(error) => {
                self.problem(error.range().start, "", format!("not JSON: {}", error.kind()));
                None
            }
        }
    }

    pub(crate) fn problem(&self, at: usize, path: &str, message: String) {
        let before = &self.text[..at.min(self.text.len())];
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        self.problems.borrow_mut().push(Problem {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            path: path.to_owned(),
            message,
        });
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|p| (p.line, p.column));
        problems
    }
}

/// RFC 8259 7: a string holds no raw control character. The parser would take one, and a line end after a forgotten
/// quote with it, and then complain of something far from the mistake.
fn check_strings(text: &str) -> Result<(), (usize, String)> {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek().map(|(_, next)| *next)) {
            ('/', Some('/')) => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            ('/', Some('*')) => {
                let rest = text[at + 2..].find("*/").map_or(text.len(), |end| at + 2 + end + 2);
                while chars.next_if(|(n, _)| *n < rest).is_some() {}
            }
            ('"', _) => check_string(at, &mut chars)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_string(start: usize, chars: &mut impl Iterator<Item = (usize, char)>) -> Result<(), (usize, String)> {
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok(()),
            '\\' => drop(chars.next()),
            '\n' | '\r' => break,
            '\0'..=' ' if c != ' ' => {
                let code = c as u32;
                let message = format!("not JSON: a string cannot hold the control character {c}: write \\u{code:04x}");
                return Err((at, message));
            }
            _ => {}
        }
    }
    Err((start, "not JSON: a string begins here and does not end on its line".to_owned()))
}

/// One value, with its place.
#[derive(Clone, Copy)]
pub(crate) struct Node<'d, 'a> {
    document: &'d Document<'a>,
    value: &'d Value<'a>,
    path: &'d str,
    secret: bool,
}

impl<'d, 'a> Node<'d, 'a> {
    pub(crate) fn new(document: &'d Document<'a>, value: &'d Value<'a>, path: &'d str) -> Self {
        Node { document, value, path, secret: false }
    }

    /// Notes a problem here; gives `None`, so that it can end a chain.
    pub(crate) fn wrong<T>(&self, message: impl Into<String>) -> Option<T> {
        self.document.problem(self.value.range().start, self.path, message.into());
        None
    }

    /// Where it stands.
    pub(crate) fn place(&self) -> Place {
        Place { at: self.value.range().start, path: self.path.to_owned() }
    }

    /// The value is a secret: no message repeats it.
    pub(crate) fn secret(self) -> Self {
        Node { secret: true, ..self }
    }

    fn expected<T>(&self, what: &str) -> Option<T> {
        let found = match self.value {
            Value::StringLit(_) if self.secret => "a string".to_owned(),
            Value::NumberLit(_) if self.secret => "a number".to_owned(),
            Value::StringLit(s) => format!("\"{}\"", shortened(&s.value)),
            Value::NumberLit(n) => n.value.to_owned(),
            Value::BooleanLit(b) => b.value.to_string(),
            Value::Object(_) => "an object".to_owned(),
            Value::Array(_) => "an array".to_owned(),
            Value::NullKeyword(_) => "null".to_owned(),
        };
        self.wrong(format!("must be {what}, not {found}"))
    }

    pub(crate) fn string(&self) -> Option<String> {
        match self.value {
            Value::StringLit(s) => Some(s.value.to_string()),
            _ => self.expected("a string"),
        }
    }

    /// A string that `read` understands; its error is the problem.
    pub(crate) fn parsed<T, E: ToString>(&self, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        read(&self.string()?).map_or_else(|e| self.wrong(e.to_string()), Some)
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.value {
            Value::BooleanLit(b) => Some(b.value),
            _ => self.expected("true or false"),
        }
    }

    /// A whole number within `least` and `most`.
    pub(crate) fn integer(&self, least: u64, most: u64) -> Option<u64> {
        let number = match self.value {
            Value::NumberLit(n) => n.value.parse::<u64>().ok(),
            _ => None,
        };
        match number {
            Some(n) if (least..=most).contains(&n) => Some(n),
            _ if most == u64::MAX => self.expected(&format!("a whole number of at least {least}")),
            _ => self.expected(&format!("a whole number from {least} to {most}")),
        }
    }

    /// Milliseconds, at most a day: longer waits are mistakes, and overflow no timer.
    pub(crate) fn millis(&self, least: u64) -> Option<Duration> {
        const DAY: u64 = 86_400_000;
        let number = match self.value {
            Value::NumberLit(n) => n.value.parse::<u64>().ok(),
            _ => None,
        };
        match number {
            Some(n) if (least..=DAY).contains(&n) => Some(Duration::from_millis(n)),
            _ => self.expected(&format!("milliseconds, a whole number from {least} to {DAY}")),
        }
    }

    /// One of these names.
    pub(crate) fn one_of<T: Copy>(&self, options: &[(&str, T)]) -> Option<T> {
        let name = self.string()?;
        options.iter().find(|(option, _)| *option == name).map(|(_, value)| *value).or_else(|| {
            let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
            let near = nearest(&name, names.iter().copied());
            self.wrong(format!("'{}' is not known: write {}{near}", shortened(&name), names.join(", ")))
        })
    }

    pub(crate) fn value_is_string(&self) -> bool {
        matches!(self.value, Value::StringLit(_))
    }

    pub(crate) fn value_is_array(&self) -> bool {
        matches!(self.value, Value::Array(_))
    }

    /// The value as it stands, whatever it is.
    pub(crate) fn json(&self) -> serde_json::Value {
        json(self.value)
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::NullKeyword(_))
    }

    /// The elements of an array.
    pub(crate) fn each(&self, mut with: impl FnMut(Node<'_, 'a>)) -> Option<usize> {
        let Value::Array(array) = self.value else { return self.expected("an array") };
        for (index, value) in array.elements.iter().enumerate() {
            with(Node {
                document: self.document,
                value,
                path: &format!("{}[{index}]", self.path),
                secret: self.secret,
            });
        }
        Some(array.elements.len())
    }

    /// The pairs of an object whose keys are free, such as header names.
    pub(crate) fn pairs(&self, mut with: impl FnMut(&str, Node<'_, 'a>)) -> Option<()> {
        let Value::Object(object) = self.value else { return self.expected("an object") };
        for property in &object.properties {
            let name = property.name.as_str();
            let path = format!("{}[\"{name}\"]", self.path);
            with(name, Node { document: self.document, value: &property.value, path: &path, secret: self.secret });
        }
        Some(())
    }

    /// Reads an object whose keys are fixed: `read` asks for each; what it did not ask for is unknown.
    pub(crate) fn object<T>(&self, read: impl FnOnce(&mut Keys<'d, 'a>) -> T) -> Option<T> {
        let Value::Object(object) = self.value else { return self.expected("an object") };
        let mut keys = Keys { node: *self, properties: &object.properties, asked: vec!["$schema"] };
        let value = read(&mut keys);
        keys.finish();
        Some(value)
    }
}

fn json(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::StringLit(s) => s.value.as_ref().into(),
        // The parser took it for a number, so that JSON does too.
        Value::NumberLit(n) => n.value.parse::<serde_json::Number>().map_or(serde_json::Value::Null, Into::into),
        Value::BooleanLit(b) => b.value.into(),
        Value::Object(object) => {
            object.properties.iter().map(|p| (p.name.as_str().to_owned(), json(&p.value))).collect()
        }
        Value::Array(array) => array.elements.iter().map(json).collect(),
        Value::NullKeyword(_) => serde_json::Value::Null,
    }
}

/// The beginning of a long value: enough to find it by.
fn shortened(value: &str) -> String {
    const SHOWN: usize = 60;
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// Where something stands in the document.
pub(crate) struct Place {
    pub(crate) at: usize,
    pub(crate) path: String,
}

/// The keys of one object, while it is read.
pub(crate) struct Keys<'d, 'a> {
    node: Node<'d, 'a>,
    properties: &'d [ObjectProp<'a>],
    asked: Vec<&'static str>,
}

impl<'a> Keys<'_, 'a> {
    /// Reads `key` where it is present; `None` where it is absent or wrong.
    pub(crate) fn get<T>(&mut self, key: &'static str, read: impl FnOnce(Node<'_, 'a>) -> Option<T>) -> Option<T> {
        self.asked.push(key);
        let property = self.properties.iter().find(|p| p.name.as_str() == key)?;
        let path = self.path_of(key);
        read(Node { document: self.node.document, value: &property.value, path: &path, secret: false })
    }

    /// Reads `key` into `into` where it is present and good.
    pub(crate) fn set<T>(&mut self, key: &'static str, into: &mut T, read: impl FnOnce(Node<'_, 'a>) -> Option<T>) {
        if let Some(value) = self.get(key, read) {
            *into = value;
        }
    }

    /// Counts these keys as known, though nothing is read from them here.
    pub(crate) fn know(&mut self, keys: &[&'static str]) {
        self.asked.extend(keys);
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.properties.iter().any(|p| p.name.as_str() == key)
    }

    /// Notes a problem with the object as a whole.
    pub(crate) fn wrong<T>(&self, message: &str) -> Option<T> {
        self.node.wrong(message)
    }

    /// Notes a problem with one key's value.
    pub(crate) fn wrong_at(&self, key: &str, message: String) {
        let place = self.place_of(key);
        self.node.document.problem(place.at, &place.path, message);
    }

    /// Where a key's value stands; the object itself where it has none.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        let property = self.properties.iter().find(|p| p.name.as_str() == key);
        match property {
            Some(property) => Place { at: property.value.range().start, path: self.path_of(key) },
            None => Place { at: self.node.value.range().start, path: self.node.path.to_owned() },
        }
    }

    fn path_of(&self, key: &str) -> String {
        let key = if key.is_empty() { "\"\"" } else { key };
        if self.node.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.node.path) }
    }

    fn finish(self) {
        #[cfg(test)]
        self.node.document.asked.borrow_mut().extend(self.asked.iter().map(|key| self.path_of(key)));
        let mut seen: Vec<&str> = Vec::new();
        for property in self.properties {
            let name = property.name.as_str();
            let at = property.range().start;
            let document = self.node.document;
            if seen.contains(&name) {
                document.problem(at, &self.path_of(name), "is written twice: leave one".to_owned());
            } else if !self.asked.contains(&name) {
                let near = nearest(name, self.asked.iter().copied());
                document.problem(at, &self.path_of(name), format!("is not a known key{near}"));
            }
            seen.push(name);
        }
    }
}

/// `, did you mean 'x'?` for the option nearest to what was written, where one is near.
pub(crate) fn nearest<'n>(written: &str, options: impl Iterator<Item = &'n str>) -> String {
    let lower = written.to_ascii_lowercase();
    options
        .map(|option| (strsim::damerau_levenshtein(&lower, &option.to_ascii_lowercase()), option))
        .min()
        .filter(|(distance, option)| *distance <= 1 + option.len() / 4)
        .map(|(_, option)| format!(", did you mean '{option}'?"))
        .unwrap_or_default()
}
