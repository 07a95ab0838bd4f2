//! Configurations of other load balancers: [`export`] writes one that does what ours does, [`import`](fn@import) reads one and
//! makes ours of it. Both name what is lost. No I/O.
//!
//! To add an engine to export to, add its folder in `export/` and its line in [`Engine`]; to add a file to import, its file in
//! `import/`.

mod export;
mod import;

pub use export::{Cannot, Engine, Exported, Feature, NginxVersion, Support, Target, export};
pub use import::{Imported, import};
