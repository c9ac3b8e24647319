//! The command line: one file per subcommand. Data goes to stdout, talk to stderr; colour is never needed.

pub mod capacity;
pub mod check;
#[cfg(feature = "claims")]
pub mod claims;
pub mod client;
pub mod codec;
pub mod decode;
pub mod detect;
pub mod discover;
pub mod explain;
pub mod files;
pub mod keygen;
mod out;
pub mod proxy;
pub mod replay;
pub mod serve;
pub mod shrink;
pub mod sim;
pub mod soak;
pub mod spec;
mod stop;

use std::fmt;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use self::out::{mutter, print, talk};

/// What every subcommand ends with: as expected, not as expected, or not done at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// As expected.
    Ok,
    /// Something was found: a failed case, a violated invariant, a refused login.
    Found,
    /// The arguments or the files that they name.
    Usage,
    /// Something could not be run.
    Incomplete,
    /// A fault of ours.
    Internal,
}

impl From<Exit> for ExitCode {
    fn from(e: Exit) -> Self {
        Self::from(e as u8)
    }
}

/// Why a subcommand could not do what it was asked to: one sentence for a person.
#[derive(Debug)]
pub struct Failure(pub Exit, pub String);

impl Failure {
    /// The arguments, or a file that they name.
    pub fn usage(why: impl fmt::Display) -> Self {
        Self(Exit::Usage, why.to_string())
    }

    /// It ran, and found something.
    pub fn found(why: impl fmt::Display) -> Self {
        Self(Exit::Found, why.to_string())
    }

    /// It could not be run to its end.
    pub fn incomplete(why: impl fmt::Display) -> Self {
        Self(Exit::Incomplete, why.to_string())
    }
}

/// What a subcommand gives back.
pub type Outcome = Result<Exit, Failure>;

#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A LOCO server on this machine: booking, ticket, entry and carriage
    Serve(serve::Args),
    /// A LOCO client: log in, list rooms, send, read, follow, or talk
    Client(client::Args),
    /// Say what bytes mean: packets, secure frames, handshakes
    Decode(decode::Args),
    /// Judge an implementation by the cases of the spec: the reference here, or anybody's
    Check(Box<check::Args>),
    /// What a case, a requirement or a check is about
    Explain(explain::Args),
    /// Our codec as a program on JSON lines, what `check` expects of a codec under test
    Codec(codec::Args),
    /// The spec itself
    Spec(spec::Args),
    /// Break the network, the server and its disk from a seed, and see whether the promises hold
    Sim(sim::Args),
    /// Run one simulation again, from its seed or file, and see what happened
    Replay(replay::Args),
    /// From a simulation that fails to the smallest one that fails in the same way
    Shrink(shrink::Args),
    /// Plant the known bugs one after the other, and see how fast each is found
    Detect(detect::Args),
    /// A day of a thousand clients, or more, by the engine without turmoil
    Soak(soak::Args),
    /// How many servers keep so many connections, and how fast a fallen one has its clients back
    Capacity(capacity::Args),
    /// LOCO beside WebSocket and HTTP: round trips, bytes, times, load, battery, measured
    #[cfg(feature = "claims")]
    Claims(claims::Args),
    /// LOCO beside WebSocket and HTTP: in a build with `--features claims` only
    #[cfg(not(feature = "claims"))]
    Claims {
        /// Whatever there is
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        args: Vec<String>,
    },
    /// Put the simulator's byte faults in front of any implementation, on real sockets
    Proxy(proxy::Args),
    /// RSA keys of your own for `serve --keys`
    Keygen(keygen::Args),
}

/// Runs the program's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Client(args) => client::run(args),
        Command::Decode(args) => decode(&args),
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Codec(args) => codec::run(&args),
        Command::Spec(args) => spec::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Shrink(args) => shrink::run(&args),
        Command::Detect(args) => detect::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Capacity(args) => capacity::run(&args),
        #[cfg(feature = "claims")]
        Command::Claims(args) => claims::run(&args),
        #[cfg(not(feature = "claims"))]
        Command::Claims { args } => Err(Failure::usage(format!(
            "this build has no other transports to compare with: cargo run --release --features claims -- claims {}",
            args.join(" ")
        ))),
        Command::Proxy(args) => proxy::run(&args),
        Command::Keygen(args) => keygen::run(&args),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(Failure(exit, why)) => {
            talk!("{}error{}: {why}", RED.render(), RED.render_reset());
            exit.into()
        }
    }
}

fn decode(args: &decode::Args) -> Outcome {
    let (mut stdin, mut out, mut err) = (std::io::stdin().lock(), std::io::stdout().lock(), std::io::stderr().lock());
    match decode::run(args, &mut stdin, &mut out, &mut err) {
        Ok(0) => Ok(Exit::Ok),
        Ok(1) => Ok(Exit::Found),
        Ok(_) => Ok(Exit::Usage),
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Ok),
        Err(e) => Err(Failure::incomplete(e)),
    }
}

const RED: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();

/// A runtime for one subcommand: the server decides in one task, so one thread does the work, and a few do RSA.
///
/// # Errors
/// The system gives no threads or no file descriptors.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .build()
        .map_err(|e| Failure::incomplete(format!("start the runtime: {e}")))
}
