//! One value of a configuration file, as its reader asks for it.
//!
//! A reader is written once and runs twice. `n.integer(1, 100)` takes a number from a file, or notes what is wrong with
//! the value where it stands. For the schema the same readers run without a file: there each call notes what it would
//! take, and finds nothing.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use std::cell::RefCell;
use std::time::Duration;

use super::document::{Document, Location};
use super::nearest::nearest;

/// What the JSON Schema says of one value: keywords such as `type` and `minimum`.
pub(crate) type Schema = serde_json::Map<String, serde_json::Value>;

/// One value, with its place.
#[derive(Clone, Copy)]
pub struct Node<'d, 'a> {
    pub(super) document: &'d Document<'a>,
    /// What stands there; `null` while the schema is made.
    pub(super) value: &'d Value<'a>,
    pub(super) path: &'d str,
    pub(super) secret: bool,
    /// Where it is noted what would be taken, while the schema is made.
    pub(super) schema: Option<&'d RefCell<Schema>>,
}

impl<'d, 'a> Node<'d, 'a> {
    /// The value of a whole document.
    pub(crate) fn new(document: &'d Document<'a>, value: &'d Value<'a>) -> Self {
        Node { document, value, path: "", secret: false, schema: None }
    }

    /// No value, but a place for what would be taken; `null` is a document that holds `null`.
    pub(crate) fn describing(document: &'d Document<'a>, null: &'d Value<'a>, schema: &'d RefCell<Schema>) -> Self {
        Node { schema: Some(schema), ..Node::new(document, null) }
    }

    /// Notes what the schema says of this value beyond what its reader does.
    #[expect(clippy::return_self_not_must_use, reason = "it is called for what it notes, and often for nothing else")]
    pub fn hint(self, keyword: &str, value: impl Into<serde_json::Value>) -> Self {
        if let Some(schema) = self.schema {
            schema.borrow_mut().insert(keyword.to_owned(), value.into());
        }
        self
    }

    /// Adds to the key's description in the schema.
    pub(crate) fn explain(self, more: &str) -> Self {
        let mut schema = self.schema.map(RefCell::borrow_mut);
        if let Some(serde_json::Value::String(description)) = schema.as_mut().and_then(|s| s.get_mut("description")) {
            description.push_str(more);
        }
        self
    }

    /// What `read` would take, while the schema is made.
    pub(super) fn described(&self, read: impl FnOnce(Node<'_, 'a>)) -> Option<Schema> {
        self.schema?;
        let schema = RefCell::default();
        read(Node { schema: Some(&schema), ..*self });
        Some(schema.into_inner())
    }

    /// Notes a problem here; gives `None`, so that it can end a chain.
    pub fn wrong<T>(&self, message: impl Into<String>) -> Option<T> {
        self.document.problem(self.value.range().start, self.path, message.into());
        None
    }

    /// The same of a string, `at` a byte of its text; of one with escapes, at its beginning.
    pub(crate) fn wrong_within<T>(&self, at: usize, message: impl Into<String>) -> Option<T> {
        let (start, end) = (self.value.range().start, self.value.range().end);
        let inside = matches!(self.value, Value::StringLit(s) if s.value.len() + 2 == end - start);
        self.document.problem(if inside { start + 1 + at } else { start }, self.path, message.into());
        None
    }

    /// Notes a problem somewhere else in the document.
    pub fn wrong_there(&self, there: &Location, message: String) {
        self.document.problem(there.at, &there.path, message);
    }

    /// Where it stands.
    pub fn place(&self) -> Location {
        Location { at: self.value.range().start, path: self.path.to_owned() }
    }

    /// The value is a secret: no message repeats it.
    pub(crate) fn secret(self) -> Self {
        Node { secret: true, ..self }
    }

    pub(super) fn expected<T>(&self, what: &str) -> Option<T> {
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

    /// A string.
    pub fn string(&self) -> Option<String> {
        self.hint("type", "string");
        match self.value {
            Value::StringLit(s) => Some(s.value.to_string()),
            _ => self.expected("a string"),
        }
    }

    /// A string that `read` understands; its error is the problem.
    pub fn parsed<T, E: ToString>(&self, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        read(&self.string()?).map_or_else(|e| self.wrong(e.to_string()), Some)
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        self.hint("type", "boolean");
        match self.value {
            Value::BooleanLit(b) => Some(b.value),
            _ => self.expected("true or false"),
        }
    }

    /// A whole number within `least` and `most`, both of which a `T` can hold.
    pub fn integer<T: TryFrom<u64>>(&self, least: u64, most: u64) -> Option<T> {
        self.hint("type", "integer").hint("minimum", least);
        if most < u64::MAX {
            self.hint("maximum", most);
        }
        match self.number() {
            Some(n) if (least..=most).contains(&n) => T::try_from(n).ok(),
            _ if most == u64::MAX => self.expected(&format!("a whole number of at least {least}")),
            _ => self.expected(&format!("a whole number from {least} to {most}")),
        }
    }

    /// Milliseconds, at most a day: longer waits are mistakes, and overflow no timer.
    pub(crate) fn millis(&self, least: u64) -> Option<Duration> {
        const DAY: u64 = 86_400_000;
        self.explain(" (milliseconds)").hint("type", "integer").hint("minimum", least).hint("maximum", DAY);
        match self.number() {
            Some(n) if (least..=DAY).contains(&n) => Some(Duration::from_millis(n)),
            _ => self.expected(&format!("milliseconds, a whole number from {least} to {DAY}")),
        }
    }

    fn number(&self) -> Option<u64> {
        match self.value {
            Value::NumberLit(n) => n.value.parse().ok(),
            _ => None,
        }
    }

    /// One of these names.
    pub fn one_of<T: Copy>(&self, options: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
        let name = self.hint("enum", names.clone()).string()?;
        options.iter().find(|(option, _)| *option == name).map(|(_, value)| *value).or_else(|| {
            let near = nearest(&name, names.iter().copied());
            self.wrong(format!("'{}' is not known: write {}{near}", shortened(&name), names.join(", ")))
        })
    }

    /// Whether a string stands there.
    pub fn is_string(&self) -> bool {
        matches!(self.value, Value::StringLit(_))
    }

    /// Whether an object stands there.
    pub fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    /// Whether an array stands there.
    pub fn is_array(&self) -> bool {
        matches!(self.value, Value::Array(_))
    }

    /// A value that may be written in two ways: in the first where `is_first`, else in the second.
    pub fn either<T>(
        &self,
        is_first: bool,
        first: impl FnOnce(Node<'_, 'a>) -> Option<T>,
        second: impl FnOnce(Node<'_, 'a>) -> Option<T>,
    ) -> Option<T> {
        if self.schema.is_none() {
            return if is_first { first(*self) } else { second(*self) };
        }
        let mut ways = Vec::new();
        for way in [self.described(|n| drop(first(n))), self.described(|n| drop(second(n)))].into_iter().flatten() {
            match way.get("anyOf") {
                Some(serde_json::Value::Array(inner)) => ways.extend(inner.iter().cloned()),
                _ => ways.push(way.into()),
            }
        }
        self.hint("anyOf", ways);
        None
    }

    /// Whether `null` stands there.
    pub(crate) fn is_null(&self) -> bool {
        matches!((self.value, self.schema), (Value::NullKeyword(_), None))
    }

    /// A value in whose place `null` may stand, for none.
    pub fn or_null<T>(&self, read: impl FnOnce(Node<'_, 'a>) -> Option<T>) -> Option<T> {
        if self.is_null() {
            return None;
        }
        let value = read(*self);
        if let Some(found) = self.schema.and_then(|schema| schema.borrow_mut().remove("type")) {
            let mut types = found.as_array().cloned().unwrap_or_else(|| vec![found]);
            types.push("null".into());
            self.hint("type", types);
        }
        value
    }

    /// The value as it stands, whatever it is.
    pub(crate) fn json(&self) -> serde_json::Value {
        json(self.value)
    }

    /// The elements of an array.
    pub fn each(&self, mut with: impl FnMut(Node<'_, 'a>)) -> Option<usize> {
        if let Some(items) = self.described(&mut with) {
            self.hint("type", "array").hint("items", items);
            return None;
        }
        let Value::Array(array) = self.value else { return self.expected("an array") };
        for (index, value) in array.elements.iter().enumerate() {
            with(Node { value, path: &format!("{}[{index}]", self.path), ..*self });
        }
        Some(array.elements.len())
    }

    /// The elements of an array, those left out that are wrong.
    pub fn list<T>(&self, read: impl Fn(Node<'_, 'a>) -> Option<T>) -> Option<Vec<T>> {
        let mut list = Vec::new();
        self.each(|n| list.extend(read(n)))?;
        Some(list)
    }

    /// The pairs of an object whose keys are free, such as header names.
    pub fn pairs(&self, mut with: impl FnMut(&str, Node<'_, 'a>)) -> Option<()> {
        self.entries(|name, _, n| with(name, n))
    }

    /// The same, with the place of each key.
    pub fn entries(&self, mut with: impl FnMut(&str, Location, Node<'_, 'a>)) -> Option<()> {
        if let Some(values) = self.described(|n| with("name", n.place(), n)) {
            self.hint("type", "object");
            if !values.is_empty() {
                self.hint("additionalProperties", values);
            }
            return None;
        }
        let Value::Object(object) = self.value else { return self.expected("an object") };
        for property in &object.properties {
            let name = property.name.as_str();
            let path = format!("{}[\"{name}\"]", self.path);
            let place = Location { at: property.range().start, path: path.clone() };
            with(name, place, Node { value: &property.value, path: &path, ..*self });
        }
        Some(())
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
