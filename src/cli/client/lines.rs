//! `client --lines`: the reference client as a client under test. The protocol is in `spec/interop/README.md`; the judge
//! on the other end is `spec::run::outside`.

use std::path::PathBuf;
use std::sync::Arc;

use bson::Document;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use crate::cli::files;
use crate::cli::{Exit, Failure, Outcome, print};
use crate::net::clock::system_entropy;
use crate::net::connect::{Setup, connect};
use crate::net::{Clock, Tcp, tls};
use crate::proto::client::{Action, Client, ClientConfig, Endpoint, Event};
use crate::proto::quirk::Quirks;
use crate::proto::secure::{Era, KeyRing, PublicRing};
use crate::spec::format::driving::EventKind;
use crate::spec::run::client::said;
use crate::spec::run::program::{Heard, read_lines};

/// Requests and actions that may wait.
const QUEUE_MAX: usize = 64;
/// What it can be asked.
const OPERATIONS: [&str; 7] = ["hello", "connect", "login", "send_text", "read", "leave", "close"];

/// Where the server is, and who to be.
#[derive(Debug, Deserialize)]
struct Connect {
    era: String,
    addr: String,
    ca: PathBuf,
    rsa_pub: PathBuf,
    user: User,
    #[serde(default = "one")]
    time_scale: f64,
}

const fn one() -> f64 {
    1.0
}

#[derive(Debug, Deserialize)]
struct User {
    id: i64,
    token: String,
    duuid: String,
}

#[derive(Debug, Deserialize)]
struct SendText {
    #[serde(rename = "as", default)]
    name: String,
    room: i64,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Read {
    room: i64,
    watermark: i64,
}

#[derive(Debug, Deserialize)]
struct Leave {
    room: i64,
}

/// What a request comes to.
enum Answer {
    /// Taken.
    Done(Map<String, Value>),
    /// Known, but not so.
    Refused(String),
    /// Not known.
    Unknown,
}

/// The client, before and after `connect`.
struct Seat {
    quirks: Quirks,
    actions: Option<mpsc::Sender<Action>>,
    tell: mpsc::UnboundedSender<Event>,
    /// The judge's names of what it had sent, by ticket from 1.
    names: Vec<String>,
}

/// Answers until stdin ends.
///
/// # Errors
/// A line that is no request.
pub(super) async fn run(quirks: Quirks) -> Outcome {
    let (say, mut lines) = mpsc::channel(QUEUE_MAX);
    std::thread::spawn(move || read_lines(std::io::stdin(), |heard| say.blocking_send(heard).is_ok()));
    let (tell, mut events) = mpsc::unbounded_channel();
    let mut seat = Seat { quirks, actions: None, tell, names: Vec::new() };
    loop {
        tokio::select! {
            biased;
            heard = lines.recv() => match heard {
                None | Some(Heard::Ended) => return Ok(Exit::Ok),
                Some(Heard::Bad(why)) => return Err(Failure::usage(format!("stdin: {why}"))),
                Some(Heard::Line(request)) => line(&seat.answer(request).await?)?,
            },
            Some(event) = events.recv() => {
                if let Some((kind, with)) = said(&event, &seat.names) {
                    line(&event_json(kind, &with)?)?;
                }
            }
        }
    }
}

fn line(value: &Value) -> Result<(), Failure> {
    print(format_args!("{value}\n"))
}

fn event_json(kind: EventKind, with: &Document) -> Result<Value, Failure> {
    let mut all = json!({"event": kind});
    let with = serde_json::to_value(with).map_err(Failure::incomplete)?;
    if let (Value::Object(all), Value::Object(with)) = (&mut all, with) {
        all.extend(with);
    }
    Ok(all)
}

impl Seat {
    /// The reply to a request.
    async fn answer(&mut self, request: Value) -> Result<Value, Failure> {
        let op = request.get("op").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(id) = request.get("id").and_then(Value::as_u64) else {
            return Err(Failure::usage(format!("stdin: a request has an `id`: {request}")));
        };
        let answer = match op.as_str() {
            "hello" => Ok(hello()),
            "connect" => self.connect(request),
            "login" => Ok(self.act(Action::Login).await),
            "close" => Ok(self.act(Action::Logout).await),
            "send_text" => match serde_json::from_value(request) {
                Ok(SendText { name, room, text }) => {
                    self.names.push(name);
                    let ticket = u64::try_from(self.names.len()).unwrap_or(u64::MAX);
                    Ok(self.act(Action::Send { ticket, room, text }).await)
                }
                Err(e) => Err(e.to_string()),
            },
            "read" => match serde_json::from_value(request) {
                Ok(Read { room, watermark }) => Ok(self.act(Action::MarkRead { room, log_id: watermark }).await),
                Err(e) => Err(e.to_string()),
            },
            "leave" => match serde_json::from_value(request) {
                Ok(Leave { room }) => Ok(self.act(Action::Leave { room }).await),
                Err(e) => Err(e.to_string()),
            },
            _ => Ok(Answer::Unknown),
        };
        let mut reply = json!({"id": id});
        if let Value::Object(reply) = &mut reply {
            match answer {
                Ok(Answer::Done(with)) => {
                    reply.insert("ok".into(), true.into());
                    reply.extend(with);
                }
                Ok(Answer::Refused(why)) | Err(why) => drop(reply.insert("error".into(), why.into())),
                Ok(Answer::Unknown) => {
                    reply.insert("unimplemented".into(), format!("there is no operation {op:?}").into());
                }
            }
        }
        Ok(reply)
    }

    async fn act(&self, action: Action) -> Answer {
        let Some(actions) = &self.actions else { return Answer::Refused("connect comes first".into()) };
        match actions.send(action).await {
            Ok(()) => Answer::Done(Map::new()),
            Err(_) => Answer::Refused("the client has ended".into()),
        }
    }

    /// Makes the client. It connects when it is told to log in.
    fn connect(&mut self, request: Value) -> Result<Answer, String> {
        if self.actions.is_some() {
            return Err("it is connected already: one client in one process".into());
        }
        let c: Connect = serde_json::from_value(request).map_err(|e| e.to_string())?;
        let era = Era::parse(&c.era).ok_or_else(|| format!("no era {:?}", c.era))?;
        let (host, port) = c.addr.rsplit_once(':').ok_or_else(|| format!("{:?} is no host:port", c.addr))?;
        let port = port.parse().map_err(|_| format!("{:?} is no host:port", c.addr))?;
        let text = |e: Failure| e.1;
        let tls = tls::connector(&files::read(&c.ca).map_err(text)?).map_err(|e| e.to_string())?;
        let (key, ours) = (files::public_key(&c.rsa_pub).map_err(text)?, KeyRing::test().public_ring());
        let ring = if era.is_modern() { PublicRing::new(key, ours.old) } else { PublicRing::new(ours.modern, key) };
        let keys = Arc::new(ring.map_err(|e| e.to_string())?);
        let mut config = ClientConfig::new(era, c.user.id, c.user.token, Endpoint::new(host, port), keys);
        config.device_id = c.user.duuid;
        config.quirks = self.quirks;
        let client = Client::new(config, system_entropy().map_err(|e| e.to_string())?);
        let setup = Setup { clock: Clock::system().scaled(c.time_scale), tls: Some(tls) };
        let (actions, todo) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(connect(Tcp, client, setup, todo, self.tell.clone()));
        self.actions = Some(actions);
        Ok(Answer::Done(Map::new()))
    }
}

fn hello() -> Answer {
    let has = json!({
        "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"),
        "operations": OPERATIONS, "events": EventKind::ALL,
    });
    Answer::Done(if let Value::Object(has) = has { has } else { Map::new() })
}
