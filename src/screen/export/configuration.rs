//! The configuration that runs, as a file for another engine.

use stickylb::api::EngineHandle;
use stickylb::untrusted::Untrusted;
use stickylb_convert::{Engine, Target};
use tokio::task::spawn_blocking;

/// A file that was written for another engine.
pub(crate) struct WrittenConfiguration {
    /// Its name and folder, and how many comments in it say what the engine cannot do.
    pub(crate) sentence: String,
    /// What the engine cannot do, one sentence each.
    pub(crate) cannot: Vec<String>,
}

/// Writes the configuration that runs into a new file in the current directory; why that cannot be, as one sentence.
pub(crate) fn write_configuration(
    engine: &impl EngineHandle,
    target: Engine,
) -> impl Future<Output = Result<WrittenConfiguration, String>> + Send + 'static {
    let asked = engine.configuration();
    async move {
        let config = asked.await.map_err(|why| format!("the configuration cannot be had: {why}"))?;
        let exported = stickylb_convert::export(&config, Target::new(target));
        let text = exported.text;
        // The same may stand in several places.
        let marked = text.lines().filter(|line| line.trim_start().starts_with("# cannot: ")).count();
        let written = spawn_blocking(move || {
            // The name that the file's own first lines take it to have.
            let name = target.file_name();
            let (base, extension) = name.rsplit_once('.').unwrap_or((name, ""));
            super::save(&super::folder()?, base, extension, &text)
        });
        let (name, folder) = written.await.map_err(|lost| lost.to_string())??;
        let cannot: Vec<String> = exported.cannot.iter().map(|one| Untrusted::new(&one.sentence).to_string()).collect();
        let comments = match marked {
            0 => String::new(),
            1 => ", with 1 comment \"# cannot:\",".to_owned(),
            count => format!(", with {count} comments \"# cannot:\","),
        };
        Ok(WrittenConfiguration { sentence: format!("{name} is written{comments} in {folder}"), cannot })
    }
}
