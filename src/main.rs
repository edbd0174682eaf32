//! The command line: parse, run, map errors to exit codes.

#![warn(clippy::unwrap_used, clippy::expect_used)]

mod cli;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    hush();
    cli::main()
}

/// Mesa's Vulkan layer for choosing a device asks Wayland for one, which says `error:
/// XDG_RUNTIME_DIR is invalid or not set` on stderr where nobody has a desktop session. With a folder
/// that holds no socket it finds as little, and says nothing: the layer goes on as before, and puts
/// adapters in the same order.
fn hush() {
    const NAME: &str = "XDG_RUNTIME_DIR";
    let known = std::env::var_os(NAME).is_some_and(|folder| Path::new(&folder).is_absolute());
    if cfg!(target_os = "linux") && !known {
        #[expect(
            unsafe_code,
            reason = "the first thing in main: there is no other thread yet"
        )]
        // SAFETY: no other thread is there that could read the environment meanwhile.
        unsafe {
            std::env::set_var(NAME, "/dev/null");
        }
    }
}
