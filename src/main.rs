//! Parses arguments, runs the subcommand, gives its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    locospec::cli::main()
}
