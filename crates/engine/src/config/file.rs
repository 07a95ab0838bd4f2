//! Reads a configuration file.

use std::path::Path;

use super::conflict::conflicts;
use super::document::{Document, Location};
use super::keys::Keys;
use super::locations::Locations;
use super::node::Node;
use super::problem::{ConfigError, Problem};
use super::root::Config;

/// Reads a configuration file's bytes. `path` is for the messages, and relative paths in it are those beside it.
///
/// # Errors
/// [`ConfigError::Invalid`] with every problem of the file, in its order.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Config, ConfigError> {
    read(bytes, Locations::default())
        .map(|config| beside(path, config))
        .map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
}

/// Like [`parse`], for a balancer that starts backends of its own: the file need not name any.
///
/// # Errors
/// As of [`parse`].
pub fn parse_beside_copies(path: &Path, bytes: &[u8]) -> Result<Config, ConfigError> {
    read(bytes, Locations::with_optional_backends())
        .map(|config| beside(path, config))
        .map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
}

/// Relative paths are those beside the file.
fn beside(path: &Path, mut config: Config) -> Config {
    if let Some(folder) = path.parent() {
        let all = config.listeners.iter_mut().filter_map(|listener| listener.tls.as_mut());
        all.for_each(|tls| tls.beside(folder));
    }
    config
}

/// Reads another file by the rules of this one: comments, trailing commas, unknown keys, every problem with its place.
/// `read` asks for its keys; `path` is only for the messages.
///
/// # Errors
/// As of [`parse`].
pub fn parse_by<T>(path: &Path, bytes: &[u8], read: impl FnOnce(&mut Keys<'_, '_>) -> T) -> Result<T, ConfigError> {
    let invalid = |problems| ConfigError::Invalid { path: path.to_owned(), problems };
    let document = Document::new(text(bytes).map_err(invalid)?);
    let value = document.parse();
    let found = value.as_ref().and_then(|value| Node::new(&document, value).object(read));
    let problems = document.into_problems();
    found.filter(|_| problems.is_empty()).ok_or_else(|| invalid(problems))
}

/// The text of a file, without a byte order mark.
fn text(bytes: &[u8]) -> Result<&str, Vec<Problem>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let document = Document::new(&valid);
            document.problem(valid.len(), "", "not UTF-8: save the file as UTF-8".to_owned());
            Err(document.into_problems())
        }
    }
}

fn read(bytes: &[u8], mut locations: Locations) -> Result<Config, Vec<Problem>> {
    let document = Document::new(text(bytes)?);
    let value = document.parse();
    let config =
        value.as_ref().and_then(|value| Node::new(&document, value).object(|keys| Config::read(keys, &mut locations)));
    if let Some(config) = &config {
        for conflict in conflicts(config) {
            if let Some(Location { at, path }) = locations.of(conflict.at) {
                document.problem(*at, path, conflict.message);
            }
        }
    }
    let problems = document.into_problems();
    config.filter(|_| problems.is_empty()).ok_or(problems)
}
