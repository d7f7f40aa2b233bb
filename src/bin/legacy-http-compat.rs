//! The command `legacy-http-compat`; see the library's module `cli`.

use std::{env, io, process::ExitCode};

use legacy_http_compat::cli;

fn main() -> ExitCode {
    cli::run(env::args_os(), &mut io::stdout(), &mut io::stderr())
}
