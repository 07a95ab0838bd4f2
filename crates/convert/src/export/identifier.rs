//! Names for what a file refers to.

use stickylb::api::ResolvedBackend;

/// A name that every engine takes, made of any text: ASCII letters, digits, `-` and `_`, beginning with a letter or digit.
/// Empty where none of the text can be kept.
pub(super) fn identifier(text: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
    let name: String = text.chars().map(kept).collect();
    name.trim_matches(['-', '_']).to_owned()
}

/// A name for each of these backends, in their order and different from each other: its own as far as it can be written,
/// with its id where that is nobody's alone.
pub(super) fn server_names(backends: &[ResolvedBackend]) -> Vec<String> {
    let plain: Vec<String> = backends.iter().map(|backend| identifier(&backend.name)).collect();
    let is_alone = |name: &str| plain.iter().filter(|other| *other == name).count() == 1;
    let distinct = |(name, backend): (&String, &ResolvedBackend)| match name.as_str() {
        "" => format!("backend-{}", backend.id),
        name if is_alone(name) => name.to_owned(),
        name => format!("{name}-{}", backend.id),
    };
    let names: Vec<String> = plain.iter().zip(backends).map(distinct).collect();
    let clash = names.iter().enumerate().any(|(n, name)| names[..n].contains(name));
    if clash { backends.iter().map(|backend| format!("backend-{}", backend.id)).collect() } else { names }
}
