//! The words of `names`.

use std::path::PathBuf;

use stickylb::config::local_name;

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "It takes the names of the file, ./stickylb.json unless --config names another, or those of --name; with \
neither, those of the balancers of yours that run. It changes nothing.

  stickylb-tui names
  stickylb-tui names --hosts | sudo tee -a /etc/hosts"
)]
pub(super) struct Names {
    /// Print lines for /etc/hosts, for programs that do not look such names up themselves
    #[arg(long)]
    pub(super) hosts: bool,

    /// JSON file; ./stickylb.json when it exists and no --name is given
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// A name in place of the file's, such as app for app.localhost; may be repeated
    #[arg(long = "name", value_name = "HOST", value_parser = local_name)]
    pub(super) given: Vec<String>,
}
