//! What the command line says of the user's own file: the current keys, whether it is good, its schema.

use std::path::Path;
use std::process::ExitCode;

use super::layers::UsageError;
use super::say::say;
use crate::screen::Arrangement;
use crate::user;
use stickylb::untrusted::Untrusted;

/// Prints the current key bindings: as a table, or as a file that sets all of them.
pub(super) fn keys(print: bool) -> Result<ExitCode, UsageError> {
    let keys = user::load(Arrangement::default())?.keys;
    say(&if print { keys.json() } else { keys.table() })?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the user's file, or another as one, and says whether it is good.
pub(super) fn check(file: Option<&Path>) -> Result<ExitCode, UsageError> {
    let Some(path) = file.map(Path::to_owned).or_else(user::config_file) else {
        return Err(UsageError::Words(vec!["there is no home directory: name a file, check --user FILE".into()]));
    };
    let shown = Untrusted::new(path.display().to_string());
    if file.is_none() && !path.exists() {
        say(&format!("there is no {shown}: the built-in keys and colours hold"))?;
        return Ok(ExitCode::SUCCESS);
    }
    user::parse(&path, Arrangement::default())?;
    say(&format!("{shown} is good"))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the JSON Schema of the user's file.
pub(super) fn schema() -> Result<ExitCode, UsageError> {
    say(&user::SCHEMA).map(|()| ExitCode::SUCCESS)
}
