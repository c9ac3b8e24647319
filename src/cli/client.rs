//! `locospec client`: the reference client on real sockets. One thing and done, or a conversation.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::client_media::{Carrier, DownloadArgs};
use super::files::{self, CA};
use super::{Exit, Failure, Outcome, runtime};
use crate::net::clock::system_entropy;
use crate::net::connect::{Setup, connect};
use crate::net::{Clock, Tcp, tls};
use crate::proto::client::{Action, Client, ClientConfig, Endpoint, Event, Message, RoomSummary, call};
use crate::proto::command::field::encode;
use crate::proto::command::{Call, CommandId, Door, notiread};
use crate::proto::secure::Era;

/// How long one thing may take before the client gives up.
const WITHIN: Duration = Duration::from_secs(20);

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder that `serve --dir` has written
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
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
    /// Send a file
    Upload {
        /// The room's id
        room: i64,
        /// The file
        file: PathBuf,
    },
    /// Get a file
    Download(DownloadArgs),
    /// Print messages and read marks as they come, until Ctrl-C
    Tail {
        /// Only this room
        room: Option<i64>,
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
    let world = files::world(args.world.as_deref())?;
    let user =
        world.user(&args.user).ok_or_else(|| Failure::usage(format!("the world has no user {:?}", args.user)))?;
    let door = if args.era.is_modern() { Door::Booking } else { Door::Entry };
    let first = files::endpoint(&args.dir, door)?;
    let keys = Arc::new(files::public_ring(&args.dir)?);
    let ca = files::read(&args.dir.join(CA))?;
    let carrier = Carrier { era: args.era, keys: keys.clone() };
    let token = args.token.clone().unwrap_or_else(|| user.token.clone());
    let first = Endpoint::new(first.ip().to_string(), first.port());
    let mut config = ClientConfig::new(args.era, user.id, token, first, keys);
    config.device_type = if args.sub { 2 } else { 1 };
    config.device_id = format!("{}-{}", config.device_id, config.device_type);
    config.history = false;
    let client = Client::new(config, system_entropy().map_err(Failure::incomplete)?);
    let tls = tls::connector(&ca).map_err(|e| Failure::usage(format!("{}: {e}", args.dir.join(CA).display())))?;
    runtime()?.block_on(async move {
        let (actions, todo) = mpsc::channel(16);
        let (tell, events) = mpsc::unbounded_channel();
        let setup = Setup { clock: Clock::system(), tls: Some(tls) };
        tokio::spawn(connect(Tcp, client, setup, todo, tell));
        let mut talk = Talk { actions, events, rooms: Vec::new(), user_id: 0 };
        match args.what {
            None => talk.converse().await,
            Some(what) => talk.once(what, &carrier).await,
        }
    })
}

pub(super) struct Talk {
    actions: mpsc::Sender<Action>,
    events: mpsc::UnboundedReceiver<Event>,
    rooms: Vec<RoomSummary>,
    pub(super) user_id: i64,
}

impl Talk {
    async fn say(&self, action: Action) -> Result<(), Failure> {
        self.actions.send(action).await.map_err(|_| Failure::incomplete("the client has stopped"))
    }

    /// The next event of which `pick` makes something, within the time for one thing.
    async fn wait<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(Event) -> Option<Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let search = async {
            while let Some(event) = self.events.recv().await {
                if let Event::Disconnected { door, why } = &event {
                    eprintln!("{}: {why:?}; trying again", door.as_str());
                }
                if let Event::LoginRefused { status } = event {
                    return Err(Failure::found(format!("the login was refused with status {status}")));
                }
                if let Some(outcome) = pick(event) {
                    return outcome;
                }
            }
            Err(Failure::incomplete("the client has stopped"))
        };
        timeout(WITHIN, search)
            .await
            .unwrap_or_else(|_| Err(Failure::incomplete(format!("{what}: no answer within {WITHIN:?}"))))
    }

    /// Asks; gives the reply, whose status is 0.
    pub(super) async fn ask<'b, C: Call<'b>>(&mut self, body: &C) -> Result<Event, Failure> {
        let what = C::ID.method();
        self.say(call(1, body)).await?;
        self.wait(what.as_str(), |e| match e {
            Event::Reply { status: 0, .. } => Some(Ok(e)),
            Event::Reply { status, .. } => Some(Err(Failure::found(format!("{what}: status {status}")))),
            Event::RequestEnded { how, .. } => Some(Err(Failure::incomplete(format!("{what}: {how:?}")))),
            _ => None,
        })
        .await
    }

    async fn login(&mut self) -> Result<(), Failure> {
        self.say(Action::Login).await?;
        let logged_in = |e| if let Event::LoggedIn { user_id, rooms } = e { Some(Ok((user_id, rooms))) } else { None };
        (self.user_id, self.rooms) = self.wait("login", logged_in).await?;
        Ok(())
    }

    async fn once(&mut self, what: What, carrier: &Carrier) -> Outcome {
        self.login().await?;
        match what {
            What::Login => println!("logged in as {}", self.user_id),
            What::Rooms => self.rooms.iter().for_each(|r| println!("{}", room_line(r))),
            What::Send { room, text } => println!("{}", self.send(room, text).await?),
            What::Read { room } => self.mark(room).await?,
            What::Upload { room, file } => return carrier.upload(self, room, &file).await,
            What::Download(args) => return carrier.download(self, &args).await,
            What::Tail { room } => return self.tail(room).await,
        }
        Ok(Exit::Ok)
    }

    async fn send(&mut self, room: i64, text: String) -> Result<i64, Failure> {
        self.say(Action::Send { ticket: 1, room, text }).await?;
        self.wait("send", |e| match e {
            Event::Sent { log_id, .. } => Some(Ok(log_id)),
            Event::SendFailed { why, .. } => Some(Err(Failure::found(format!("not sent: {why:?}")))),
            _ => None,
        })
        .await
    }

    async fn mark(&mut self, room: i64) -> Result<(), Failure> {
        let last = self.rooms.iter().find(|r| r.room == room).map(|r| r.last_log_id);
        let watermark = last.ok_or_else(|| Failure::found(format!("no room {room}")))?;
        let mut body = Vec::new();
        encode(&notiread::Request { chat_id: room, watermark, ..Default::default() }, &mut body);
        self.say(Action::Request { ticket: 1, method: CommandId::NotiRead.method(), body }).await?;
        let status = self
            .wait("read", |e| match e {
                Event::Reply { status, .. } => Some(Ok(status)),
                Event::RequestEnded { how, .. } => Some(Err(Failure::incomplete(format!("read: {how:?}")))),
                _ => None,
            })
            .await?;
        if status == 0 { Ok(()) } else { Err(Failure::found(format!("read: status {status}"))) }
    }

    async fn tail(&mut self, only: Option<i64>) -> Outcome {
        eprintln!("logged in as {}; Ctrl-C ends", self.user_id);
        let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            tokio::select! {
                biased;
                _ = &mut stop => return Ok(Exit::Ok),
                event = self.events.recv() => match event {
                    None => return Ok(Exit::Incomplete),
                    Some(event) => show(&event, only, self.user_id),
                },
            }
        }
    }

    async fn converse(&mut self) -> Outcome {
        self.login().await?;
        let mut room = self.rooms.first().map_or(0, |r| r.room);
        eprintln!("logged in as {}; /help says what there is", self.user_id);
        self.rooms.iter().for_each(|r| println!("{}", room_line(r)));
        eprintln!("in room {room}");
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        let (mut ticket, mut waiting) = (0, 0_usize);
        loop {
            tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    None => return Ok(Exit::Incomplete),
                    Some(Event::Sent { .. }) => waiting = waiting.saturating_sub(1),
                    Some(Event::LoginRefused { status }) => {
                        return Err(Failure::found(format!("the login was refused with status {status}")));
                    }
                    Some(Event::Rooms(rooms)) => {
                        rooms.iter().for_each(|r| println!("{}", room_line(r)));
                        self.rooms = rooms;
                    }
                    Some(event) => {
                        waiting = waiting.saturating_sub(usize::from(matches!(event, Event::SendFailed { .. })));
                        self.notice(&event);
                        show(&event, None, self.user_id);
                    }
                },
                line = lines.next_line() => {
                    let Ok(Some(line)) = line else { break };
                    ticket += 1;
                    match self.command(line.trim(), &mut room, ticket).await? {
                        Said::Quit => break,
                        Said::Message => waiting += 1,
                        Said::Else => (),
                    }
                }
            }
        }
        self.settle(waiting).await
    }

    /// Waits for the messages that are on their way.
    async fn settle(&mut self, mut waiting: usize) -> Outcome {
        while waiting > 0 {
            let sent = self.wait("send", |e| match e {
                Event::Sent { .. } => Some(Ok(())),
                Event::SendFailed { why, .. } => Some(Err(Failure::found(format!("not sent: {why:?}")))),
                _ => None,
            });
            sent.await?;
            waiting -= 1;
        }
        Ok(Exit::Ok)
    }

    /// Keeps the last log of each room, for `/read`.
    fn notice(&mut self, event: &Event) {
        if let Event::Message(m) = event
            && let Some(r) = self.rooms.iter_mut().find(|r| r.room == m.room)
        {
            r.last_log_id = r.last_log_id.max(m.log_id);
        }
    }

    async fn command(&mut self, line: &str, room: &mut i64, ticket: u64) -> Result<Said, Failure> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => (),
            "/quit" => return Ok(Said::Quit),
            "/rooms" => self.say(Action::Rooms).await?,
            "/room" => match rest.trim().parse() {
                Ok(id) => *room = id,
                Err(_) => eprintln!("/room needs a number"),
            },
            "/who" => self.say(Action::Open { room: *room }).await?,
            "/read" => {
                let log_id = self.rooms.iter().find(|r| r.room == *room).map_or(0, |r| r.last_log_id);
                self.say(Action::MarkRead { room: *room, log_id }).await?;
            }
            "/leave" => self.say(Action::Leave { room: *room }).await?,
            "/help" => eprintln!("TEXT sends; /rooms /room ID /who /read /leave /quit"),
            _ if word.starts_with('/') => eprintln!("no such command; /help says what there is"),
            _ => {
                self.say(Action::Send { ticket, room: *room, text: line.to_owned() }).await?;
                return Ok(Said::Message);
            }
        }
        Ok(Said::Else)
    }
}

/// What a line of the conversation was.
enum Said {
    Message,
    Quit,
    Else,
}

fn room_line(r: &RoomSummary) -> String {
    format!("{}  {}  {} unread  last {}", r.room, r.kind, r.unread, r.last_log_id)
}

fn message_line(m: &Message) -> String {
    format!("{}  {}  {}: {}", m.room, m.log_id, m.author_id, m.text)
}

fn show(event: &Event, only: Option<i64>, me: i64) {
    let wanted = |room: i64| only.is_none_or(|o| o == room);
    match event {
        Event::Message(m) if wanted(m.room) => println!("{}", message_line(m)),
        Event::ReadMark { room, user_id, watermark } if wanted(*room) && *user_id != me => {
            println!("{room}  {user_id} has read up to {watermark}");
        }
        Event::RoomOpened { room, kind, members, .. } => {
            let names: Vec<String> = members.iter().map(|(id, name)| format!("{name} ({id})")).collect();
            println!("{room}  {kind}  {}", names.join(", "));
        }
        Event::Left { room } => println!("{room}  left"),
        Event::SendFailed { why, .. } => eprintln!("not sent: {why:?}"),
        Event::ActionFailed { method, why, .. } => eprintln!("{method}: {why:?}"),
        Event::Kicked { reason } => eprintln!("kicked out, reason {reason}"),
        Event::ServerMoves => eprintln!("the server moves; coming back"),
        Event::Disconnected { door, why } => eprintln!("{}: {why:?}", door.as_str()),
        Event::LoggedIn { .. } => eprintln!("logged in"),
        Event::UnknownPush { method } => eprintln!("ignored push {method}"),
        _ => (),
    }
}
