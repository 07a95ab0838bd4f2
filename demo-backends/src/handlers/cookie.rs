//! Reading one cookie of a request.

use hyper::HeaderMap;
use hyper::header::COOKIE;

/// The value of the first cookie named `name`.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_cookie() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b; X-Backend-ID=2".parse().unwrap());
        assert_eq!(cookie(&headers, "X-Backend-ID"), Some("2"));
        assert_eq!(cookie(&headers, "Backend-ID"), None);
        headers.clear();
        assert_eq!(cookie(&headers, "X-Backend-ID"), None);
    }
}
