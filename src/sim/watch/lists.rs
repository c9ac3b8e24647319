//! What a login tells: of each room that has changed since the device heard of it last, whatever the change was. Two
//! kinds of change are followed, for both are told to devices that are online too: the user's own read mark, and the
//! revision of the settings that a room shares.

use std::collections::BTreeMap;

use super::{Asked, Login, Watch};
use crate::proto::client::read_body;
use crate::proto::command::{chgmeta, lchatlist, loginlist, read, setmeta, syncmsg};
use crate::proto::server::ConnId;
use crate::sim::invariants::Invariant;
use crate::sim::model::feeds::Cause;
use crate::sim::tap::Seen;

/// Own read mark, and revision of the shared settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Known {
    mark: i64,
    revision: i64,
}

impl Known {
    fn learn(&mut self, other: Self) {
        (self.mark, self.revision) = (self.mark.max(other.mark), self.revision.max(other.revision));
    }
}

/// The list of rooms that a login gets, page by page: what must have been told at its end.
#[derive(Clone, Debug)]
pub(super) struct Listing(Vec<(i64, Known)>);

/// What has changed, and who knows of it.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// By room and user: read marks that were told to anybody.
    marks: BTreeMap<(i64, i64), i64>,
    /// By room: revisions that were told to anybody.
    revisions: BTreeMap<i64, i64>,
    /// Whose device it is.
    users: BTreeMap<String, i64>,
    /// By device and room.
    told: BTreeMap<(String, i64), Known>,
}

impl Lists {
    fn tell(&mut self, device: &str, room: i64, what: Known) {
        self.told.entry((device.to_owned(), room)).or_default().learn(what);
    }
}

impl Watch {
    /// A login has come of a device that was here before: what has changed so far must be told by its end.
    pub(super) fn login_asks(&mut self, conn: ConnId, device: &str) {
        let Some(user) = self.lists.users.get(device).copied() else { return };
        let rooms = self.members.iter().filter(|(_, users)| users.contains(&user)).map(|(room, _)| *room);
        let known = |room: i64| {
            let mark = self.lists.marks.get(&(room, user)).copied().unwrap_or_default();
            let revision = self.lists.revisions.get(&room).copied().unwrap_or_default();
            (room, Known { mark, revision })
        };
        let all = rooms.map(known).collect();
        if let Some(view) = self.conns.get_mut(&conn) {
            view.listing = Some(Listing(all));
        }
    }

    /// What a reply tells its device.
    pub(super) fn told(&mut self, conn: ConnId, login: &Login, asked: &Asked, p: &Seen) {
        match (p.method.as_str(), asked.page, asked.mark) {
            ("LCHATLIST", ..) => self.rooms_listed(conn, login, p),
            ("SETMETA", ..) => self.meta_told(login, p),
            (_, Some(page), _) => self.page_told(login, asked.room, page, p),
            (_, _, Some(mark)) => self.mark_told(login, asked.room, login.user, mark),
            _ => {}
        }
    }

    /// A page of rooms goes to a login.
    pub(super) fn rooms_listed(&mut self, conn: ConnId, login: &Login, p: &Seen) {
        let (rooms, eof) = if p.method == "LOGINLIST" {
            let Ok(reply) = read_body::<loginlist::Reply<'_>>(&p.body) else { return };
            (reply.chat_datas, reply.eof)
        } else {
            let Ok(reply) = read_body::<lchatlist::Reply<'_>>(&p.body) else { return };
            (reply.chat_datas, reply.eof)
        };
        for item in rooms {
            let what = Known { mark: item.last_seen.unwrap_or_default(), revision: item.meta_revision };
            self.lists.tell(&login.device, item.chat_id, what);
        }
        self.lists.users.insert(login.device.clone(), login.user);
        let Some(view) = self.conns.get_mut(&conn) else { return };
        let Some(Listing(all)) = view.listing.take_if(|_| eof) else { return };
        for (room, is) in all {
            let told = self.lists.told.get(&(login.device.clone(), room)).copied().unwrap_or_default();
            if self.is_surely_in(room, login.user) && (told.mark < is.mark || told.revision < is.revision) {
                let what = format!(
                    "{} logs in and is not told of room {room}: it knows {told:?}, and it is {is:?}",
                    login.device
                );
                self.court.report(Invariant::Told, what);
            }
        }
    }

    /// Whether nobody has ever wanted this member out.
    fn is_surely_in(&self, room: i64, user: i64) -> bool {
        let wanted_out = [Cause::Left(user), Cause::Kicked(user)].iter().any(|c| self.wanted.contains(&(room, *c)));
        !wanted_out && self.members.get(&room).is_some_and(|m| m.contains(&user))
    }

    /// A device is told of a read mark, of its own user or of another.
    pub(super) fn mark_told(&mut self, login: &Login, room: i64, user: i64, mark: i64) {
        let highest = self.lists.marks.entry((room, user)).or_default();
        *highest = mark.max(*highest);
        if user == login.user {
            self.lists.tell(&login.device, room, Known { mark, revision: 0 });
        }
    }

    /// CHGMETA, or the reply to SETMETA.
    pub(super) fn meta_told(&mut self, login: &Login, p: &Seen) {
        let (room, revision) = if p.method == "CHGMETA" {
            let Ok(push) = read_body::<chgmeta::Push<'_>>(&p.body) else { return };
            (push.chat_id, push.meta.revision)
        } else {
            let Ok(reply) = read_body::<setmeta::Reply<'_>>(&p.body) else { return };
            (reply.chat_id, reply.meta.revision)
        };
        let highest = self.lists.revisions.entry(room).or_default();
        *highest = revision.max(*highest);
        self.lists.tell(&login.device, room, Known { mark: 0, revision });
    }

    /// A page of messages: those that were asked for, each once, in their order.
    pub(super) fn page_told(&self, login: &Login, room: i64, (after, up_to): (i64, i64), p: &Seen) {
        let logs = if p.method == "SYNCMSG" {
            read_body::<syncmsg::Reply<'_>>(&p.body).ok().and_then(|r| r.chat_logs)
        } else {
            read_body::<read::Reply<'_>>(&p.body).ok().map(|r| r.chat_logs)
        };
        let mut last = after;
        for id in logs.unwrap_or_default().iter().map(|log| log.log_id) {
            if id <= last || (up_to > 0 && id > up_to) {
                let what = format!(
                    "{} asks for what is after {after} in room {room}, up to {up_to}, and gets {id} behind {last}",
                    login.device
                );
                return self.court.report(Invariant::Told, what);
            }
            last = id;
        }
    }
}
