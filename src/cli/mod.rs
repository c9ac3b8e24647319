//! The command line: one file per subcommand. Each is a `clap` struct and a `run` that takes its streams as arguments,
//! so that a test needs no process. `main` parses, calls one of them and turns its number into the exit code.

pub mod decode;
