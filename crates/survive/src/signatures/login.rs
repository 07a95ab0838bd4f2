//! Answers that want a client to log in.

use crate::Answer;

/// Where the answer redirects to, in case that is a login: its path has a word such as `login`, `signin` or `auth`.
pub(super) fn login(answer: &Answer) -> Option<&str> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.fields.text("location")?.trim();
    let behind_host = match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => location,
    };
    let path = behind_host.split(['?', '#']).next().unwrap_or_default();
    is_of_login(path).then_some(path)
}

/// Whether a path is one where clients log in.
pub(super) fn is_of_login(path: &str) -> bool {
    const WORDS: [&str; 13] = [
        "login",
        "signin",
        "logon",
        "auth",
        "sso",
        "oauth",
        "oauth2",
        "oidc",
        "saml",
        "authorize",
        "authenticate",
        "connexion",
        "unauthorized",
    ];
    let path = path.to_ascii_lowercase();
    let words: Vec<&str> = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let pairs = words.windows(2).any(|pair| matches!(pair, ["log" | "sign", "in" | "on"]));
    pairs || words.iter().any(|word| WORDS.contains(word))
}

/// Whether a path is one where clients log out.
pub(super) fn is_of_logout(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["logout", "signout", "logoff", "log-out", "log_out", "sign-out", "sign_out"].iter().any(|word| path.contains(word))
}
