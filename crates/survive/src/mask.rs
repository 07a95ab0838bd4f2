//! Values as they are shown: shortened, and secrets masked.

use crate::name_words::words;

/// The most characters of a value that are shown.
const SHOWN: usize = 80;

/// A value on one line, of at most 80 characters.
pub(crate) fn shorten(value: &str) -> String {
    let mut line = String::new();
    for (at, c) in value.chars().enumerate() {
        if at == SHOWN - 1 && value.chars().nth(SHOWN).is_some() {
            line.push('…');
            break;
        }
        line.push(if c.is_whitespace() { ' ' } else { c });
    }
    line
}

/// A secret of which so much is shown that two are told apart by eye, and neither can be used.
pub(crate) fn mask(secret: &str) -> String {
    let length = secret.chars().count();
    if length == 0 {
        return String::new();
    }
    let shown = if length >= 16 { 4 } else { 0 };
    format!("{}… ({length} characters)", secret.chars().take(shown).collect::<String>())
}

/// Whether a name, such as a field's, a key or an attribute, is one of a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    const SECRETS: [&str; 12] =
        ["cookie", "token", "secret", "password", "passwd", "session", "sid", "csrf", "xsrf", "auth", "jwt", "apikey"];
    words(name).any(|word| SECRETS.contains(&word.as_str()))
        || name.to_ascii_lowercase().replace(['-', '_'], "").contains("apikey")
}
