//! Text from our configuration, in Traefik's file.
//!
//! Traefik reads its file as a Go template before it reads it as YAML, so that `{{` begins an action wherever it stands, in
//! comments too.

use stickylb::api::ResolvedBackend;

use crate::export::yaml;

/// Any text as a scalar that is that text once the template and the YAML are read.
pub(super) fn scalar(text: &str) -> String {
    yaml::quoted(text).replace("{{", "{{\"{{\"}}")
}

/// Any text for a comment: a space stands between two braces.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '{' && shown.ends_with('{') {
            shown.push(' ');
        }
        shown.push(c);
    }
    shown
}

/// A backend in a comment.
pub(super) fn name_of(backend: &ResolvedBackend) -> String {
    shown(&backend.name)
}

/// What a variable of the environment holds, as a scalar; `None` where no template can name it.
pub(super) fn of_environment(name: &str) -> Option<String> {
    let is_plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_plain.then(|| format!("{{{{ env \"{name}\" | toJson }}}}"))
}

pub(super) fn millis(millis: u64) -> String {
    format!("{millis}ms")
}

#[cfg(test)]
mod tests {
    use super::{of_environment, scalar, shown};

    #[test]
    fn no_text_is_a_template() {
        assert_eq!(scalar(r#"{{ env "HOME" }}"#), r#""{{"{{"}} env \"HOME\" }}""#);
        assert_eq!(scalar("{{{"), r#""{{"{{"}}{""#);
        assert_eq!(scalar("{a}"), r#""{a}""#);
        assert!(!shown("{{{{").contains("{{"));
    }

    #[test]
    fn a_variable_is_read_by_the_template() {
        assert_eq!(of_environment("TOKEN_1").as_deref(), Some(r#"{{ env "TOKEN_1" | toJson }}"#));
        assert_eq!(of_environment("A\" }}"), None);
    }
}
