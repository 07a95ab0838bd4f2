//! The sticky cookie as ours sets it.

use stickylb::api::ResolvedCookie;

/// What stands in `Set-Cookie` behind the value: `; Path=/; HttpOnly; SameSite=Lax`.
pub(super) fn attributes(cookie: &ResolvedCookie) -> String {
    let age = cookie.max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let domain = cookie.domain.as_ref().map(|domain| format!("; Domain={domain}")).unwrap_or_default();
    let secure = if cookie.secure { "; Secure" } else { "" };
    format!("; Path={}{age}{domain}; HttpOnly; SameSite={}{secure}", cookie.path, cookie.same_site.word())
}

/// All of it, for the backend with this id.
pub(super) fn set_cookie(cookie: &ResolvedCookie, id: impl std::fmt::Display) -> String {
    format!("{}={id}{}", cookie.name, attributes(cookie))
}
