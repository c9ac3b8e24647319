//! `locospec client`: the reference client on real sockets. One thing and done, lines of a script, or a conversation.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `words` | the commands: their names, what they take, their help |
//! | `talk` | the conversation: lines in, events out |
//! | `lines` | the same for a judge: JSON lines in, JSON lines out |
//! | `perform` | what each command asks the server |
//! | `show` | an event as one line |
//! | `screen` | the terminal: whole lines only, never into what is being typed |
//! | `state` | what is remembered over a restart, in a file |
//! | `media` | files up and down |

mod lines;
mod media;
mod perform;
mod screen;
mod show;
mod state;
mod talk;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::files::{self, CA};
use super::serve::parse_quirk;
use super::{Failure, Outcome, runtime};
use crate::net::clock::system_entropy;
use crate::net::connect::Setup;
use crate::net::handle::start;
use crate::net::{Clock, Tcp, tls};
use crate::proto::client::{Client, ClientConfig, Endpoint};
use crate::proto::command::Door;
use crate::proto::quirk::{Quirk, Quirks};
use crate::proto::secure::Era;

/// How long one thing may take before the client gives up.
const WITHIN: Duration = Duration::from_secs(20);
/// Recent logs that are kept of each room.
const KEEP_LOGS: usize = 1000;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder that `serve --dir` has written
    #[arg(long, value_name = "DIR", required_unless_present = "lines")]
    dir: Option<PathBuf>,
    /// Who to be: a name of the world file
    #[arg(long, value_name = "NAME", default_value = "alice")]
    user: String,
    /// The world file that names the user; without it the built-in world
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Another token than the world's
    #[arg(long)]
    token: Option<String>,
    /// The generation of the protocol
    #[arg(long, default_value = "2025", value_parser = parse_era)]
    era: Era,
    /// Come as the second device (a PC), not as the main one (a phone)
    #[arg(long)]
    sub: bool,
    /// Keep in this file what must not be forgotten, and go on from there the next time
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Be a client under test: a judge says in JSON lines on stdin where its server is and what to do
    #[arg(long, conflicts_with_all = ["dir", "world", "token", "sub", "state"])]
    lines: bool,
    /// Be wrong in this way, as a client under test
    #[arg(long, value_parser = parse_quirk, requires = "lines")]
    quirk: Vec<Quirk>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Log in, say who we are, log out
    Login,
    /// List the rooms
    Rooms,
    /// Send one message
    Send {
        /// The room's id
        room: i64,
        /// The text
        text: String,
    },
    /// Mark everything in a room as read
    Read {
        /// The room's id
        room: i64,
    },
    /// Send a file: a picture, a video, anything
    Upload {
        /// The room's id
        room: i64,
        /// The file
        file: PathBuf,
    },
    /// Get a file that somebody has sent
    Download(media::DownloadArgs),
    /// Print messages and read marks as they come, until Ctrl-C
    Tail {
        /// Only this room
        room: Option<i64>,
    },
    /// Do these lines of a conversation, one after the other, and stop
    Do {
        /// A text to send, or a command as /help lists them
        #[arg(required = true)]
        lines: Vec<String>,
    },
}

pub(crate) fn parse_era(name: &str) -> Result<Era, String> {
    Era::parse(name).ok_or_else(|| {
        let all: Vec<&str> = Era::ALL.iter().map(|e| e.as_str()).collect();
        format!("no such era; there are: {}", all.join(", "))
    })
}

/// Runs one client.
///
/// # Errors
/// Files that cannot be used, a login that is refused, a server that does not answer.
pub fn run(args: Args) -> Outcome {
    let Some(dir) = args.dir else {
        let quirks = args.quirk.iter().fold(Quirks::NONE, |all, q| all.with(*q));
        return runtime()?.block_on(lines::run(quirks));
    };
    let world = files::world(args.world.as_deref())?;
    let user =
        world.user(&args.user).ok_or_else(|| Failure::usage(format!("the world has no user {:?}", args.user)))?;
    let door = if args.era.is_modern() { Door::Booking } else { Door::Entry };
    let first = files::endpoint(&dir, door)?;
    let keys = Arc::new(files::public_ring(&dir)?);
    let ca = files::read(&dir.join(CA))?;
    let token = args.token.clone().unwrap_or_else(|| user.token.clone());
    let first = Endpoint::new(first.ip().to_string(), first.port());
    let carrier = media::Carrier { era: args.era, keys: Arc::clone(&keys) };
    let mut config = ClientConfig::new(args.era, user.id, token, first, keys);
    config.device_type = if args.sub { 2 } else { 1 };
    config.device_id = format!("{}-{}", config.device_id, config.device_type);
    config.history = false;
    config.keep_logs = KEEP_LOGS;
    let entropy = system_entropy().map_err(Failure::incomplete)?;
    let remembered = args.state.as_deref().map(state::read).transpose()?.flatten();
    let client = match remembered {
        None => Client::new(config, entropy),
        Some(memory) => {
            Client::resume(config, entropy, memory).map_err(|e| state::failure(args.state.as_deref(), e))?
        }
    };
    let keep = args.state.map(state::keeper).transpose()?;
    let tls = tls::connector(&ca).map_err(|e| Failure::usage(format!("{}: {e}", dir.join(CA).display())))?;
    runtime()?.block_on(async move {
        let setup = Setup { clock: Clock::system(), tls: Some(tls) };
        let (handle, events) = start(Tcp, client, setup, keep);
        talk::Talk::new(handle, events).run(args.what, &carrier).await
    })
}
