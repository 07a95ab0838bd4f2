//! How Envoy's YAML is laid out.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::export::writer::Writer;

/// A key, and what stands in it.
pub(super) fn block(to: &mut Writer, key: &str, write: impl FnOnce(&mut Writer)) {
    to.line(key);
    to.indented(write);
}

/// An item of a list, which begins with this key. `write` writes what stands in that, where it ends with a colon, or the keys
/// beside it.
pub(super) fn item(to: &mut Writer, first: &str, write: impl FnOnce(&mut Writer)) {
    to.line(format!("- {first}"));
    to.indented(|to| if first.ends_with(':') { to.indented(write) } else { write(to) });
}

/// An extension as an item of a list: its name, and its configuration of this type.
pub(super) fn extension(to: &mut Writer, name: &str, kind: &str, write: impl FnOnce(&mut Writer)) {
    to.line(format!("- name: {name}"));
    to.indented(|to| block(to, "typed_config:", |to| typed(to, kind, write)));
}

/// The type of a message, and its fields.
pub(super) fn typed(to: &mut Writer, kind: &str, write: impl FnOnce(&mut Writer)) {
    to.line(format!("\"@type\": type.googleapis.com/{kind}"));
    write(to);
}

/// What stands in a file under a name, so that it need not be written again (YAML 1.2, 7.1).
#[derive(Default)]
pub(super) struct Anchors(RefCell<BTreeSet<String>>);

impl Anchors {
    /// A key and what stands in it, or a reference where the same was written under this name.
    pub(super) fn block(&self, to: &mut Writer, key: &str, name: &str, write: impl FnOnce(&mut Writer)) {
        if self.0.borrow_mut().insert(name.to_owned()) {
            block(to, &format!("{key} &{name}"), write);
        } else {
            to.line(format!("{key} *{name}"));
        }
    }
}

/// A duration in seconds: `1.5s`.
pub(super) fn seconds(millis: u64) -> String {
    let (whole, rest) = (millis / 1000, millis % 1000);
    match rest {
        0 => format!("{whole}s"),
        _ => format!("{}s", format!("{whole}.{rest:03}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_are_exact() {
        for (millis, text) in
            [(0, "0s"), (1500, "1.5s"), (60_000, "60s"), (10_000, "10s"), (5, "0.005s"), (10, "0.01s")]
        {
            assert_eq!(seconds(millis), text);
        }
    }
}
