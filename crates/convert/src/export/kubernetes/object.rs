//! Objects of the file.

use crate::export::writer::Writer;

/// Begins an object of the file.
pub(super) fn object(version: &str, kind: &str, name: &str, to: &mut Writer) {
    to.line("---");
    to.line(format!("apiVersion: {version}"));
    to.line(format!("kind: {kind}"));
    to.line("metadata:");
    to.line(format!("  name: {name}"));
}
