//! Values that carry their content with them, signed or encrypted with a secret of the server.

/// Whether a value carries its content with it: another copy takes it exactly where it has the same secret.
pub(super) fn is_sealed(value: &str) -> bool {
    let value = value.trim_matches('"');
    is_jwt(value)
        || is_timed(value)
        || ["Fe26.2", "gAAAA", "CfDJ8", "v4.local.", "v4.public."].iter().any(|p| value.starts_with(p))
        || is_message(value)
}

/// The same, where it may also be no more than an id: Laravel seals both.
pub(super) fn may_be_sealed(value: &str) -> bool {
    is_sealed(value) || value.starts_with("eyJ")
}

fn is_base64(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte))
}

/// A JSON web token (RFC 7519): header, claims and signature.
fn is_jwt(value: &str) -> bool {
    let parts: Vec<&str> = value.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| is_base64(part))
        && parts[0].starts_with("eyJ")
        && parts[1].starts_with("eyJ")
}

/// Content, a time and a signature, as Flask, Starlette and Django sign them. Signatures are of SHA-1 or SHA-2.
fn is_timed(value: &str) -> bool {
    ['.', ':'].iter().any(|between| {
        let mut parts = value.rsplitn(3, *between);
        let (Some(signature), Some(time), Some(content)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        let content = content.trim_start_matches('.');
        let signed = is_base64(signature) && matches!(signature.trim_end_matches('=').len(), 27 | 43 | 64 | 86);
        signed && is_base64(time) && (5..=8).contains(&time.len()) && is_base64(content)
    })
}

/// What Rails encrypts: content, vector and tag, with `--` between.
fn is_message(value: &str) -> bool {
    let value = value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let parts: Vec<&str> = value.split("--").collect();
    (2..=3).contains(&parts.len()) && parts.iter().all(|part| is_base64(part) && part.len() >= 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_its_content_is_told_from_a_bare_id() {
        for sealed in [
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.mL2VrYXo0qFz7cJp5V3B8Qw0Qm9",
            "eyJ1c2VyIjoiYWxpY2UifQ.aSsBcQ.9wqYQqLr0b1T2uV3wX4yZ5aB6cD",
            ".eJyrVoovSC3KTcxLzStRslJKzMksSVWqBQBZ.aSsBcQ.9wqYQqLr0b1T2uV3wX4yZ5aB6cD",
            "eyJ1c2VyIjoiYWxpY2UifQ:1tXyZ9:0Jm1kYpQvUu7Xw2rT5sN8bV4cA3dF6gH9jK0lZ1xC2v",
            "gAAAAABlQ2x5c3RlbQ",
        ] {
            assert!(is_sealed(sealed), "{sealed}");
        }
        for id in [
            "s%3A0Jm1kYpQvUu7Xw2rT5sN8bV4cA3dF6gH.9jK0lZ1xC2vQ7rT5sN8bV4cA3dF6gH9jK0lZ1xC2vA",
            "0123456789abcdef",
            "3f2b8c1e-9d4a-4c6b-8e7f-1a2b3c4d5e6f",
            "node01abc.worker1",
            "",
        ] {
            assert!(!is_sealed(id), "{id}");
        }
    }
}
