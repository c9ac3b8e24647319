//! One connection: its secure layer, its deframer and its request map. What the packets mean is not known here.

use super::event::ConnId;
use super::pending::Pending;
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::error::{ApiMisuse, Malformed};
use crate::proto::limits::Limits;
use crate::proto::secure::{Era, Opener, PublicRing, Sealer, SessionKey, wrap};
use crate::proto::time::Time;
use crate::proto::wire::{Deframer, Method, Writer, begin_packet, end_packet};

/// What a request was sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    GetConf,
    Route,
    Login,
    Rooms,
    Ping,
    Sync { room: i64, cur: i64 },
    Write { room: i64, msg_id: i64 },
    MarkRead { room: i64, watermark: i64 },
    Open { room: i64 },
    Leave { room: i64 },
    SetStatus,
    Again { room: i64, log_id: i64 },
    Raw { ticket: u64, about: About },
}

/// What a request of our own user speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    /// The room, 0 where there is none.
    pub(super) room: i64,
    /// The open link, 0 where there is none.
    pub(super) link: i64,
    /// UPDATECHAT: whether messages shall alert.
    pub(super) alert: Option<bool>,
}

impl Asked {
    /// Whether there is no session without a good reply.
    pub(super) const fn carries_the_session(self) -> bool {
        matches!(self, Self::GetConf | Self::Route | Self::Login | Self::Rooms | Self::Sync { .. })
    }
}

/// The body of a request.
pub(super) enum Content<'a> {
    /// Written field by field.
    Fields(&'a dyn Fn(&mut Writer<'_>)),
    /// Ready, or no body at all.
    Bytes(&'a [u8]),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) conn: ConnId,
    pub(super) door: Door,
    /// Whether it stands.
    pub(super) up: bool,
    /// Until when it must stand.
    pub(super) connect_by: Time,
    pub(super) deframer: Deframer,
    pub(super) opener: Option<Opener>,
    pub(super) pending: Pending<Asked>,
    sealer: Option<Sealer>,
    limits: Limits,
}

impl Link {
    pub(super) const fn new(conn: ConnId, door: Door, connect_by: Time, limits: Limits) -> Self {
        Self {
            conn,
            door,
            up: false,
            connect_by,
            deframer: Deframer::new(limits),
            opener: None,
            pending: Pending::new(),
            sealer: None,
            limits,
        }
    }

    /// Makes a session key and appends the handshake to `out`. From here on everything is sealed.
    pub(super) fn secure(
        &mut self,
        era: Era,
        keys: &PublicRing,
        entropy: &mut Entropy,
        out: &mut Vec<u8>,
    ) -> Result<(), ApiMisuse> {
        let key = SessionKey::generate(entropy);
        wrap(era, &key, keys, entropy)?.encode(out);
        let sealer = Sealer::new(era, &key, entropy.fork());
        self.opener = Some(Opener::beside(&sealer, &key, self.limits));
        self.sealer = Some(sealer);
        Ok(())
    }

    /// Notes a request and appends its bytes, sealed where the door is a secure one, to `out`.
    pub(super) fn request(
        &mut self,
        method: Method,
        asked: Asked,
        deadline: Time,
        content: &Content<'_>,
        out: &mut Vec<u8>,
    ) {
        let id = self.pending.open(method, asked, deadline);
        let mut plain = Vec::new();
        let start = begin_packet(&mut plain, id, method);
        match content {
            Content::Fields(write) => {
                let mut w = Writer::begin(&mut plain);
                write(&mut w);
                w.end();
            }
            Content::Bytes(bytes) => plain.extend_from_slice(bytes),
        }
        end_packet(&mut plain, start);
        self.seal(&mut plain, out);
    }

    /// Appends a plain packet, sealed where the door is a secure one, to `out`.
    pub(super) fn seal(&mut self, plain: &mut Vec<u8>, out: &mut Vec<u8>) {
        match &mut self.sealer {
            Some(sealer) => sealer.seal(plain, out),
            None => out.append(plain),
        }
    }

    /// Takes out what is here of a frame or packet that is not complete: for a planted bug.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        let frame = self.opener.as_mut().map(Opener::take_rest).unwrap_or_default();
        if frame.is_empty() { self.deframer.take_rest() } else { frame }
    }

    /// Takes bytes of the server into `deframer`, which is its own, lent out by the caller.
    pub(super) fn receive(&mut self, bytes: &[u8], deframer: &mut Deframer) -> Result<(), Malformed> {
        match &mut self.opener {
            Some(opener) => opener.push(bytes, deframer.buffer_mut()),
            None => deframer.push(bytes),
        }
    }
}
