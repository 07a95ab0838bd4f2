//! What the answer to a check must be: `health.expect`.

use super::keys::Keys;
use super::statuses::{Statuses, statuses};

/// What the answer to a check must be, beyond what the algorithm asks for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Expect {
    /// Its status; the algorithm's own demand where absent.
    pub status: Option<Statuses>,
    /// A text that its body holds.
    pub body: Option<String>,
    /// JSON pointers (RFC 6901) into its body, each with the value that stands there.
    pub json: Vec<(String, serde_json::Value)>,
}

impl Expect {
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) {
        // A backend's own replaces its pool's as a whole.
        *self = Expect::default();
        self.status = keys.get("status", "In place of 2xx", statuses);
        self.body = keys.get("body", "A text within its first 64 KB", |n| n.hint("minLength", 1).parsed(some_text));
        keys.get("json", "JSON pointers and the values they must lead to", |n| {
            n.hint("propertyNames", serde_json::json!({ "pattern": "^(/.*)?$" })).pairs(|pointer, n| {
                if pointer.is_empty() || pointer.starts_with('/') {
                    self.json.push((pointer.to_owned(), n.json()));
                } else {
                    n.wrong::<()>(format!("'{pointer}' is not a JSON pointer: write \"/{pointer}\""));
                }
            })
        });
    }
}

fn some_text(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("is empty: write a text that the body must hold") } else { Ok(text.to_owned()) }
}
