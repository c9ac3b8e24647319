//! One connection of the server: what has arrived, what waits to go out, and in which state it is.

use super::table::{Event, Move, State, next};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::limits::Limits;
use crate::proto::quirk::Quirks;
use crate::proto::secure::{Era, Handshake, Opener, Sealer, SessionKey};
use crate::proto::time::Time;
use crate::proto::wire::Deframer;

/// Which of its devices a user comes with: at most one live session for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Device {
    /// The phone.
    Main,
    /// The PC or tablet.
    Sub,
}

/// What new bytes were good for.
#[derive(Debug)]
pub enum Received {
    /// Look into the deframer.
    Packets,
    /// A handshake: have its key unwrapped.
    Wrapped(Handshake),
}

/// The protocol state of one connection.
#[derive(Debug)]
pub struct Session {
    /// What it waits for.
    pub state: State,
    /// The door that it came through.
    pub door: Door,
    /// Known from the handshake on; 2012 at the entry.
    pub era: Option<Era>,
    /// The user and device, once logged on.
    pub user: Option<(i64, Device)>,
    /// When it logged on.
    pub since: Time,
    /// When it is closed unless something comes.
    pub deadline: Time,
    /// Sealed bytes that the driver has not taken yet.
    pub out: Vec<u8>,
    /// Bytes that the driver has taken and the peer has not.
    pub in_flight: usize,
    /// Plain bytes that are no packet yet.
    pub deframer: Deframer,
    early: Vec<u8>,
    opener: Option<Opener>,
    sealer: Option<Sealer>,
}

impl Session {
    /// A new connection through `door`, to be closed at `deadline`.
    #[must_use]
    pub fn new(door: Door, limits: Limits, deadline: Time) -> Self {
        let state = if door == Door::Booking { State::Plain } else { State::AwaitsFirstBytes };
        Self {
            state,
            door,
            era: None,
            user: None,
            since: Time::default(),
            deadline,
            out: Vec::new(),
            in_flight: 0,
            deframer: Deframer::new(limits),
            early: Vec::new(),
            opener: None,
            sealer: None,
        }
    }

    /// Takes bytes of the peer.
    ///
    /// # Errors
    /// Bytes that cannot be; the connection must be closed.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Received, Malformed> {
        match self.state {
            State::AwaitsFirstBytes => {
                self.hold(bytes)?;
                return self.first_bytes();
            }
            State::AwaitsKey => self.hold(bytes)?,
            State::Plain => self.deframer.push(bytes)?,
            State::AwaitsLogin | State::LoggedOn | State::Media => {
                if let Some(opener) = &mut self.opener {
                    opener.push(bytes, self.deframer.buffer_mut())?;
                }
                if self.deframer.pending() > self.deframer.pending_max() {
                    return Err(MalformedKind::PendingTooLong.at(0));
                }
            }
            State::Closing => (),
        }
        Ok(Received::Packets)
    }

    /// The driver has unwrapped the session key: what came behind the handshake can be read.
    ///
    /// # Errors
    /// As [`Session::receive`].
    //= HS-SILENT-1
    pub fn key(&mut self, key: &SessionKey, entropy: Entropy, limits: Limits) -> Result<(), Malformed> {
        let (Some(era), Move::To(state)) = (self.era, next(self.state, Event::Key)) else { return Ok(()) };
        let sealer = Sealer::new(era, key, entropy);
        self.opener = Some(Opener::beside(&sealer, key, limits));
        self.sealer = Some(sealer);
        self.state = state;
        let early = core::mem::take(&mut self.early);
        self.receive(&early).map(|_| ())
    }

    /// Queues one plain packet, sealed if this connection seals; `quirks` may spoil the sealing.
    pub fn transmit(&mut self, packet: &[u8], quirks: Quirks) {
        match &mut self.sealer {
            Some(sealer) => {
                sealer.spoil(quirks);
                sealer.seal(packet, &mut self.out);
            }
            None => self.out.extend_from_slice(packet),
        }
    }

    //= HS-SEGMENT-1
    fn hold(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if self.early.len() + bytes.len() > self.deframer.pending_max() {
            return Err(MalformedKind::PendingTooLong.at(self.early.len()));
        }
        self.early.extend_from_slice(bytes);
        Ok(())
    }

    //= HS-FIRSTBYTES-1
    fn first_bytes(&mut self) -> Result<Received, Malformed> {
        match Handshake::looks_like(&self.early) {
            None => Ok(Received::Packets),
            Some(false) => {
                self.door = Door::Entry;
                self.era = Some(Era::E2012);
                self.state = State::Plain;
                let early = core::mem::take(&mut self.early);
                self.receive(&early)
            }
            Some(true) => match Handshake::decode(&self.early)? {
                None => Ok(Received::Packets),
                Some((handshake, used)) => {
                    self.early.drain(..used);
                    self.era = Some(handshake.era);
                    self.state = State::AwaitsKey;
                    if self.door == Door::Entry {
                        self.door = Door::Carriage;
                    }
                    Ok(Received::Wrapped(handshake))
                }
            },
        }
    }
}
