//! The keys of an object, as its reader asks for them.
//!
//! A reader names each key once, with its description, the field that holds its default and takes its value, and what
//! it may be. All that is known of a key comes from that call: how a file is read, which keys are unknown, and the
//! schema.

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged;
use std::collections::HashSet;

use super::document::Location;
use super::nearest::nearest;
use super::node::{Node, Schema};
use super::written::Written;

/// The keys of one object, while it is read.
pub struct Keys<'d, 'a> {
    node: Node<'d, 'a>,
    properties: &'d [ObjectProp<'a>],
    /// What its keys are called in messages.
    called: &'static str,
    asked: Vec<&'static str>,
    required: Vec<&'static str>,
    /// What the schema says of each key.
    described: Schema,
    /// Whether a key that is left out has its value from elsewhere in the file.
    inherits: bool,
}

impl<'d, 'a> Node<'d, 'a> {
    /// Reads an object whose keys are fixed: `read` asks for each; what it did not ask for is unknown.
    pub fn object<T>(&self, read: impl FnOnce(&mut Keys<'d, 'a>) -> T) -> Option<T> {
        let properties: &[ObjectProp<'_>] = match self.value {
            Value::Object(object) => &object.properties,
            _ if self.schema.is_some() => &[],
            _ => return self.expected("an object"),
        };
        let mut keys = Keys {
            node: *self,
            properties,
            called: "key",
            asked: vec!["$schema"],
            required: Vec::new(),
            described: Schema::new(),
            inherits: false,
        };
        let value = read(&mut keys);
        keys.finish();
        Some(value)
    }
}

impl<'a> Keys<'_, 'a> {
    /// Reads `key` where it is present; `None` where it is absent or wrong.
    pub fn get<T>(
        &mut self,
        key: &'static str,
        description: &str,
        read: impl FnOnce(Node<'_, 'a>) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(key);
        if self.describes() {
            let described = self.node.described(|n| drop(read(n.hint("description", description))));
            self.described.insert(key.to_owned(), described.unwrap_or_default().into());
            return None;
        }
        let property = self.properties.iter().find(|p| p.name.as_str() == key)?;
        read(Node { value: &property.value, path: &self.path_of(key), secret: false, ..self.node })
    }

    /// Reads `key` into `into`, which holds the default, where it is present and well-formed; tells whether it was.
    pub(crate) fn set<T: Written>(
        &mut self,
        key: &'static str,
        description: &str,
        into: &mut T,
        read: impl FnOnce(Node<'_, 'a>) -> Option<T>,
    ) -> bool {
        let default = (!self.inherits).then_some(&*into);
        let value = self.get(key, description, |n| {
            let value = read(n);
            default.map(|default| n.hint("default", default.written()));
            value
        });
        value.map(|value| *into = value).is_some()
    }

    /// Reads the object at `key` into `into`, by the reader of its own; what that reader gives is given on.
    pub(crate) fn section<T, R>(
        &mut self,
        key: &'static str,
        description: &str,
        into: &mut T,
        read: impl FnOnce(&mut T, &mut Keys<'_, 'a>) -> R,
    ) -> Option<R> {
        self.get(key, description, |n| n.object(|keys| read(into, keys)))
    }

    /// Calls its keys by another word in messages: `is not a known action`.
    pub fn called(&mut self, word: &'static str) {
        self.called = word;
    }

    /// Complains where `key` is absent.
    pub fn require(&mut self, key: &'static str, message: &str) {
        self.required.push(key);
        if !self.has(key) {
            self.wrong::<()>(message);
        }
    }

    /// Complains where `key` is present, which is known but does not go with the others.
    pub fn refuse(&mut self, key: &'static str, message: String) {
        self.asked.push(key);
        if self.has(key) {
            self.wrong_at(key, message);
        }
    }

    /// Counts these keys as known, though nothing is read from them here.
    pub(crate) fn know(&mut self, keys: &[&'static str]) {
        self.asked.extend(keys);
    }

    /// Lets `read` read keys whose values, where they are left out, come from elsewhere in the file.
    pub(crate) fn inheriting<R>(&mut self, read: impl FnOnce(&mut Self) -> R) -> R {
        self.inherits = true;
        let value = read(self);
        self.inherits = false;
        value
    }

    /// Whether the schema is made: no key is present then.
    pub fn describes(&self) -> bool {
        self.node.schema.is_some()
    }

    /// Notes what the schema says of the object as a whole.
    pub(crate) fn hint(&self, keyword: &str, value: impl Into<serde_json::Value>) {
        self.node.hint(keyword, value);
    }

    /// Whether this key is present.
    pub fn has(&self, key: &str) -> bool {
        self.properties.iter().any(|p| p.name.as_str() == key)
    }

    /// Notes a problem with the object as a whole.
    pub fn wrong<T>(&self, message: &str) -> Option<T> {
        self.node.wrong(message)
    }

    /// Notes a problem with one key's value.
    pub fn wrong_at(&self, key: &str, message: String) {
        let place = self.place_of(key);
        self.node.document.problem(place.at, &place.path, message);
    }

    /// Where a key's value stands; the object itself where it has none.
    pub fn place_of(&self, key: &str) -> Location {
        let property = self.properties.iter().find(|p| p.name.as_str() == key);
        match property {
            Some(property) => Location { at: property.value.range().start, path: self.path_of(key) },
            None => self.node.place(),
        }
    }

    fn path_of(&self, key: &str) -> String {
        let key = if key.is_empty() { "\"\"" } else { key };
        if self.node.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.node.path) }
    }

    fn finish(self) {
        if self.describes() {
            self.node.hint("type", "object").hint("properties", self.described).hint("additionalProperties", false);
            if !self.required.is_empty() {
                self.node.hint("required", self.required);
            }
            return;
        }
        #[cfg(test)]
        self.node.document.asked.borrow_mut().extend(self.asked.iter().map(|key| self.path_of(key)));
        let mut seen = HashSet::new();
        for property in self.properties {
            let name = property.name.as_str();
            let at = property.range().start;
            let document = self.node.document;
            if !seen.insert(name) {
                document.problem(at, &self.path_of(name), "is written twice: leave one".to_owned());
            } else if !self.asked.contains(&name) {
                let near = nearest(name, self.asked.iter().copied());
                document.problem(at, &self.path_of(name), format!("is not a known {}{near}", self.called));
            }
        }
    }
}
