//! `import`: prints another program's configuration as ours.

use std::path::Path;
use std::process::ExitCode;

use super::layers::UsageError;
use super::say::{complain, say};
use stickylb::config;
use stickylb::untrusted::{Untrusted, pretty_json};

/// Prints the file as our configuration; on standard error, says how it was read and what was left out.
pub(super) fn import(path: &Path) -> Result<ExitCode, UsageError> {
    let file = path.display();
    let wrong = |what: String| UsageError::Words(vec![format!("{file}: {what}").into()]);
    let bytes = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].split(|byte| *byte == b'\n').count();
        wrong(format!("line {line}: it is not UTF-8: convert it, such as by iconv -f latin1 -t utf-8"))
    })?;
    let imported = stickylb_convert::import(text.trim_start_matches('\u{feff}')).map_err(wrong)?;
    let printed = pretty_json(&imported.config).map_err(|error| wrong(error.to_string()))?;
    // The file's values may be invalid, such as a port above 65535: a result that would not run is not printed.
    config::parse(path, printed.as_bytes()).map_err(|error| {
        let problems = match error {
            config::ConfigError::Invalid { problems, .. } => problems,
            // It was read already.
            _ => Vec::new(),
        };
        UsageError::Words(problems.iter().map(|p| format!("{file}: {}: {}", p.path, p.message).into()).collect())
    })?;
    let kind = format!("{} was read as {}", Untrusted::new(file.to_string()), imported.kind);
    for sentence in std::iter::once(kind.as_str()).chain(imported.left_out.iter().map(String::as_str)) {
        complain(&format!("stickylb-tui: {}", Untrusted::new(sentence)));
    }
    say(&printed)?;
    Ok(ExitCode::SUCCESS)
}
