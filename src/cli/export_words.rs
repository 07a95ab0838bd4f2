//! The words of `export`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use stickylb_convert::{Engine, NginxVersion};

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Without --config and --port: ./stickylb.json, or the balancer that runs, where there is one.
What the engine cannot do stands as \"# cannot: …\" in its place, and on standard error.

  stickylb-tui export haproxy > haproxy.cfg
  stickylb-tui export nginx --port 3001 --nginx-version 1.22 > nginx.conf
  stickylb-tui export caddy --config lb.json --strict > Caddyfile")]
pub(super) struct Export {
    /// What is to read it
    #[arg(value_name = "ENGINE", value_parser = engine())]
    pub(super) engine: Engine,
    /// The configuration of this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "port")]
    pub(super) config: Option<PathBuf>,
    /// That of the balancer that runs on this port, with weights and strategy as they are now
    #[arg(short, long, value_name = "N")]
    pub(super) port: Option<u16>,
    /// End with 1 if there is anything that the engine cannot do
    #[arg(long)]
    pub(super) strict: bool,
    /// The version of nginx that is to read it [default: the newest]
    #[arg(long, value_name = "VERSION")]
    pub(super) nginx_version: Option<NginxVersion>,
}

fn engine() -> impl TypedValueParser<Value = Engine> {
    PossibleValuesParser::new(Engine::ALL.map(Engine::word)).try_map(|word| word.parse::<Engine>())
}
