//! What traffic asks for: requests of several kinds, each as often as its weight says.

use serde::{Deserialize, Serialize};

use crate::untrusted::Untrusted;

/// One kind of request of a mix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MixPart {
    /// How often, compared with the others: per cent where they add up to 100.
    pub weight: u32,
    /// The method: GET, HEAD, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// Path and query.
    pub path: String,
}

/// The methods that are sent.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// The most parts of a mix.
const PARTS: usize = 50;

/// A mix as it is written: `90% GET /, 8% GET /slow?ms=800, 2% POST /echo`. A lone part needs no share.
pub(super) fn mix(text: &str) -> Result<Vec<MixPart>, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_alone = parts.len() == 1;
    if parts.len() > PARTS {
        return Err(format!("a mix has at most {PARTS} parts"));
    }
    let mut mix: Vec<MixPart> = parts.into_iter().map(|part| mix_part(part, is_alone)).collect::<Result<_, _>>()?;
    if let [alone] = mix.as_mut_slice() {
        // Whatever its share, it is all.
        alone.weight = 100;
    }
    Ok(mix)
}

fn mix_part(part: &str, is_alone: bool) -> Result<MixPart, String> {
    let shown = Untrusted::new(part);
    let usage = "write such as mix=\"90% GET /, 10% POST /echo\"";
    let words: Vec<&str> = part.split_whitespace().collect();
    let (weight, method, path) = match words[..] {
        [share, method, path] => {
            let weight = share.strip_suffix('%').unwrap_or(share).parse().ok();
            let weight = weight.filter(|weight| (1..=10_000).contains(weight));
            (weight.ok_or_else(|| format!("'{shown}' begins with no share from 1% up: {usage}"))?, method, path)
        }
        [method, path] if is_alone => (100, method, path),
        _ => return Err(format!("'{shown}' is no part of a mix: {usage}")),
    };
    if !METHODS.contains(&method) {
        return Err(format!("'{}' is no method that is sent: there is {}", Untrusted::new(method), METHODS.join(", ")));
    }
    if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') || path.len() > 512 {
        return Err(format!(
            "'{}' is no path: it begins with / and is plain ASCII, at most 512 bytes",
            Untrusted::new(path)
        ));
    }
    Ok(MixPart { weight, method: method.to_owned(), path: path.to_owned() })
}
