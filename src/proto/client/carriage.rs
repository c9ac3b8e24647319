//! The session: login, the list of rooms, the heartbeat, and what each reply means. What comes unasked is in
//! [`super::push`], messages in [`super::sync`].

use super::event::{Event, Failure, Why};
use super::link::{Asked, Content};
use super::pending::Open;
use super::rooms::Room;
use super::state::{Happening, State};
use super::{Client, Quirk};
use crate::proto::command::types::{RoomInfo2012, RoomItem};
use crate::proto::command::{
    Body, CommandId, Nullable, chatonroom, lchatlist, leave, login, loginlist, nchatlist, status,
};
use crate::proto::error::Malformed;
use crate::proto::secure::Era;
use crate::proto::time::Time;
use crate::proto::wire::Packet;

/// The login is refused for good: a retry would be refused again (loco-modern §3.4, §5).
const FINAL: [i32; 3] = [status::BAD_TOKEN, -997, status::UPDATE_REQUIRED];
/// LOGINLIST: what came is good, but there is no more of it, and its tokens are not (loco-modern §3.4).
const PARTIAL_LOGIN: i32 = -305;
/// The same of LCHATLIST.
const PARTIAL_PAGE: i32 = -310;
/// Pages of rooms before we take the server for broken.
const PAGES_MAX: u32 = 1000;

/// What the server has told us of our account; it comes back with the next login.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) user_id: i64,
    revision: i32,
    /// The revision of the block list that has come, by BLSYNC.
    pub(super) lbk: i32,
    pub(super) ltk: i64,
    last_token_id: i64,
    /// Token and room that the last page ended with.
    cursor: (i64, i64),
    pages: u32,
}

impl Account {
    pub(super) const fn new(user_id: i64) -> Self {
        Self { user_id, revision: 0, lbk: 0, ltk: 0, last_token_id: 0, cursor: (0, 0), pages: 0 }
    }

    /// Revision, block-list token and token of the list: what the next login says.
    pub(super) const fn cursors(&self) -> (i32, i32, i64) {
        (self.revision, self.lbk, self.last_token_id)
    }

    /// What an earlier life has been told.
    pub(super) const fn resume(&mut self, revision: i32, lbk: i32, last_token_id: i64) {
        (self.revision, self.lbk, self.last_token_id) = (revision, lbk, last_token_id);
    }
}

/// What LOGINLIST and LCHATLIST have in common.
struct Page<'a> {
    rooms: Vec<RoomItem<'a>>,
    gone: Vec<i64>,
    last_chat_id: i64,
    last_token_id: i64,
    whole: bool,
    eof: bool,
}

impl Client {
    /// Handshake and login in one write (loco-2012 §4: BP2, HX; loco-modern §2.1).
    pub(super) fn ask_login(&mut self, out: Vec<u8>, now: Time) {
        self.state = State::AwaitsLogin;
        let config = self.config.clone();
        self.forget_seen();
        //= CLIENT-ENTRY-1
        if config.era == Era::E2012 {
            let body = login::Request {
                opt: Some(""),
                prt_ver: Some("1.0"),
                app_ver: &config.app_version,
                os: &config.os,
                lang: Some("ko"),
                s_key: &config.token,
                duuid: &config.device_id,
                ntype: Some(3),
                mccmnc: Nullable(None),
            };
            let content = Content::Fields(&|w| body.encode(w));
            return self.ask_with(CommandId::Login.method(), Asked::Login, &content, out, now);
        }
        let (rooms, seen) = self.rooms.known();
        let body = loginlist::Request {
            app_ver: &config.app_version,
            prt_ver: Some("1"),
            os: &config.os,
            lang: Some("ko"),
            duuid: &config.device_id,
            ntype: Some(0),
            mccmnc: Some("999"),
            revision: Some(self.account.revision),
            chat_ids: Some(rooms),
            max_ids: Some(seen),
            last_token_id: Some(self.account.last_token_id),
            last_chat_id: None,
            lbk: Some(self.account.lbk),
            rp: Some(&[0, 0, 0xff, 0xff, 0, 0]),
            bg: Some(false),
            oauth_token: &config.token,
            dtype: Some(config.device_type),
            pcst: None,
            ..Default::default()
        };
        let content = Content::Fields(&|w| body.encode(w));
        self.ask_with(CommandId::LoginList.method(), Asked::Login, &content, out, now);
    }

    /// Acts on a reply. An error leaves nothing changed.
    pub(super) fn replied(&mut self, open: &Open<Asked>, packet: &Packet<'_>, now: Time) -> Result<(), Malformed> {
        if open.what == Asked::Ping {
            // Whatever it says, it is alive; `{}` is an answer too (loco-modern §4.1).
            self.retries.reset();
            return Ok(());
        }
        let doc = packet.document(&self.config.limits)?;
        let in_body = doc.integer("status").map(|n| i32::try_from(n).unwrap_or(i32::MIN));
        let status = in_body.unwrap_or(i32::from(packet.header.status));
        match open.what {
            Asked::Raw { ticket, about } => {
                self.tell(Event::Reply { ticket, status, body: packet.body.to_vec() });
                if status == status::OK {
                    self.learn_reply(about, packet);
                }
                Ok(())
            }
            Asked::Again { room, log_id } => self.refreshed(room, log_id, status, packet),
            Asked::Ping => Ok(()),
            Asked::GetConf | Asked::Route | Asked::Login | Asked::Rooms => {
                self.replied_to_entrance(open, status, packet, now)
            }
            Asked::Sync { room, cur } => self.replied_to_sync(room, cur, status, packet, now),
            Asked::Write { room, msg_id } => self.replied_to_write(room, msg_id, status, packet),
            Asked::MarkRead { room, .. } | Asked::Open { room } | Asked::Leave { room } if status != status::OK => {
                self.refused(open, room, status);
                Ok(())
            }
            Asked::SetStatus if status != status::OK => {
                self.refused(open, 0, status);
                Ok(())
            }
            Asked::SetStatus => {
                self.tell(Event::StatusSet);
                Ok(())
            }
            Asked::MarkRead { room, watermark } => {
                self.marked(room, self.account.user_id, watermark);
                Ok(())
            }
            Asked::Open { room } => self.opened(room, packet),
            //= CLIENT-LEAVE-1
            Asked::Leave { room } => self.read::<leave::Reply>(packet).map(|_| self.leave(room)),
        }
    }

    fn refused(&mut self, open: &Open<Asked>, room: i64, status: i32) {
        self.tell(Event::ActionFailed { method: open.method, room, why: Failure::Status(status) });
    }

    /// The replies without which there is no session: a refusal ends the try, and for a wrong token all tries.
    fn replied_to_entrance(
        &mut self,
        open: &Open<Asked>,
        status: i32,
        packet: &Packet<'_>,
        now: Time,
    ) -> Result<(), Malformed> {
        let partial = match open.what {
            Asked::Login => PARTIAL_LOGIN,
            Asked::Rooms => PARTIAL_PAGE,
            _ => status::OK,
        };
        //= CLIENT-LOGIN-1
        if status != status::OK && status != partial {
            if open.what == Asked::Login && self.has(Quirk::IgnoresLoginStatus) {
                self.step(Happening::Listed, now);
            } else if FINAL.contains(&status) && !self.has(Quirk::RetriesRefusedToken) {
                //= CLIENT-LOGIN-2
                self.tell(Event::LoginRefused { status });
                self.step(Happening::Refused, now);
            } else {
                self.broken(Why::Refused(open.method, status), now);
            }
            return Ok(());
        }
        match open.what {
            Asked::GetConf => self.configured(packet, now),
            Asked::Route => self.routed(packet, now),
            Asked::Login if self.config.era == Era::E2012 => {
                let reply: login::Reply = self.read(packet)?;
                self.accepted(reply.user_id);
                self.step(Happening::Accepted, now);
                Ok(())
            }
            Asked::Login => self.logged_in(status, packet, now),
            _ if self.config.era == Era::E2012 => self.listed_2012(packet, now),
            _ => self.listed(status, packet, now),
        }
    }

    fn accepted(&mut self, user_id: i64) {
        self.account.user_id = user_id;
        self.account.pages = 0;
        self.tally.logins += 1;
    }

    fn logged_in(&mut self, status: i32, packet: &Packet<'_>, now: Time) -> Result<(), Malformed> {
        let reply: loginlist::Reply<'_> = self.read(packet)?;
        self.accepted(reply.user_id);
        let (whole, eof) = (status == status::OK, reply.eof || status != status::OK);
        if whole && eof {
            self.account.revision = reply.revision;
        }
        self.account.ltk = reply.ltk;
        let page = Page {
            rooms: reply.chat_datas,
            gone: reply.del_chat_ids,
            last_chat_id: reply.last_chat_id,
            last_token_id: reply.last_token_id,
            whole,
            eof,
        };
        self.state = State::AwaitsRooms;
        self.merge(&page, now);
        Ok(())
    }

    fn listed(&mut self, status: i32, packet: &Packet<'_>, now: Time) -> Result<(), Malformed> {
        let reply: lchatlist::Reply<'_> = self.read(packet)?;
        let page = Page {
            rooms: reply.chat_datas,
            gone: reply.del_chat_ids,
            last_chat_id: reply.last_chat_id,
            last_token_id: reply.last_token_id,
            whole: status == status::OK,
            eof: reply.eof || status != status::OK,
        };
        self.merge(&page, now);
        Ok(())
    }

    /// Merges one page of changed rooms: what it does not name has not changed (loco-modern §3.3).
    fn merge(&mut self, page: &Page<'_>, now: Time) {
        let skips = self.has(Quirk::LoginSkipsMissed);
        self.forget_rooms(self.account.pages);
        //= CLIENT-PAGE-1, CLIENT-ROOMS-1
        for item in &page.rooms {
            let Some(room) = self.room(item.chat_id, item.last_log_id) else {
                return self.broken(Why::OverLimit("rooms"), now);
            };
            room.last = room.last.max(item.last_log_id);
            if skips && room.seen > 0 {
                room.seen = room.last;
            }
            item.kind.clone_into(&mut room.kind);
            room.unread = item.unread;
            self.learn_item(item);
            if let Some(seen) = item.last_seen {
                self.mark(item.chat_id, self.account.user_id, seen);
            }
        }
        for room in &page.gone {
            self.leave(*room);
        }
        self.account.cursor = (page.last_token_id, page.last_chat_id);
        if page.whole && page.eof {
            self.account.last_token_id = page.last_token_id;
        }
        self.account.pages += 1;
        if page.eof || self.has(Quirk::StopsAtFirstPage) {
            self.step(Happening::Listed, now);
        } else if self.account.pages < PAGES_MAX {
            self.list(now);
        } else {
            self.broken(Why::OverLimit("pages of rooms"), now);
        }
    }

    /// Asks for the rooms, or for their next page.
    pub(super) fn list(&mut self, now: Time) {
        self.state = State::AwaitsRooms;
        let (rooms, seen) = self.rooms.known();
        if self.config.era == Era::E2012 {
            let body = nchatlist::Request { max_ids: seen, chat_ids: rooms };
            return self.ask(CommandId::NChatList.method(), Asked::Rooms, &body, now);
        }
        let (last_token_id, last_chat_id) = self.account.cursor;
        let body = lchatlist::Request {
            last_token_id,
            last_chat_id,
            chat_ids: Some(rooms),
            max_ids: Some(seen),
            lbk: Some(self.account.lbk),
        };
        self.ask(CommandId::LChatList.method(), Asked::Rooms, &body, now);
    }

    fn listed_2012(&mut self, packet: &Packet<'_>, now: Time) -> Result<(), Malformed> {
        let reply: nchatlist::Reply<'_> = self.read(packet)?;
        for info in &reply.chat_infos {
            let RoomInfo2012 { chat_id, kind, last_log_id, unread, .. } = *info;
            let Some(room) = self.room(chat_id, last_log_id) else {
                self.broken(Why::OverLimit("rooms"), now);
                return Ok(());
            };
            room.last = room.last.max(last_log_id);
            kind.clone_into(&mut room.kind);
            room.unread = unread;
            self.learn_unread(chat_id, unread, last_log_id);
        }
        self.step(Happening::Listed, now);
        Ok(())
    }

    /// The room, made if it is new. A new one begins at its start, or, without history, at `floor`.
    pub(super) fn room(&mut self, room: i64, floor: i64) -> Option<&mut Room> {
        let seen = if self.config.history { 0 } else { floor };
        self.rooms.make(room, seen)
    }

    /// Begins the session.
    pub(super) fn serve(&mut self, now: Time) {
        self.state = State::LoggedOn;
        self.tell(Event::LoggedIn { user_id: self.account.user_id, rooms: self.rooms.summaries() });
        self.rooms.dirty = self.rooms_to_look_at();
        self.rooms.dirty.extend(self.rooms.wanted.keys().copied());
        //= PING-INTERVAL-1
        self.ping_at = now;
        if !self.has(Quirk::NeverPings) {
            self.ping(now);
        }
    }

    /// PINGs come at a steady beat, whatever else travels: the server listens for us as we listen for it. One that is
    /// not answered in time ends the connection, as every request does (`PING-ANSWER-1`).
    pub(super) fn ping(&mut self, now: Time) {
        let own = self.config.heartbeat_forced || self.has(Quirk::IgnoresToldInterval);
        let named = self.route.heartbeat.filter(|_| !own);
        self.ping_at = now + named.unwrap_or(self.config.heartbeat);
        if self.link.as_ref().is_none_or(|l| l.pending.any(|a| *a == Asked::Ping)) {
            return;
        }
        //= PING-EMPTY-1
        // 2012: no body at all (loco-2012 §9).
        let body: &[u8] = if self.config.era == Era::E2012 { &[] } else { &[5, 0, 0, 0, 0] };
        self.ask_with(CommandId::Ping.method(), Asked::Ping, &Content::Bytes(body), Vec::new(), now);
    }

    fn opened(&mut self, room: i64, packet: &Packet<'_>) -> Result<(), Malformed> {
        let reply: chatonroom::Reply<'_> = self.read(packet)?;
        let members = match (reply.members, reply.member_ids) {
            (Some(members), _) => members.iter().map(|m| (m.user_id, m.nick_name.to_owned())).collect(),
            (None, ids) => ids.unwrap_or_default().into_iter().map(|id| (id, String::new())).collect(),
        };
        let watermarks: Vec<_> = reply.watermark_ids.iter().copied().zip(reply.watermarks.iter().copied()).collect();
        for (user_id, watermark) in &watermarks {
            self.mark(room, *user_id, *watermark);
        }
        if let Some(known) = self.rooms.map.get_mut(&room) {
            known.last = known.last.max(reply.last_log_id);
            reply.kind.clone_into(&mut known.kind);
            self.rooms.dirty.insert(room);
        }
        let (kind, last_log_id) = (reply.kind.to_owned(), reply.last_log_id);
        self.tell(Event::RoomOpened { room, kind, members, watermarks, last_log_id });
        Ok(())
    }

    pub(super) fn mark(&mut self, room: i64, user_id: i64, watermark: i64) {
        if let Some(room) = self.rooms.map.get_mut(&room) {
            room.mark(user_id, watermark);
        }
    }

    /// Somebody has read up to here.
    pub(super) fn marked(&mut self, room: i64, user_id: i64, watermark: i64) {
        self.mark(room, user_id, watermark);
        self.tell(Event::ReadMark { room, user_id, watermark });
    }

    /// We are out of a room.
    pub(super) fn leave(&mut self, room: i64) {
        if self.rooms.remove(room) {
            self.tell(Event::Left { room });
        }
    }
}
