//! Open links: each has one owner at any time, and he alone kicks, forgives, hands over, sets the pass code and deletes.
//! Who was kicked stays out until he is forgiven, and who comes in knows the code.
//!
//! What a link is (its owner, its code, who was kicked, whether it is gone) are values that many write: what may be
//! follows from the requests, as for every other.

use super::feeds::Cause;
use super::operations::{About, Op, Slot, YES_NO, sure};
use super::places::{Ending, Place};
use super::register::Register;
use super::{Model, Room};
use crate::proto::client::{Action, read_body};
use crate::proto::command::types::OpenLink;
use crate::proto::command::{checkjoin, createlink, deletelink, joinlink, kickmem, kldelitem, setmemtype, updatelink};
use crate::proto::server::records::links::{Link, LinkUser, link_type, member_type, profile_type};
use crate::proto::server::store::{Shelf, Store, StoreError, all, find};
use crate::sim::invariants::Invariant;
use crate::sim::scenario::Do;

const NO: &str = YES_NO[0];
const YES: &str = YES_NO[1];

/// A link, and what it began with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    room: i64,
    maker: i64,
}

impl Model {
    /// What a value was before anybody wrote it.
    fn first(&self, slot: Slot) -> String {
        match slot {
            Slot::Owner(link) => self.links.get(&link).map_or_else(String::new, |l| l.maker.to_string()),
            Slot::Kicked(..) | Slot::Gone(_) => NO.to_owned(),
            _ => String::new(),
        }
    }

    /// Whether a value may have been this at some time since the request was made.
    fn may_be(&self, slot: Slot, value: &str, op: &Op) -> bool {
        match self.registers.get(&slot) {
            Some(r) => r.may_be(value, op.began, self.clock.now()),
            None => self.first(slot) == value,
        }
    }

    fn may_be_now(&self, slot: Slot, value: &str) -> bool {
        let now = self.clock.now();
        self.registers.get(&slot).map_or_else(|| self.first(slot) == value, |r| r.may_be(value, now, now))
    }

    /// The value that was written last, for all that anybody knows.
    fn latest(&self, slot: Slot) -> String {
        let now = self.clock.now();
        let of = |r: &Register| r.possible(now).last().map(|v| (*v).to_owned());
        self.registers.get(&slot).and_then(of).unwrap_or_else(|| self.first(slot))
    }

    fn writes_link(&mut self, op: &mut Op, slot: Slot, value: &str) {
        let first = self.first(slot);
        self.writes(op, slot, &first, value);
    }

    /// The links that there may be, with their rooms: those that this user may own, or those in whose room he is, or all.
    #[must_use]
    pub fn open_links(&self, device: usize, which: Which) -> Vec<(i64, i64)> {
        let Some(user) = self.user(device) else { return Vec::new() };
        let fits = |link: i64, open: &Open| match which {
            Which::Owned => self.may_be_now(Slot::Owner(link), &user.to_string()),
            Which::Inside => self.place(open.room, user).is_some_and(Place::is_in),
            Which::Outside => !self.place(open.room, user).is_some_and(Place::is_in),
            Which::Kicked => !self.may_be_now(Slot::Kicked(link, user), NO),
        };
        let there = |link: i64| self.may_be_now(Slot::Gone(link), NO);
        self.links.iter().filter(|(l, o)| there(**l) && fits(**l, o)).map(|(l, o)| (*l, o.room)).collect()
    }

    /// Who is in the room of a link for sure, besides this device's user.
    #[must_use]
    pub fn others_in(&self, device: usize, room: i64) -> Vec<i64> {
        let Some(r) = self.rooms.get(&room) else { return Vec::new() };
        let me = self.user(device);
        sure(r).into_iter().filter(|u| Some(*u) != me).collect()
    }

    /// Who may be on the list of those who were kicked out of a link.
    #[must_use]
    pub fn kicked_of(&self, link: i64) -> Vec<i64> {
        let slots = Slot::Kicked(link, i64::MIN)..=Slot::Kicked(link, i64::MAX);
        let users = self.registers.range(slots).filter_map(|(slot, _)| match slot {
            Slot::Kicked(_, user) => Some(*user),
            _ => None,
        });
        users.filter(|user| self.may_be_now(Slot::Kicked(link, *user), YES)).collect()
    }

    /// Whether this link may have a pass code.
    #[must_use]
    pub fn has_code(&self, link: i64) -> bool {
        !self.latest(Slot::PassCode(link)).is_empty()
    }

    /// CREATELINK: a link with its room.
    pub fn make_link(&mut self, device: usize) -> Option<Action> {
        let d = self.devices.get(device)?;
        let name = format!("{} opens {}", d.label, d.next_ticket);
        let op = self.op(Do::MakeLink, 0, About::Nothing);
        let body = createlink::Request {
            link_type: link_type::ROOM,
            link_name: &name,
            profile_type: Some(profile_type::MAIN),
            ..Default::default()
        };
        self.ask(device, op, &body)
    }

    /// CHECKJOIN with this pass code, and then JOINLINK; without one, JOINLINK at once.
    pub fn join_link(&mut self, device: usize, link: i64, code: Code) -> Option<Action> {
        let code = match code {
            Code::None => return self.enter_link(device, link, None),
            Code::Right => self.latest(Slot::PassCode(link)),
            Code::Wrong => "no code".to_owned(),
        };
        let op = self.op(Do::JoinLink, 0, About::Code(link, code.clone()));
        self.ask(device, op, &checkjoin::Request { link_id: link, pass_code: &code })
    }

    fn enter_link(&mut self, device: usize, link: i64, token: Option<&str>) -> Option<Action> {
        let (user, room) = (self.user(device)?, self.links.get(&link)?.room);
        let mut op = self.op(Do::JoinLink, room, About::Join(link, token.is_some()));
        op.causes.push(Cause::Joined(user));
        self.moves(&mut op, user, true);
        let body = joinlink::Request { link_id: link, profile_type: profile_type::MAIN, token, ..Default::default() };
        self.ask(device, op, &body)
    }

    /// KICKMEM.
    pub fn kick(&mut self, device: usize, (link, room): (i64, i64), who: i64) -> Option<Action> {
        let mut op = self.op(Do::Kick, room, About::Rule(link));
        op.causes.push(Cause::Kicked(who));
        self.moves(&mut op, who, false);
        self.writes_link(&mut op, Slot::Kicked(link, who), YES);
        let body = kickmem::Request { link_id: link, chat_id: room, member_id: who, report: Some(false) };
        self.ask(device, op, &body)
    }

    /// KLDELITEM: who was kicked may come again.
    pub fn forgive(&mut self, device: usize, (link, room): (i64, i64), who: i64) -> Option<Action> {
        let mut op = self.op(Do::Forgive, room, About::Rule(link));
        self.writes_link(&mut op, Slot::Kicked(link, who), NO);
        self.ask(device, op, &kldelitem::Request { link_id: link, chat_id: room, kicked_id: who })
    }

    /// SETMEMTYPE: another member is the owner.
    pub fn hand_over(&mut self, device: usize, (link, room): (i64, i64), who: i64) -> Option<Action> {
        let user = self.user(device)?;
        let mut op = self.op(Do::HandOver, room, About::Rule(link));
        op.causes.push(Cause::HandedOver(user, who));
        self.writes_link(&mut op, Slot::Owner(link), &who.to_string());
        let member_types = vec![member_type::OWNER, member_type::NONE];
        let body = setmemtype::Request { link_id: link, chat_id: room, member_ids: vec![who, user], member_types };
        self.ask(device, op, &body)
    }

    /// UPDATELINK: another pass code, or none.
    pub fn pass_code(&mut self, device: usize, (link, room): (i64, i64), none: bool) -> Option<Action> {
        let d = self.devices.get(device)?;
        let code = if none { String::new() } else { format!("{} knows {}", d.label, d.next_ticket) };
        let mut op = self.op(Do::PassCode, room, About::Rule(link));
        self.writes_link(&mut op, Slot::PassCode(link), &code);
        self.ask(device, op, &updatelink::Request { link_id: link, pass_code: Some(&code), ..Default::default() })
    }

    /// DELETELINK: nobody comes by it any more, and nobody writes.
    pub fn delete_link(&mut self, device: usize, (link, room): (i64, i64)) -> Option<Action> {
        let mut op = self.op(Do::DeleteLink, room, About::Rule(link));
        op.causes.push(Cause::LinkDeleted);
        self.writes_link(&mut op, Slot::Gone(link), YES);
        self.ask(device, op, &deletelink::Request { link_id: link })
    }

    /// A request about a link was granted.
    pub(super) fn link_granted(&mut self, device: usize, op: &mut Op, body: &[u8]) {
        let Some(user) = self.user(device) else { return };
        match op.about {
            About::Rule(link) if !self.may_be(Slot::Owner(link), &user.to_string(), op) => {
                let what = format!("user {user} may {:?} in link {link}, and is not its owner", op.what);
                self.report(Invariant::Ruled, what);
            }
            About::Code(link, ref code) if !self.may_be(Slot::PassCode(link), code, op) => {
                let what = format!("user {user} joins link {link} with the code {code:?}, which it has not");
                self.report(Invariant::Ruled, what);
            }
            About::Code(link, _) => {
                if let Ok(reply) = read_body::<checkjoin::Reply<'_>>(body) {
                    let enters = self.enter_link(device, link, Some(reply.token));
                    self.next.extend(enters.map(|action| (device, action)));
                }
            }
            About::Join(link, with_token) => {
                if let Ok(reply) = read_body::<joinlink::Reply<'_>>(body) {
                    self.joined(user, (link, with_token), op, &reply);
                }
            }
            About::Nothing if op.what == Do::MakeLink => {
                if let Ok(reply) = read_body::<createlink::Reply<'_>>(body)
                    && let Some(room) = reply.chat_room
                {
                    self.links.insert(reply.link.link_id, Open { room: room.chat_id, maker: user });
                    // No log says that its maker has come.
                    self.add_room(room.chat_id, &[user].into(), false, true);
                    if let Some(r) = self.rooms.get_mut(&room.chat_id) {
                        r.link = reply.link.link_id;
                    }
                }
            }
            _ => {}
        }
    }

    fn joined(&mut self, user: i64, (link, with_token): (i64, bool), op: &mut Op, reply: &joinlink::Reply<'_>) {
        self.sees_code(user, reply.link.as_ref(), op);
        if reply.chat_log.is_none() {
            // He was there already, and nothing has happened.
            for cause in std::mem::take(&mut op.causes) {
                self.ledger.end(op.room, cause, Ending::Refused);
            }
            return;
        }
        let wrong = if !self.may_be(Slot::Kicked(link, user), NO, op) {
            "was kicked out and is not forgiven"
        } else if !with_token && !self.may_be(Slot::PassCode(link), "", op) {
            "has not said the pass code"
        } else if !self.may_be(Slot::Gone(link), NO, op) {
            "comes by a link that is deleted"
        } else {
            return;
        };
        self.report(Invariant::Ruled, format!("user {user} joins link {link}, and {wrong}"));
    }

    /// Nobody but the owner sees the pass code.
    fn sees_code(&self, user: i64, link: Option<&OpenLink<'_>>, op: &Op) {
        let Some((id, code)) = link.and_then(|l| Some((l.link_id, l.pass_code?))) else { return };
        if !self.may_be(Slot::Owner(id), &user.to_string(), op) {
            let what = format!("user {user} is shown the pass code {code:?} of link {id}, and is not its owner");
            self.report(Invariant::Ruled, what);
        }
    }

    /// The links at the end: one owner, the same in both places.
    pub(super) fn compare_links(&self, store: &dyn Store) -> Result<(), StoreError> {
        for (id, open) in &self.links {
            let Some(link) = find::<Link>(store, Shelf::Links, (*id, 0))? else {
                self.report(Invariant::Durable, format!("link {id} was acknowledged, and is not in the store"));
                continue;
            };
            if link.deleted {
                continue;
            }
            let people: Vec<(i64, LinkUser)> = all(store, Shelf::LinkUsers, *id)?;
            let owners = people.iter().filter(|(_, p)| p.member_type == member_type::OWNER).map(|(user, _)| *user);
            let owners: Vec<i64> = owners.collect();
            if owners != [link.owner_id] {
                let what = format!("link {id} belongs to user {}, and as owners it shows {owners:?}", link.owner_id);
                self.report(Invariant::Ruled, what);
            }
            let mut inside: Vec<i64> =
                store.room(open.room)?.map_or_else(Vec::new, |r| r.members.iter().map(|m| m.user_id).collect());
            inside.sort_unstable();
            if !people.iter().map(|(user, _)| *user).eq(inside.iter().copied()) {
                let what = format!("link {id}: its room has {inside:?}, and it shows others");
                self.report(Invariant::Ruled, what);
            }
        }
        Ok(())
    }

    /// What the store has of a value of a link.
    pub(super) fn kept_of_link(&self, store: &dyn Store, slot: Slot) -> Result<Option<String>, StoreError> {
        let link = |id| find::<Link>(store, Shelf::Links, (id, 0));
        let word = |is: bool| if is { YES } else { NO }.to_owned();
        Ok(match slot {
            Slot::Owner(id) => link(id)?.map(|l| l.owner_id.to_string()),
            Slot::PassCode(id) => link(id)?.map(|l| l.pass_code),
            Slot::Gone(id) => link(id)?.map(|l| word(l.deleted)),
            Slot::Kicked(id, user) => Some(word(store.get(Shelf::Kicked, (id, user))?.is_some())),
            _ => None,
        })
    }
}

/// Which links somebody looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that he may own.
    Owned,
    /// Those in whose room he is.
    Inside,
    /// Those in whose room he need not be.
    Outside,
    /// Those out of which he was kicked for sure.
    Kicked,
}

/// What somebody says at the door of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Nothing.
    None,
    /// The pass code.
    Right,
    /// Something else.
    Wrong,
}

/// Whether the link of a room may be deleted, so that nothing need be taken there.
pub(super) fn may_be_closed(model: &Model, room: &Room) -> bool {
    room.link != 0 && model.registers.contains_key(&Slot::Gone(room.link))
}
