//! One upload or download, on a connection of its own: the handshake, POST or DOWN, the bytes, and the end. It needs no
//! login; what it shows is the key of SHIP or of a message.
//!
//! The machine holds no file: it asks the driver for the bytes that come next ([`MediaOutput::Read`]) and hands over
//! those that have come ([`MediaOutput::Write`]). One machine lives as long as one connection. When that breaks, a new one goes on where
//! it was: for an upload the server says where that is, for a download [`Download::offset`] does.

use std::collections::VecDeque;

pub use super::media_request::{Download, Job, MediaConfig, Upload};
use super::media_request::{REQUEST_ID, command, request};
use crate::proto::command::field::Body;
use crate::proto::command::{CommandId, complete, down, mini, mpost, post, status};
use crate::proto::entropy::Entropy;
use crate::proto::error::{ApiMisuse, Malformed};
use crate::proto::secure::{Opener, Sealer, SessionKey, wrap};
use crate::proto::time::Time;
use crate::proto::wire::{Deframer, Packet};

/// Bytes that are asked of the driver at once.
pub const CHUNK_LEN: usize = 64 << 10;

/// What happened.
#[derive(Debug)]
pub enum MediaInput<'a> {
    /// The connection stands.
    Connected,
    /// Bytes of the server came.
    Bytes(&'a [u8]),
    /// What [`MediaOutput::Read`] asked for; fewer bytes than that, but some, are good too.
    Data(&'a [u8]),
    /// The connection is gone, or did not come to be.
    Closed,
    /// The deadline has come.
    Tick,
}

/// What the driver has to do, in this order.
#[derive(Debug, PartialEq, Eq)]
pub enum MediaOutput {
    /// Send these bytes, and go on when the network has taken them.
    Transmit(Vec<u8>),
    /// Come back with [`MediaInput::Data`]: bytes of the file from here on.
    Read {
        /// From which byte on.
        at: i64,
        /// How many, at most.
        len: usize,
    },
    /// Append these bytes to the file.
    Write(Vec<u8>),
    /// Something to tell.
    Event(MediaEvent),
}

/// What has come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// The server agrees; bytes go from `done` on.
    Begun {
        /// Bytes that were there before.
        done: i64,
        /// Of how many.
        size: i64,
    },
    /// So many bytes are through.
    Progress {
        /// Bytes.
        done: i64,
        /// Of how many.
        size: i64,
    },
    /// The end of an upload, and of the connection.
    Uploaded {
        /// The message that was written, 0 for an album's file.
        log_id: i64,
        /// What hangs on it.
        attachment: String,
    },
    /// The end of a download, and of the connection.
    Downloaded {
        /// The size of the file.
        size: i64,
    },
    /// It did not work; the connection is of no more use.
    Failed(MediaFailure),
}

/// Why it did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaFailure {
    /// The server says no, with this status.
    Refused(i32),
    /// The server's bytes are wrong.
    Malformed(Malformed),
    /// The server sends more than it announced, or an offset outside of the file.
    OutOfRange,
    /// The file is shorter than it was said to be.
    FileTooShort,
    /// The connection broke: a new one can go on.
    Closed,
    /// The server was silent for too long: a new connection can go on.
    TimedOut,
    /// The caller asked for what cannot be.
    Misuse(ApiMisuse),
}

impl MediaFailure {
    /// Whether a new connection may do better.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Closed | Self::TimedOut)
    }
}

impl core::fmt::Display for MediaFailure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Refused(status) => write!(f, "the media server refuses with status {status}"),
            Self::Malformed(e) => write!(f, "the media server: {e}"),
            Self::OutOfRange => f.write_str("the media server counts bytes that the file does not have"),
            Self::FileTooShort => f.write_str("the file is shorter than it was"),
            Self::Closed => f.write_str("the connection broke"),
            Self::TimedOut => f.write_str("the media server is silent"),
            Self::Misuse(e) => e.fmt(f),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AwaitsConnection,
    AwaitsReply,
    Sends,
    AwaitsComplete,
    Receives,
    Done,
}

/// The machine of one connection.
#[derive(Debug)]
pub struct MediaClient {
    config: MediaConfig,
    job: Job,
    state: State,
    entropy: Entropy,
    secure: Option<(Sealer, Opener)>,
    deframer: Deframer,
    /// Bytes that are through, and the size.
    done: i64,
    size: i64,
    deadline: Time,
    outputs: VecDeque<MediaOutput>,
}

impl MediaClient {
    /// A machine that waits for [`MediaInput::Connected`]. `entropy` must be its own.
    #[must_use]
    pub fn new(config: MediaConfig, job: Job, entropy: Entropy, now: Time) -> Self {
        let (deframer, deadline) = (Deframer::new(config.limits), now + config.patience);
        let (state, outputs) = (State::AwaitsConnection, VecDeque::new());
        Self { config, job, state, entropy, secure: None, deframer, done: 0, size: 0, deadline, outputs }
    }

    /// Takes what has happened.
    pub fn handle(&mut self, input: MediaInput<'_>, now: Time) {
        if self.state == State::Done {
            return;
        }
        if !matches!(input, MediaInput::Tick | MediaInput::Closed) {
            self.deadline = now + self.config.patience;
        }
        let step = match input {
            MediaInput::Connected => self.connected(),
            MediaInput::Bytes(bytes) => self.receive(bytes),
            MediaInput::Data(bytes) => self.data(bytes),
            MediaInput::Closed => Err(MediaFailure::Closed),
            MediaInput::Tick if self.deadline <= now => Err(MediaFailure::TimedOut),
            MediaInput::Tick => Ok(()),
        };
        if let (Err(why), false) = (step, self.state == State::Done) {
            self.end(MediaEvent::Failed(why));
        }
    }

    /// The next thing that the driver has to do.
    pub fn poll_output(&mut self) -> Option<MediaOutput> {
        self.outputs.pop_front()
    }

    /// When to come back with [`MediaInput::Tick`]; `None` when all is done.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        (self.state != State::Done).then_some(self.deadline)
    }

    fn end(&mut self, event: MediaEvent) {
        self.state = State::Done;
        self.outputs.push_back(MediaOutput::Event(event));
    }

    fn connected(&mut self) -> Result<(), MediaFailure> {
        if self.state != State::AwaitsConnection {
            return Ok(());
        }
        let (c, mut out) = (&self.config, Vec::new());
        let key = SessionKey::generate(&mut self.entropy);
        wrap(c.era, &key, &c.keys, &mut self.entropy).map_err(MediaFailure::Misuse)?.encode(&mut out);
        let mut sealer = Sealer::new(c.era, &key, self.entropy.fork());
        sealer.seal(&request(c, &self.job), &mut out);
        self.secure = Some((sealer, Opener::new(c.era, &key, c.limits)));
        self.state = State::AwaitsReply;
        self.outputs.push_back(MediaOutput::Transmit(out));
        Ok(())
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<(), MediaFailure> {
        let Some((_, opener)) = &mut self.secure else { return Ok(()) };
        let opened = opener.push(bytes, self.deframer.buffer_mut());
        let mut deframer = core::mem::replace(&mut self.deframer, Deframer::new(self.config.limits));
        while !matches!(self.state, State::Receives | State::Done) {
            match deframer.next_packet().map_err(MediaFailure::Malformed)? {
                Some(packet) => self.packet(&packet)?,
                None => break,
            }
        }
        if self.state == State::Receives {
            self.arrived(deframer.take_rest())?;
        }
        self.deframer = deframer;
        opened.map_err(MediaFailure::Malformed)
    }

    fn packet(&mut self, packet: &Packet<'_>) -> Result<(), MediaFailure> {
        let method = packet.header.method;
        if method == CommandId::Complete.method() {
            let push: complete::Push<'_> = self.read(packet)?;
            if push.status != status::OK {
                return Err(MediaFailure::Refused(push.status));
            }
            let log = push.chat_log.as_ref();
            let attachment = log.and_then(|l| l.attachment.0).unwrap_or_default().to_owned();
            self.end(MediaEvent::Uploaded { log_id: log.map_or(0, |l| l.log_id), attachment });
            return Ok(());
        }
        if self.state != State::AwaitsReply || packet.header.id != REQUEST_ID || method != command(&self.job).method() {
            return Ok(());
        }
        self.refused(packet)?;
        let job = self.job.clone();
        match &job {
            Job::Upload(up) => {
                let offset = if up.album {
                    self.read::<mpost::Reply>(packet)?.offset
                } else {
                    self.read::<post::Reply>(packet)?.offset
                };
                self.begin(offset.get(), up.size)?;
                self.ask_data();
            }
            Job::Download(d) => {
                let follow = if d.thumbnail.is_some() {
                    self.read::<mini::Reply>(packet)?.size.get()
                } else {
                    self.read::<down::Reply>(packet)?.size.get()
                };
                self.begin(d.offset, d.offset.saturating_add(follow))?;
                self.state = State::Receives;
            }
        }
        Ok(())
    }

    /// A refusal has a status and nothing else, so it is looked at before the rest is wanted.
    fn refused(&self, packet: &Packet<'_>) -> Result<(), MediaFailure> {
        let body = packet.document(&self.config.limits).map_err(MediaFailure::Malformed)?;
        match body.integer("status").map(i32::try_from) {
            Some(Ok(status)) if status != status::OK => Err(MediaFailure::Refused(status)),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, done: i64, size: i64) -> Result<(), MediaFailure> {
        if !(0..=size).contains(&done) {
            return Err(MediaFailure::OutOfRange);
        }
        (self.done, self.size) = (done, size);
        self.outputs.push_back(MediaOutput::Event(MediaEvent::Begun { done, size }));
        Ok(())
    }

    //= MEDIA-CLIENT-1
    fn ask_data(&mut self) {
        let left = usize::try_from(self.size - self.done).unwrap_or(usize::MAX);
        self.state = if left == 0 { State::AwaitsComplete } else { State::Sends };
        if left > 0 {
            self.outputs.push_back(MediaOutput::Read { at: self.done, len: left.min(CHUNK_LEN) });
        }
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), MediaFailure> {
        let (State::Sends, Some((sealer, _))) = (self.state, &mut self.secure) else { return Ok(()) };
        if bytes.is_empty() {
            return Err(MediaFailure::FileTooShort);
        }
        let left = usize::try_from(self.size - self.done).unwrap_or(usize::MAX);
        let bytes = bytes.get(..left.min(CHUNK_LEN)).unwrap_or(bytes);
        let mut out = Vec::new();
        sealer.seal(bytes, &mut out);
        self.outputs.push_back(MediaOutput::Transmit(out));
        self.progress(bytes.len());
        self.ask_data();
        Ok(())
    }

    //= MEDIA-CLIENT-2
    fn arrived(&mut self, bytes: Vec<u8>) -> Result<(), MediaFailure> {
        if bytes.len() as i64 > self.size - self.done {
            return Err(MediaFailure::OutOfRange);
        }
        if !bytes.is_empty() {
            let len = bytes.len();
            self.outputs.push_back(MediaOutput::Write(bytes));
            self.progress(len);
        }
        if self.done == self.size {
            self.end(MediaEvent::Downloaded { size: self.size });
        }
        Ok(())
    }

    fn progress(&mut self, more: usize) {
        self.done += more as i64;
        let event = MediaEvent::Progress { done: self.done, size: self.size };
        self.outputs.push_back(MediaOutput::Event(event));
    }

    fn read<'a, T: Body<'a>>(&self, packet: &Packet<'a>) -> Result<T, MediaFailure> {
        let body = packet.document(&self.config.limits).map_err(MediaFailure::Malformed)?;
        T::decode(body, &mut 0).map_err(MediaFailure::Malformed)
    }
}
