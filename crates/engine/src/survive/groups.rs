//! Requests that ask for the same kind of thing: their paths with the ids in them left out.

/// A path with its ids replaced: `/users/{id}/cart`.
pub(crate) fn group(path: &str) -> String {
    let part = |part: &str| if is_id(part) { "{id}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether a part of a path is an id: a number, a UUID, hexadecimal digits, or letters and digits mixed at random.
fn is_id(part: &str) -> bool {
    // A file's name has its id before the dot.
    let (stem, extension) = part.rsplit_once('.').unwrap_or((part, ""));
    let stem = if extension.len() <= 5 { stem } else { part };
    let digits = stem.bytes().filter(u8::is_ascii_digit).count();
    let letters = stem.bytes().filter(u8::is_ascii_alphabetic).count();
    if digits == 0 || !stem.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return false;
    }
    let hex = stem.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    letters == 0 || (hex && stem.len() >= 8) || (stem.len() >= 16 && digits >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_replaced_and_names_stay() {
        assert_eq!(group("/users/17/cart"), "/users/{id}/cart");
        assert_eq!(group("/f/0b8e7f3c-59a1-4b6e-9e0f-8d1f6f3a2b1c"), "/f/{id}");
        assert_eq!(group("/uploads/1f0c9aa2e4.png"), "/uploads/{id}");
        assert_eq!(group("/t/V1StGXR8Z5jdHi6BmyT"), "/t/{id}");
        for kept in ["/", "/api/v2/products", "/assets/app.js", "/socket.io/", "/decade", "/oauth2/callback"] {
            assert_eq!(group(kept), kept);
        }
    }
}
