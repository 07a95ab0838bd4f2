//! What `survive` and `ctl survive` are asked to try, and how they are to tell.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::survive_report::Form;
use stickylb::api::SurviveOptions;
use stickylb::untrusted::Untrusted;

/// The options of both.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct Wanted {
    /// Send the requests of this HAR file, as a browser's developer tools save it; nobody has to click
    #[arg(long, value_name = "FILE", conflicts_with = "test")]
    pub(in crate::cli) har: Option<PathBuf>,

    /// Run this by sh -c and try what it sends to $STICKYLB_URL (port: $STICKYLB_PORT); nobody has to click
    #[arg(long, value_name = "CMD")]
    pub(in crate::cli) test: Option<String>,

    /// Do not send requests of this path again, such as '/admin/*' or 'GET /logout'; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) exclude: Vec<String>,

    /// Send POST, PUT, PATCH and DELETE again, too: for an app whose data may change
    #[arg(long = "unsafe")]
    pub(in crate::cli) unsafe_methods: bool,

    /// The report as JSON
    #[arg(long, conflicts_with = "junit")]
    pub(in crate::cli) json: bool,

    /// The report as JUnit XML, for continuous integration
    #[arg(long)]
    pub(in crate::cli) junit: bool,
}

impl Wanted {
    /// Whether it brings its own traffic, so that it goes by itself.
    pub(in crate::cli) fn is_alone(&self) -> bool {
        self.har.is_some() || self.test.is_some()
    }

    /// How the report is written.
    pub(in crate::cli) fn form(&self) -> Form {
        Form::of(self.json, self.junit)
    }

    /// What the engine is asked for.
    ///
    /// # Errors
    /// The HAR file cannot be opened; why, as one sentence.
    pub(in crate::cli) fn options(&self) -> Result<SurviveOptions, Untrusted<String>> {
        let mut options = SurviveOptions::default();
        options.har = self.har.as_deref().map(whole_path).transpose()?;
        options.exclude.clone_from(&self.exclude);
        options.unsafe_methods = self.unsafe_methods;
        Ok(options)
    }
}

/// The path of a file that can be read, from the root on: a balancer that runs elsewhere has another working directory.
fn whole_path(path: &Path) -> Result<String, Untrusted<String>> {
    let shown = Untrusted::new(path.display().to_string());
    let cannot = |why: String| Untrusted::new(format!("cannot read the HAR file {shown}: {why}"));
    let found = std::path::absolute(path).map_err(|error| cannot(error.to_string()))?;
    let kind = std::fs::metadata(&found).map_err(|error| cannot(error.to_string()))?;
    if kind.is_dir() {
        return Err(cannot("it is a folder".to_owned()));
    }
    // Opening a named pipe waits for who writes to it, and closing it again takes their reader away.
    if kind.is_file() {
        File::open(&found).map_err(|error| cannot(error.to_string()))?;
    }
    found.into_os_string().into_string().map_err(|_| cannot("its path is not UTF-8: give it another name".to_owned()))
}

/// What is to be done with a run of a balancer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Step {
    /// Begin one, and print its report.
    Whole,
    /// End the recording of one, or take the report of the last.
    Report,
    /// Stop one where it is.
    Stop,
}
