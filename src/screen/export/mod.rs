//! Exports the screen, the log, its requests or a report to a file in the current directory.
//!
//! Exports contain only what the screen shows or could show, with control characters escaped.

mod configuration;
mod har;
mod kind;
mod report;
mod screen;

use jiff::tz::TimeZone;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::SystemTime;
use stickylb::api::EngineHandle;
use stickylb::untrusted::{Untrusted, json};
use tokio::task::{spawn_blocking, yield_now};

use crate::screen::state::State;
pub(crate) use configuration::{WrittenConfiguration, write_configuration};
use har::Wanted;
pub use kind::Export;

/// Makes a file's content, off the screen's thread: that takes time for many requests.
type Make = Box<dyn FnOnce() -> String + Send>;

/// What is exported; why it cannot be, in one sentence.
type Content = Pin<Box<dyn Future<Output = Result<Make, String>> + Send>>;

/// Writes an export of the state into the current directory; gives a sentence for the footer.
pub(crate) fn export(
    engine: &impl EngineHandle,
    state: &State,
    what: Export,
) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> {
    let (content, zone) = (content(engine, state, what), state.zone.clone());
    Box::pin(async move {
        let make = content.await?;
        let written = spawn_blocking(move || {
            let (name, folder) = save(&folder()?, &stamped(what, SystemTime::now(), &zone), what.extension(), &make())?;
            Ok(format!("{name} is written in {folder}"))
        });
        written.await.map_err(|lost| lost.to_string())?
    })
}

fn content(engine: &impl EngineHandle, state: &State, what: Export) -> Content {
    match what {
        Export::Text => ready(screen::text(&screen::buffer(state))),
        Export::Ansi => ready(screen::ansi(&screen::buffer(state))),
        Export::Svg => ready(super::svg(&screen::buffer(state), state.theme)),
        Export::Report => ready(report::report(state)),
        Export::Har => held(engine, Wanted::of(state)),
        Export::Log => {
            let lines = state.log.window(0, usize::MAX);
            made(move || {
                // Serializing fails only for maps with non-string keys, which events do not have.
                lines.iter().filter_map(|line| Some(json(&*line.event).ok()? + "\n")).collect()
            })
        }
    }
}

/// The requests whose heads the engine still has.
fn held(engine: &impl EngineHandle, wanted: Wanted) -> Content {
    let Wanted { requests, open, hiding } = wanted;
    let asked: Vec<_> = requests.into_iter().map(|(number, event)| (event, engine.heads(number))).collect();
    Box::pin(async move {
        let mut held = Vec::new();
        for (event, heads) in asked {
            let heads = heads.await.map_err(|why| format!("the requests cannot be had: {why}"))?;
            held.extend(heads.map(|heads| (event, heads)));
            // The screen shares this thread.
            yield_now().await;
        }
        if held.is_empty() {
            return Err("nothing is written: of no request that the log shows the heads are kept".to_owned());
        }
        Ok(Box::new(move || har::har(&held, open, &hiding)) as Make)
    })
}

fn made(make: impl FnOnce() -> String + Send + 'static) -> Content {
    Box::pin(std::future::ready(Ok(Box::new(make) as Make)))
}

fn ready(text: String) -> Content {
    made(move || text)
}

fn folder() -> Result<PathBuf, String> {
    std::env::current_dir().map_err(|error| format!("the current directory is gone: {error}"))
}

/// The name of a file without its extension, with the time.
fn stamped(what: Export, now: SystemTime, zone: &TimeZone) -> String {
    let stamp = jiff::Timestamp::try_from(now).unwrap_or_default().to_zoned(zone.clone()).strftime("%Y%m%d-%H%M%S");
    format!("stickylb-{}-{stamp}", what.name())
}

/// Writes a new file, never over an existing one; returns its name, and its folder as it may be shown.
///
/// # Errors
/// A sentence if the folder cannot be written to, or all 99 names that begin so are taken.
fn save(folder: &Path, base: &str, extension: &str, text: &str) -> Result<(String, Untrusted<String>), String> {
    let end = if extension.is_empty() { String::new() } else { format!(".{extension}") };
    let names = (1..100).map(|n| match n {
        1 => format!("{base}{end}"),
        n => format!("{base}-{n}{end}"),
    });
    let shown = Untrusted::new(folder.display().to_string());
    for name in names {
        match File::options().write(true).create_new(true).open(folder.join(&name)) {
            Ok(mut file) => {
                return match file.write_all(text.as_bytes()) {
                    Ok(()) => Ok((name, shown)),
                    Err(error) => Err(format!("{name} could not be written whole: {error}")),
                };
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("nothing can be written in {shown}: {error}")),
        }
    }
    Err(format!("there are a hundred files in {shown} whose names begin with {base}: delete some"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_never_written_over_and_an_error_is_a_sentence() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = stamped(Export::Report, SystemTime::UNIX_EPOCH, &TimeZone::UTC);
        let save = |folder: &Path, text| save(folder, &base, Export::Report.extension(), text);
        for (text, name) in
            [("one", "stickylb-report-19700101-000000.md"), ("two", "stickylb-report-19700101-000000-2.md")]
        {
            assert_eq!(save(folder.path(), text).expect("written").0, name);
            assert_eq!(std::fs::read_to_string(folder.path().join(name)).expect("read"), text);
        }
        let error = save(&folder.path().join("none"), "").expect_err("no folder");
        assert!(error.starts_with("nothing can be written in ") && error.contains("No such file"), "{error}");
    }

    #[test]
    fn every_export_has_a_key_of_its_own() {
        for export in Export::ALL {
            let key = export.name().chars().next().expect("a name");
            assert_eq!(Export::of_key(key), Some(export));
        }
    }
}
