//! Reading one parameter of a query string.

/// The decoded value of the first `key` in `query`; empty when it has none.
pub(crate) fn param(query: Option<&str>, key: &str) -> Option<String> {
    query?.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name == key).then(|| decode(value))
    })
}

/// The whole number named `key`, at most `most` and `default` when absent, or a sentence saying
/// what it must be.
pub(crate) fn number(query: Option<&str>, key: &str, default: u64, most: u64) -> Result<u64, String> {
    let Some(value) = param(query, key) else { return Ok(default) };
    let number = value.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| format!("The parameter {key} must be a whole number from 0 to {most}."))
}

fn decode(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high << 4 | low);
            rest = &tail[2..];
        } else {
            bytes.push(if *first == b'+' { b' ' } else { *first });
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        let query = Some("a=1&name=Zo%C3%AB+B&bare&odd=%4&b=2");
        assert_eq!(param(query, "name").as_deref(), Some("Zoë B"));
        assert_eq!(param(query, "bare").as_deref(), Some(""));
        assert_eq!(param(query, "odd").as_deref(), Some("%4"));
        assert_eq!(param(query, "none"), None);
        assert_eq!(param(None, "a"), None);
    }

    #[test]
    fn numbers() {
        assert_eq!(number(Some("ms=5"), "ms", 7, 9), Ok(5));
        assert_eq!(number(Some("x=5"), "ms", 7, 9), Ok(7));
        for wrong in ["ms=-5", "ms=", "ms", "ms=10", "ms=soon", "ms=1.5", "ms=99999999999999999999"] {
            let sentence = "The parameter ms must be a whole number from 0 to 9.";
            assert_eq!(number(Some(wrong), "ms", 7, 9), Err(sentence.to_owned()), "{wrong}");
        }
    }
}
