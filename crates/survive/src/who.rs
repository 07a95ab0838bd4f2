//! By what paths and cookies are called: where clients log in and out, and which cookie is their session's.

/// The words of a path, in small letters.
fn words(path: &str) -> Vec<String> {
    let path = path.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a path is that of a page where one logs in, as frameworks and people call it.
pub(crate) fn is_login(path: &str) -> bool {
    const WORDS: [&str; 8] =
        ["login", "signin", "logon", "sso", "authorize", "authenticate", "connexion", "unauthorized"];
    const LAST: [&str; 4] = ["auth", "oauth", "oauth2", "saml"];
    let words = words(path);
    // What a login leads back to, such as `/login/callback`, is no page to log in.
    let leads_back = words.last().is_some_and(|word| word == "callback");
    let pairs =
        words.windows(2).any(|pair| matches!((pair[0].as_str(), pair[1].as_str()), ("log" | "sign", "in" | "on")));
    let is_one = pairs || words.iter().any(|word| WORDS.contains(&word.as_str()));
    !leads_back && is_one || words.last().is_some_and(|last| LAST.contains(&last.as_str()))
}

/// Whether a request to a path may begin a session: a login, or a step of one.
pub(crate) fn may_log_in(path: &str) -> bool {
    const STEPS: [&str; 7] = ["auth", "oauth", "oauth2", "oidc", "saml", "sso", "callback"];
    is_login(path) || words(path).iter().any(|word| STEPS.contains(&word.as_str()))
}

/// Whether a path is one where clients log out: a request to it ends a session.
pub fn is_logout(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let is_in = |word: &str| path.contains(word);
    ["logout", "signout", "logoff", "signoff", "log-out", "log_out", "sign-out", "sign_out"].into_iter().any(is_in)
}

/// Whether a cookie is called as those are that tell a server who its client is.
pub fn is_session_cookie(name: &str) -> bool {
    const PARTS: [&str; 7] = ["sess", "sid", "auth", "token", "login", "user", "identity"];
    const OTHERS: [&str; 2] = ["csrf", "xsrf"];
    let name = name.to_ascii_lowercase();
    let has = |part: &&str| name.contains(*part);
    // `.sig` is the signature of another.
    PARTS.iter().any(has) && !OTHERS.iter().any(has) && name.strip_suffix(".sig").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_and_logouts_are_known_by_their_paths() {
        for path in
            ["/login", "/accounts/login/?next=/", "/signin", "/users/sign_in", "/login.php", "/auth", "/sso/start"]
        {
            assert!(is_login(path), "{path}");
        }
        for path in ["/loginfo", "/auth/callback", "/login/callback?code=1", "/authors", "/"] {
            assert!(!is_login(path), "{path}");
        }
        assert!(may_log_in("/auth/callback") && may_log_in("/login") && !may_log_in("/authors"));
        assert!(is_logout("/users/sign_out") && is_logout("/Logout") && !is_logout("/blog/output"));
    }

    #[test]
    fn a_session_cookie_is_known_by_its_name() {
        for name in ["sid", "connect.sid", "JSESSIONID", "PHPSESSID", "auth_token", "__Secure-next-auth.session-token"]
        {
            assert!(is_session_cookie(name), "{name}");
        }
        for name in ["csrf_token", "XSRF-TOKEN", "session.sig", "lang", "ab"] {
            assert!(!is_session_cookie(name), "{name}");
        }
    }
}
