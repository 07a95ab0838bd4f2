//! What a mistyped word was meant to be.

/// `, did you mean 'x'?` for the option nearest to what was written, where one is near.
pub fn nearest<'n>(written: &str, options: impl Iterator<Item = &'n str>) -> String {
    nearest_within(written, options, |option| 1 + option.len() / 4)
        .map(|option| format!(", did you mean '{option}'?"))
        .unwrap_or_default()
}

/// The option nearest to what was written, of those that are at most as many letters away as `letters` says for each.
pub fn nearest_within<'n>(
    written: &str,
    options: impl Iterator<Item = &'n str>,
    letters: impl Fn(&str) -> usize,
) -> Option<&'n str> {
    let lower = written.to_ascii_lowercase();
    let length = lower.chars().count();
    // No comparison with those whose lengths differ by more than is near.
    options
        .filter(|option| length.abs_diff(option.len()) <= letters(option))
        .map(|option| (strsim::damerau_levenshtein(&lower, &option.to_ascii_lowercase()), option))
        .min()
        .filter(|(distance, option)| *distance <= letters(option))
        .map(|(_, option)| option)
}
