//! The words that a name is made of.

/// The words of a name in small letters: `startedAt`, `started_at` and `X-Started-At` all have `started` and `at`,
/// and `worker3` has `worker` and `3`.
pub(crate) fn words(name: &str) -> impl Iterator<Item = String> + '_ {
    let mut rest = name;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        if rest.is_empty() {
            return None;
        }
        let mut end = rest.len();
        let mut before: Option<char> = None;
        for (at, c) in rest.char_indices() {
            let begins_anew = before.is_some_and(|before| {
                before.is_lowercase() && c.is_uppercase() || before.is_numeric() != c.is_numeric()
            });
            if !c.is_alphanumeric() || begins_anew {
                end = at;
                break;
            }
            before = Some(c);
        }
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word.to_lowercase())
    })
}
