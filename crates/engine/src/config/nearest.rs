//! What a mistyped word was meant to be.

/// `, did you mean 'x'?` for the option nearest to what was written, where one is near.
pub fn nearest<'n>(written: &str, options: impl Iterator<Item = &'n str>) -> String {
    let lower = written.to_ascii_lowercase();
    let length = lower.chars().count();
    // No comparison with those whose lengths differ by more than is near.
    options
        .filter(|option| length.abs_diff(option.len()) <= 1 + option.len() / 4)
        .map(|option| (strsim::damerau_levenshtein(&lower, &option.to_ascii_lowercase()), option))
        .min()
        .filter(|(distance, option)| *distance <= 1 + option.len() / 4)
        .map(|(_, option)| format!(", did you mean '{option}'?"))
        .unwrap_or_default()
}
