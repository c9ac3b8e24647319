//! What events, pushes and replies teach the view. Nothing here decides what the client does, but one thing: a kept log
//! that was edited while we were away is asked for again.

use super::feed::Feed;
use crate::proto::client::Client;
use crate::proto::client::event::{Event, Source};
use crate::proto::client::link::{About, Asked};
use crate::proto::command::types::{ChatLog, Member, Meta, RoomInfo, RoomItem};
use crate::proto::command::{
    Command, CommandId, addmem, chatinfo, chatonroom, chgmeta, create, createlink, cwrite, deletemsg, delmem, forward,
    getmem, getmeta, getmetas, joinlink, kickmem, member, modifymsg, msg, newmem, setmemtype, setmeta, status,
    syncdlmsg, synclinkcr, syncmemt, syncmodmsg, syncmsg, write,
};
use crate::proto::error::Malformed;
use crate::proto::limits::Limits;
use crate::proto::time::Time;
use crate::proto::wire::{Document, Packet, Value};

/// The meta that is the title of a room (loco-modern §6.8).
const TITLE: i32 = 3;

impl About {
    /// What a request of our own user speaks of, as far as its reply does not say it again.
    pub(in crate::proto::client) fn read(body: &[u8], limits: &Limits) -> Self {
        let Ok(doc) = Document::check(body, limits) else { return Self::default() };
        let alert = if let Some(Value::Bool(b)) = doc.get("pushAlert") { Some(b) } else { None };
        let number = |name| doc.integer(name).unwrap_or_default();
        Self { room: number("chatId"), link: number("li"), alert }
    }
}

impl Client {
    /// Learns from what the client is about to tell.
    pub(in crate::proto::client) fn witness(&mut self, event: &Event) {
        let me = self.account.user_id;
        match event {
            Event::Message(m) => {
                let read_up_to = self.rooms.map.get(&m.room).and_then(|r| r.watermark(me)).unwrap_or_default();
                self.view.reported(m, read_up_to);
            }
            Event::ReadMark { room, user_id, watermark } if *user_id == me => {
                let last = self.rooms.map.get(room).map_or(0, |r| r.last);
                if let Some(sight) = self.view.room(*room) {
                    sight.read(*watermark, last, me);
                }
            }
            Event::RoomOpened { room, members, .. } => {
                if let Some(sight) = self.view.room(*room) {
                    sight.members(members.iter().map(|(id, name)| (*id, name.as_str())));
                }
            }
            Event::Left { room } => self.view.left(*room),
            _ => (),
        }
    }

    /// A room in the list of rooms.
    pub(in crate::proto::client) fn learn_item(&mut self, item: &RoomItem<'_>) {
        let Some(sight) = self.view.room(item.chat_id) else { return };
        (sight.left, sight.muted) = (false, !item.push_alert);
        (sight.unread, sight.counted) = (item.unread, item.last_log_id.max(sight.counted));
        sight.link_id = item.link_id.unwrap_or(sight.link_id);
        let names = item.icon_names.as_deref().unwrap_or_default().iter().copied().chain(core::iter::repeat(""));
        for (user_id, name) in item.icon_ids.as_deref().unwrap_or_default().iter().zip(names) {
            sight.join(*user_id, name);
        }
    }

    /// A room in the list of rooms of 2012.
    pub(in crate::proto::client) fn learn_unread(&mut self, room: i64, unread: i32, last: i64) {
        if let Some(sight) = self.view.room(room) {
            (sight.left, sight.unread, sight.counted) = (false, unread, last.max(sight.counted));
        }
    }

    /// Learns from a push before it is acted on. What cannot be read teaches nothing; whoever acts on it says so.
    pub(in crate::proto::client) fn learn_push(&mut self, packet: &Packet<'_>) {
        let Some(row) = Command::find(&packet.header.method) else { return };
        let wanted = row.id != CommandId::Msg || self.config.keep_logs > 0;
        if wanted && let Ok(doc) = packet.document(&self.config.limits) {
            let _ = self.learn_pushed(row.id, doc);
        }
    }

    fn learn_pushed(&mut self, command: CommandId, doc: Document<'_>) -> Result<(), Malformed> {
        match command {
            CommandId::Msg => {
                let push: msg::Push<'_> = read(doc)?;
                if let (Some(name), Some(sight)) = (push.author_nickname, self.view.room(push.chat_id)) {
                    sight.join(push.chat_log.author_id, name);
                }
            }
            CommandId::NewMem => {
                let push: newmem::Push<'_> = read(doc)?;
                self.learn_feed(push.chat_id, &push.chat_log);
                self.learn_link(push.chat_id, push.link_id);
            }
            CommandId::SyncMemT => {
                let push: syncmemt::Push<'_> = read(doc)?;
                self.learn_link(push.chat_id, Some(push.link_id));
            }
            CommandId::DelMem => {
                let push: delmem::Push<'_> = read(doc)?;
                self.learn_feed(push.chat_log.chat_id, &push.chat_log);
            }
            CommandId::ChgMeta => {
                let push: chgmeta::Push<'_> = read(doc)?;
                self.learn_metas(push.chat_id, &[push.meta]);
            }
            CommandId::SyncDlMsg => {
                let push: syncdlmsg::Push<'_> = read(doc)?;
                self.learn_feed(push.chat_log.chat_id, &push.chat_log);
            }
            CommandId::SyncModMsg => {
                let push: syncmodmsg::Push<'_> = read(doc)?;
                self.learn_log(push.chat_id, &push.modified_chat_log);
            }
            CommandId::SyncLinkCr => {
                let push: synclinkcr::Push<'_> = read(doc)?;
                push.chat_room.iter().for_each(|info| self.entered(info));
            }
            _ => (),
        }
        Ok(())
    }

    /// Learns from the reply to a request of our own user. The log that the request has made is the next of its room,
    /// and it comes to nobody else's hand: it is reported here.
    pub(in crate::proto::client) fn learn_reply(&mut self, about: About, packet: &Packet<'_>) {
        let Some(row) = Command::find(&packet.header.method) else { return };
        if let Ok(doc) = packet.document(&self.config.limits) {
            let _ = self.learn_replied(row.id, about, doc);
        }
    }

    fn learn_replied(&mut self, command: CommandId, about: About, doc: Document<'_>) -> Result<(), Malformed> {
        let room = about.room;
        match command {
            CommandId::GetMem => self.learn_members(room, &read::<getmem::Reply<'_>>(doc)?.members, true),
            CommandId::Member => self.learn_members(room, &read::<member::Reply<'_>>(doc)?.members, false),
            CommandId::ChatOnRoom => {
                let reply: chatonroom::Reply<'_> = read(doc)?;
                self.learn_members(reply.chat_id, &reply.members.unwrap_or_default(), false);
                for (user_id, watermark) in reply.watermark_ids.iter().zip(&reply.watermarks) {
                    self.mark(reply.chat_id, *user_id, *watermark);
                }
            }
            CommandId::ChatInfo => self.learn_info(&read::<chatinfo::Reply<'_>>(doc)?.chat_info),
            CommandId::Create => read::<create::Reply<'_>>(doc)?.chat_room.iter().for_each(|info| self.entered(info)),
            CommandId::CWrite => read::<cwrite::Reply<'_>>(doc)?.chat_room.iter().for_each(|info| self.entered(info)),
            CommandId::CreateLink => {
                read::<createlink::Reply<'_>>(doc)?.chat_room.iter().for_each(|info| self.entered(info));
            }
            CommandId::DeleteLink => self.changed_link(about.link),
            CommandId::KickMem => {
                let reply: kickmem::Reply<'_> = read(doc)?;
                self.made(reply.chat_id, reply.chat_log.as_ref());
            }
            CommandId::SetMemType => {
                let reply: setmemtype::Reply<'_> = read(doc)?;
                self.made(reply.chat_id, reply.chat_log.as_ref());
            }
            CommandId::JoinLink => self.entered(&read::<joinlink::Reply<'_>>(doc)?.chat_room),
            CommandId::GetMeta => self.learn_metas(room, &read::<getmeta::Reply<'_>>(doc)?.metas),
            CommandId::GetMetas => {
                for of in read::<getmetas::Reply<'_>>(doc)?.room_metas {
                    self.learn_metas(of.chat_id.or(of.room_id).unwrap_or_default(), &of.metas);
                }
            }
            CommandId::SetMeta => self.learn_metas(room, &[read::<setmeta::Reply<'_>>(doc)?.meta]),
            CommandId::UpdateChat => {
                if let (Some(alert), Some(sight)) = (about.alert, self.view.room(room)) {
                    sight.muted = !alert;
                }
            }
            CommandId::Leave => self.leave(room),
            CommandId::DeleteMsg => self.made(room, read::<deletemsg::Reply<'_>>(doc)?.chat_log.as_ref()),
            CommandId::ModifyMsg => {
                let reply: modifymsg::Reply<'_> = read(doc)?;
                reply.modified_chat_log.iter().for_each(|log| self.learn_log(room, log));
                self.made(room, reply.chat_log.as_ref());
            }
            CommandId::AddMem => self.made(room, read::<addmem::Reply<'_>>(doc)?.chat_log.as_ref()),
            CommandId::Forward => self.made(room, Some(&read::<forward::Reply<'_>>(doc)?.chat_log)),
            CommandId::Write => self.made(room, read::<write::Reply<'_>>(doc)?.chat_log.as_ref()),
            _ => (),
        }
        Ok(())
    }

    /// A request of ours has made this log.
    fn made(&mut self, room: i64, log: Option<&ChatLog<'_>>) {
        if let Some(log) =
            log.filter(|l| l.prev_id.is_some() && l.chat_id == room && self.rooms.map.contains_key(&room))
        {
            let message = self.message(room, log.log_id, log, Source::Reply);
            self.hear(message, log.prev_id);
        }
    }

    fn learn_link(&mut self, room: i64, link: Option<i64>) {
        if let (Some(link), Some(sight)) = (link, self.view.room(room)) {
            sight.link_id = link;
        }
    }

    /// Our request has made a log in the rooms of a link, and its reply does not say which: they are looked at.
    fn changed_link(&mut self, link: i64) {
        let of_link = |(_, s): &(&i64, &super::Sight)| link != 0 && s.link_id == link && !s.left;
        let rooms: Vec<i64> = self.view.rooms.iter().filter(of_link).map(|(room, _)| *room).collect();
        for room in rooms {
            if let Some(seen) = self.rooms.seen(room) {
                self.rooms.wanted.insert(room, seen);
                self.rooms.dirty.insert(room);
            }
        }
    }

    /// We are in a new room.
    fn entered(&mut self, info: &RoomInfo<'_>) {
        let Some(room) = self.room(info.chat_id, info.last_log_id) else { return };
        room.last = room.last.max(info.last_log_id);
        info.kind.clone_into(&mut room.kind);
        self.rooms.dirty.insert(info.chat_id);
        self.learn_info(info);
    }

    fn learn_info(&mut self, info: &RoomInfo<'_>) {
        if let Some(sight) = self.view.room(info.chat_id) {
            (sight.left, sight.muted) = (info.left.unwrap_or_default(), !info.push_alert);
            sight.link_id = info.link_id.unwrap_or(sight.link_id);
            info.display_members.iter().for_each(|m| sight.join(m.user_id, m.nick_name));
        }
        self.learn_metas(info.chat_id, info.metas.as_deref().unwrap_or_default());
    }

    fn learn_members(&mut self, room: i64, members: &[Member<'_>], all: bool) {
        let Some(sight) = self.view.room(room) else { return };
        if all {
            sight.members(members.iter().map(|m| (m.user_id, m.nick_name)));
        } else {
            members.iter().for_each(|m| sight.join(m.user_id, m.nick_name));
        }
    }

    fn learn_metas(&mut self, room: i64, metas: &[Meta<'_>]) {
        for meta in metas.iter().filter(|m| m.kind == TITLE) {
            if let Some(sight) = self.view.room(room) {
                sight.set_title(meta.content);
            }
        }
    }

    fn learn_feed(&mut self, room: i64, log: &ChatLog<'_>) {
        let Some(feed) = log.message.and_then(Feed::read) else { return };
        if let Some(sight) = self.view.room(room) {
            sight.moved(&feed);
        }
        self.view.changed(room, &feed);
    }

    fn learn_log(&mut self, room: i64, log: &ChatLog<'_>) {
        let text = log.message.unwrap_or_default();
        self.view.renewed(room, log.log_id, log.kind, text, log.revision.unwrap_or_default());
    }

    /// Asks for a kept log that was edited while nobody told us the new text.
    pub(in crate::proto::client) fn refresh(&mut self, now: Time) {
        if !self.is_logged_on() || !self.config.era.is_modern() {
            return;
        }
        let Some((room, log_id)) = self.view.next_stale() else { return };
        self.view.asking = true;
        let body = syncmsg::Request { chat_id: room, cur: log_id.saturating_sub(1), max: log_id, cnt: Some(1) };
        self.ask(CommandId::SyncMsg.method(), Asked::Again { room, log_id }, &body, now);
    }

    /// The new text has come, or cannot be had.
    pub(in crate::proto::client) fn refreshed(
        &mut self,
        room: i64,
        log_id: i64,
        status: i32,
        packet: &Packet<'_>,
    ) -> Result<(), Malformed> {
        self.view.asking = false;
        self.view.give_up(room, log_id);
        if status == status::OK {
            let reply: syncmsg::Reply<'_> = self.read(packet)?;
            reply.chat_logs.iter().flatten().filter(|l| l.log_id == log_id).for_each(|log| self.learn_log(room, log));
        }
        Ok(())
    }
}

fn read<'a, T: crate::proto::command::Body<'a>>(doc: Document<'a>) -> Result<T, Malformed> {
    T::decode(doc, &mut 0)
}
