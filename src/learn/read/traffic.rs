//! Reads the traffic of a lesson: the keys of the command `traffic`, as an object.

use stickylb::api::TrafficOptions;
use stickylb::program::{Keys, Node};

/// The keys with what they are.
const KEYS: [(&str, &str); 8] = [
    ("rate", "Requests a second of open traffic"),
    ("spacing", "even or poisson"),
    ("clients", "How many clients"),
    ("think", "How long a client of closed traffic thinks: 100ms, or exp:100ms"),
    ("cookies", "keep, none or a share of the clients such as 50%"),
    ("heavy", "How many clients ask ten times as often"),
    ("seed", "What is drawn by"),
    ("for", "When it ends by itself; 60m unless set"),
];

pub(super) fn read(keys: &mut Keys<'_, '_>) -> Option<TrafficOptions> {
    let models = [("open", "open"), ("closed", "closed")];
    let described = "open sends by the clock, closed waits for the answers; open unless set";
    let model = keys.get("model", described, |n| n.one_of(&models)).unwrap_or("open");
    let mut line = format!("{model} for=60m");
    let mut is_good = true;
    for (key, described) in KEYS {
        let word = keys.get(key, described, |n| {
            let word = n.either(
                n.is_string(),
                |n| n.string(),
                |n| n.integer(0, u64::from(u32::MAX)).map(|number: u64| number.to_string()),
            )?;
            one(n, model, &format!("{key}=\"{word}\""))
        });
        is_good &= word.is_some() || !keys.has(key);
        line.extend(word.into_iter().flat_map(|word| [" ".to_owned(), word]));
    }
    let mix = keys.get("mix", "What is asked for: \"90% GET /, 10% POST /echo\", or an object of weights", |n| {
        let text = n.either(n.is_string(), |n| n.string(), weights)?;
        one(n, model, &format!("mix=\"{text}\""))
    });
    is_good &= mix.is_some() || !keys.has("mix");
    line.extend(mix.into_iter().flat_map(|word| [" ".to_owned(), word]));
    if !is_good {
        return None;
    }
    line.parse().map_or_else(|trouble: String| keys.wrong(&trouble), Some)
}

/// This setting by itself, found good.
fn one(n: Node<'_, '_>, model: &str, word: &str) -> Option<String> {
    let line = format!("{model} {}{word}", if word.starts_with("heavy") { "clients=250 " } else { "" });
    line.parse::<TrafficOptions>().map_or_else(|trouble| n.wrong(trouble), |_| Some(word.to_owned()))
}

/// `{"GET /": 9, "POST /echo": 1}` as it is written on a line.
fn weights(n: Node<'_, '_>) -> Option<String> {
    let mut parts = Vec::new();
    n.pairs(|request, n| {
        parts.extend(n.integer(1, 10_000).map(|weight: u32| format!("{weight}% {request}")));
    })?;
    if parts.is_empty() {
        n.wrong("must have at least one request, such as {\"GET /\": 1}")
    } else {
        Some(parts.join(", "))
    }
}
