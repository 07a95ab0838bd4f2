//! Names of this machine that lead to a pool.

/// A name that leads to a pool, such as `app.localhost`; one without a dot is one of `localhost`.
///
/// # Errors
/// It is no name that can be used, with what to write instead.
pub fn local_name(name: &str) -> Result<String, String> {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Err(format!("'{name}' is not a name: write letters, digits and -, such as app.localhost"));
    }
    Ok(if name.contains('.') { name } else { format!("{name}.localhost") })
}
