//! The `stickylb-tui` program; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    stickylb_tui::cli::main()
}
