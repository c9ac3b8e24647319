//! The conversation: lines in, events out, one thing at a time.

use std::future::Future;

use tokio::time::timeout;

use super::media::Carrier;
use super::screen::{Line, Screen};
use super::words::{self, Word};
use super::{WITHIN, What, screen, show};
use crate::cli::{Exit, Failure, Outcome};
use crate::net::handle::{CallError, Events, Handle};
use crate::proto::client::{Action, Client, Event};

/// Somebody who talks.
pub(super) struct Talk {
    pub(super) handle: Handle,
    events: Events,
    screen: Screen,
    /// Where texts go.
    pub(super) room: i64,
    /// The room whose events are shown; all of them are when there is none.
    only: Option<i64>,
    ticket: u64,
    /// Texts that are on their way.
    waiting: usize,
    /// The first login has been heard of.
    came: bool,
    /// Something did not work.
    failed: bool,
}

impl Talk {
    pub(super) const fn new(handle: Handle, events: Events) -> Self {
        let screen = Screen::plain();
        Self { handle, events, screen, room: 0, only: None, ticket: 0, waiting: 0, came: false, failed: false }
    }

    pub(super) fn data(&mut self, line: String) {
        self.screen.line(&Line::Data(line));
    }

    pub(super) fn talk(&mut self, line: &str) {
        self.screen.line(&Line::Talk(line.to_owned()));
    }

    /// One thing, within its time.
    pub(super) async fn within<T>(&self, what: &str, thing: impl Future<Output = T>) -> Result<T, Failure> {
        let late = |_| Failure::incomplete(format!("{what}: no answer within {WITHIN:?}"));
        timeout(WITHIN, thing).await.map_err(late)
    }

    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Client) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        self.handle.look(look).await.map_err(Failure::incomplete)
    }

    pub(super) async fn act(&self, action: Action) -> Result<(), Failure> {
        self.handle.act(action).await.map_err(Failure::incomplete)
    }

    /// Does what it was started for.
    pub(super) async fn run(mut self, what: Option<What>, carrier: &Carrier) -> Outcome {
        let me = self.login().await?;
        match what {
            Some(What::Login) => self.data(format!("logged in as {me}")),
            Some(What::Rooms) => self.rooms().await?,
            Some(What::Send { room, text }) => {
                let sent = self.within("send", self.handle.send(room, text)).await?;
                let log_id = sent.map_err(|e| Failure::found(format!("not sent: {e}")))?;
                self.data(log_id.to_string());
            }
            Some(What::Read { room }) => self.read(room).await?,
            Some(What::Upload { room, file }) => {
                let done = carrier.upload(&self, me, room, &file).await?;
                self.data(done);
            }
            Some(What::Download(args)) => {
                let done = carrier.download(&self, me, &args).await?;
                self.data(done);
            }
            Some(What::Tail { room }) => {
                (self.only, self.room) = (room, room.unwrap_or_default());
                return self.tail(me).await;
            }
            Some(What::Do { lines }) => {
                self.begin().await?;
                for line in lines {
                    if self.line(&line).await? {
                        break;
                    }
                }
                return self.settle().await;
            }
            None => return self.converse(me).await,
        }
        Ok(Exit::Ok)
    }

    async fn login(&mut self) -> Result<i64, Failure> {
        let login = timeout(WITHIN, self.handle.login()).await;
        // Only now, so that whoever cannot get in reads why.
        if !matches!(login, Ok(Ok(_))) {
            while let Some(event) = self.events.try_recv() {
                if let Event::Disconnected { door, why } = event {
                    self.talk(&format!("{}: {why}", door.as_str()));
                }
            }
        }
        match login {
            Ok(Ok(me)) => Ok(me),
            Ok(Err(e @ CallError::LoginRefused(_))) => Err(Failure::found(e)),
            Ok(Err(e)) => Err(Failure::incomplete(e)),
            Err(_) => Err(Failure::incomplete(format!("login: no answer within {WITHIN:?}"))),
        }
    }

    async fn read(&mut self, room: i64) -> Result<(), Failure> {
        let last = self.look(move |c| c.view().room(room).map(|r| r.last_log_id())).await?;
        let watermark = last.ok_or_else(|| Failure::found(format!("no room {room}")))?;
        let body = crate::proto::command::notiread::Request { chat_id: room, watermark, ..Default::default() };
        let reply = self.within("read", self.handle.call(&body)).await?.map_err(Failure::incomplete)?;
        if reply.status() == 0 { Ok(()) } else { Err(Failure::found(format!("read: status {}", reply.status()))) }
    }

    async fn tail(&mut self, me: i64) -> Outcome {
        self.talk(&format!("logged in as {me}; Ctrl-C ends"));
        let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            tokio::select! {
                biased;
                _ = &mut stop => return Ok(Exit::Ok),
                event = self.events.recv() => match event {
                    None => return Ok(Exit::Incomplete),
                    Some(event) => self.hear(event).await?,
                },
            }
        }
    }

    /// Enters the first room. What the login itself told is known.
    async fn begin(&mut self) -> Result<(), Failure> {
        let first = self.look(|c| c.view().rooms().next().map(|r| r.id())).await?;
        if let Some(room) = first {
            self.enter(room).await?;
        }
        Ok(())
    }

    async fn converse(mut self, me: i64) -> Outcome {
        let mut lines = screen::lines();
        self.screen = Screen::beside_stdin();
        self.talk(&format!("logged in as {me}; /help says what there is"));
        self.rooms().await?;
        self.begin().await?;
        loop {
            tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    None => return Ok(Exit::Incomplete),
                    Some(event) => self.hear(event).await?,
                },
                line = lines.recv() => {
                    let Some(line) = line else { break };
                    if self.line(&line).await? {
                        break;
                    }
                }
            }
        }
        self.settle().await
    }

    /// Does what a line says; `true` for the last one.
    async fn line(&mut self, line: &str) -> Result<bool, Failure> {
        match words::read(line) {
            Ok(Word::Nothing) => (),
            Ok(Word::Quit) => return Ok(true),
            Ok(Word::Help) => words::help().iter().for_each(|line| self.talk(line)),
            Ok(Word::Text(text)) => {
                self.ticket += 1;
                self.waiting += 1;
                self.act(Action::Send { ticket: self.ticket, room: self.room, text }).await?;
            }
            Ok(word) => {
                // A command speaks of what the lines before it have made.
                self.sent().await?;
                if let Err(Failure(exit, why)) = self.perform(word).await {
                    self.failed = true;
                    self.talk(&why);
                    if exit == Exit::Incomplete {
                        return Err(Failure(exit, why));
                    }
                }
                self.catch_up().await?;
            }
            Err(why) => {
                self.failed = true;
                self.talk(&why);
            }
        }
        Ok(false)
    }

    /// Shows what has happened so far.
    async fn catch_up(&mut self) -> Result<(), Failure> {
        while let Some(event) = self.events.try_recv() {
            self.hear(event).await?;
        }
        Ok(())
    }

    /// Shows an event.
    async fn hear(&mut self, event: Event) -> Result<(), Failure> {
        match &event {
            Event::Sent { .. } => self.waiting = self.waiting.saturating_sub(1),
            Event::SendFailed { .. } => {
                self.waiting = self.waiting.saturating_sub(1);
                self.failed = true;
            }
            Event::ActionFailed { .. } | Event::Kicked { .. } => self.failed = true,
            Event::LoginRefused { status } => {
                return Err(Failure::found(format!("the login was refused with status {status}")));
            }
            Event::LoggedIn { .. } if !std::mem::replace(&mut self.came, true) => return Ok(()),
            _ => (),
        }
        let unwanted = show::room_of(&event).is_some_and(|room| self.only.is_some_and(|only| only != room));
        if unwanted {
            return Ok(());
        }
        if let Some(line) = self.look(move |c| show::event(c, &event)).await? {
            self.screen.line(&line);
        }
        Ok(())
    }

    /// Waits until the texts are sent. While there is no connection nothing is: whoever types is not held up.
    async fn sent(&mut self) -> Result<(), Failure> {
        let all = async {
            while self.waiting > 0 {
                match self.events.recv().await {
                    Some(event) => self.hear(event).await?,
                    None => return Err(Failure::incomplete("the client has ended")),
                }
            }
            Ok(())
        };
        timeout(WITHIN, all).await.unwrap_or_else(|_| Err(Failure::incomplete("the messages are not sent yet")))
    }

    /// Waits for what is on its way, and says how it all went.
    async fn settle(mut self) -> Outcome {
        self.sent().await?;
        // A mark or a call before this one has its answer when this one has.
        let _ = self.within("ping", self.handle.call(&crate::proto::command::ping::Request {})).await?;
        self.catch_up().await?;
        Ok(if self.failed && !screen::is_terminal() { Exit::Found } else { Exit::Ok })
    }
}
