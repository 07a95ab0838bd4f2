//! Environment variables by which programs that keep a list of their own trust the authority as well.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::anchors::Anchors;
use super::authority::Authority;
use super::places::Places;
use super::shell::quoted;

/// Those that add to what a program trusts: of Node.js and Bun, and of Deno.
const ADDING: [&str; 2] = ["NODE_EXTRA_CA_CERTS", "DENO_CERT"];

/// One that replaces what a program trusts: of Python's requests and of pip. It may name nothing less than all.
const REPLACING: &str = "REQUESTS_CA_BUNDLE";

/// The variables that add the certificate in this file, but for those that the user has set.
pub(crate) fn adding(file: &Path) -> Vec<(OsString, OsString)> {
    let unset = ADDING.into_iter().filter(|name| env::var_os(name).is_none());
    unset.map(|name| (name.into(), file.into())).collect()
}

/// What a shell is to set, and why some is left out.
pub(crate) struct Variables {
    /// Lines for a shell to evaluate.
    pub(crate) lines: Vec<String>,
    /// A sentence for each that is set otherwise.
    pub(crate) left: Vec<String>,
}

impl Variables {
    pub(crate) fn of(places: &Places, authority: &Authority) -> Self {
        let mut wanted: Vec<(&str, &Path)> = ADDING.map(|name| (name, authority.path.as_path())).to_vec();
        // The system's bundle has all public authorities too, once it has this one.
        let anchors = Anchors::of(places).filter(|anchors| anchors.trusts(authority));
        wanted.extend(anchors.as_ref().map(|anchors| (REPLACING, anchors.bundle())));
        let (mut lines, mut left) = (Vec::new(), Vec::new());
        for (name, file) in wanted {
            let set = env::var_os(name).filter(|value| !value.is_empty() && Path::new(value) != file);
            match set {
                Some(set) if fs::read_to_string(&set).is_ok_and(|bundle| authority.is_in(&bundle)) => {}
                None => lines.push(format!("export {name}={}", quoted(file.as_os_str()))),
                Some(set) => left.push(format!(
                    "{name} is set already and is left as it is: add {} to the file that it names, {}",
                    quoted(authority.path.as_os_str()),
                    quoted(&set)
                )),
            }
        }
        Variables { lines, left }
    }
}
