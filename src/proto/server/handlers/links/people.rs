//! What the handlers of open links share: links and the people in them, as found and as shown.

use crate::proto::command::status;
use crate::proto::command::types::{Member, OpenLink};
use crate::proto::quirk::Quirk;
use crate::proto::server::dispatch::{Answer, Ask, Refused};
use crate::proto::server::handlers::view::{member, users};
use crate::proto::server::handlers::writing::new_log;
use crate::proto::server::records::links::{Changes, Link, LinkUser, Listed, link_type, member_type, profile_type};
use crate::proto::server::store::{Effect, Log, Room, Shelf, Store, User, find, put};

/// What `pv` of every link allows: sharing, reporting, changing the profile, showing any, blinding (loco-modern §6.6).
const ALLOWED: i64 = 2 | 4 | 8 | 32 | 128;
/// The bit of `pv` that says that a pass code is needed.
const NEEDS_PASS_CODE: i64 = 64;
/// `type` of a member of an open room.
const OPEN_PROFILE: i32 = 1000;

/// The link, though it be deleted.
pub fn link_of(store: &dyn Store, id: i64) -> Result<Option<Link>, Refused> {
    Ok(if id > 0 { find(store, Shelf::Links, (id, 0))? } else { None })
}

/// The link. One that is deleted is like one that never was.
//= LINK-ABSENT-1
pub fn live(store: &dyn Store, id: i64) -> Result<Link, Refused> {
    link_of(store, id)?.filter(|l| !l.deleted).ok_or(Refused::Status(status::LINK_UNAVAILABLE))
}

/// The user, as the link shows him.
pub fn person(store: &dyn Store, link: i64, user: i64) -> Result<Option<LinkUser>, Refused> {
    Ok(find(store, Shelf::LinkUsers, (link, user))?)
}

/// The name that others see in the room. In an open room it is never another one than that which he chose for it.
//= LINK-NAME-1
pub fn name_in(store: &dyn Store, room: &Room, user: &User) -> Result<String, Refused> {
    if room.link_id == 0 {
        return Ok(user.nick_name.clone());
    }
    Ok(person(store, room.link_id, user.id)?.map(|p| p.nick_name).unwrap_or_default())
}

/// Refuses what changes a room whose link is deleted.
//= LINK-DELETE-3
pub fn writable(store: &dyn Store, room: &Room) -> Result<(), Refused> {
    if room.link_id != 0 {
        live(store, room.link_id)?;
    }
    Ok(())
}

/// Refuses a request that names another link than that of its room. 0 and none name no link.
//= LINK-ROOM-4
pub fn same_link(room: &Room, named: Option<i64>) -> Result<(), Refused> {
    match named {
        Some(id) if id != 0 && id != room.link_id => Err(Refused::Status(status::NO_SUCH_ROOM)),
        _ => Ok(()),
    }
}

/// The token of the room's link; none for a room without one.
pub fn token_of(store: &dyn Store, room: &Room) -> Result<Option<i32>, Refused> {
    Ok(link_of(store, room.link_id)?.map(|l| l.token))
}

/// A member of an open room.
//= LINK-MEMBER-1
fn open_member(who: &LinkUser) -> Member<'_> {
    Member {
        user_id: who.user_id,
        nick_name: &who.nick_name,
        kind: OPEN_PROFILE,
        profile_image: Some(&who.image),
        full_profile_image: Some(&who.full_image),
        original_profile_image: Some(&who.original_image),
        open_token: Some(who.token),
        profile_link_id: (who.profile_link_id != 0).then_some(who.profile_link_id),
        member_type: Some(who.member_type),
        ..Default::default()
    }
}

/// The members of a room, as they are seen in it.
pub enum People {
    /// Those of a room without a link.
    Plain(Vec<User>),
    /// Those of an open room.
    Open(Vec<LinkUser>),
}

impl People {
    /// All members of the room.
    pub fn of(room: &Room, store: &dyn Store) -> Result<Self, Refused> {
        if room.link_id == 0 {
            return Ok(Self::Plain(users(room, store, usize::MAX)?));
        }
        let mut all = Vec::with_capacity(room.members.len());
        for m in &room.members {
            all.extend(person(store, room.link_id, m.user_id)?);
        }
        Ok(Self::Open(all))
    }

    /// In an open room, the caller stands apart from the members: they are taken without him, and he is given back.
    //= LINK-ROOM-2
    pub fn part(&mut self, user: i64) -> Option<LinkUser> {
        let Self::Open(all) = self else { return None };
        let at = all.iter().position(|p| p.user_id == user)?;
        Some(all.remove(at))
    }

    /// As the wire has them.
    pub fn members(&self) -> Vec<Member<'_>> {
        match self {
            Self::Plain(users) => users.iter().map(member).collect(),
            Self::Open(people) => people.iter().map(open_member).collect(),
        }
    }
}

/// A link, as somebody sees it.
pub struct Seen {
    /// The link.
    pub link: Link,
    /// Its owner.
    pub owner: LinkUser,
    /// Whether the one who sees it is in it.
    pub inside: bool,
    /// Whether he sees the pass code.
    pub code: bool,
}

impl Seen {
    /// The link as the asking user sees it.
    pub fn by(ask: &Ask<'_>, store: &dyn Store, link: Link) -> Result<Self, Refused> {
        let owner = person(store, link.id, link.owner_id)?.unwrap_or_default();
        let inside = link.owner_id == ask.user || person(store, link.id, ask.user)?.is_some();
        Ok(Self::new(ask, link, owner, inside))
    }

    /// The same, where owner and place are known.
    //= LINK-PRIVATE-1
    pub fn new(ask: &Ask<'_>, link: Link, owner: LinkUser, inside: bool) -> Self {
        let code = link.owner_id == ask.user || ask.config.quirks.has(Quirk::PassCodeLeaks);
        Self { link, owner, inside, code }
    }

    /// As the wire has it.
    //= LINK-DOCUMENT-1
    pub fn document(&self) -> OpenLink<'_> {
        let l = &self.link;
        let is_profile = l.kind == link_type::PROFILE;
        OpenLink {
            link_id: l.id,
            link_token: Some(l.token),
            link_name: Some(&l.name),
            link_url: Some(&l.url),
            link_image_url: Some(&l.image),
            owner: self.owner.document(),
            link_type: Some(l.kind),
            description: Some(&l.description),
            pass_code: self.code.then_some(l.pass_code.as_str()),
            pa: Some(l.pa),
            ac: Some(l.ac),
            sc: Some(l.sc),
            privilege: Some(if l.pass_code.is_empty() { ALLOWED } else { ALLOWED | NEEDS_PASS_CODE }),
            ml: (self.inside && !is_profile).then_some(l.limit),
            dcl: (self.inside && is_profile).then_some(l.limit),
            ..Default::default()
        }
    }
}

/// A profile as somebody chooses it: `ptp`, `nn`, `pp`, `pli`.
pub struct Choice<'a> {
    /// Which kind.
    pub kind: i32,
    /// The name, of one that is made up.
    pub nick_name: Option<&'a str>,
    /// The picture, of one that is made up.
    pub path: Option<&'a str>,
    /// The link, of one that is a profile link.
    pub link: Option<i64>,
}

impl Choice<'_> {
    /// What it looks like. Neither place nor rights are in it yet.
    //= LINK-PROFILE-1, LINK-PROFILE-2
    pub fn person(&self, ask: &Ask<'_>, store: &dyn Store) -> Result<LinkUser, Refused> {
        let bad = Refused::Status(status::BAD_BODY);
        let (nick_name, image, link) = match self.kind {
            profile_type::MAIN => (store.user(ask.user)?.map(|u| u.nick_name).unwrap_or_default(), String::new(), 0),
            profile_type::MADE_UP => {
                let name = self.nick_name.filter(|n| !n.is_empty()).ok_or(bad)?;
                (name.to_owned(), self.path.unwrap_or_default().to_owned(), 0)
            }
            profile_type::OPEN_PROFILE => {
                let link = live(store, self.link.ok_or(bad)?)?;
                if link.owner_id != ask.user || link.kind != link_type::PROFILE {
                    return Err(Refused::Status(status::LINK_UNAVAILABLE));
                }
                (link.name, link.image, link.id)
            }
            _ => return Err(bad),
        };
        Ok(LinkUser {
            user_id: ask.user,
            nick_name,
            full_image: image.clone(),
            original_image: image.clone(),
            image,
            member_type: member_type::NONE,
            profile_type: self.kind,
            profile_link_id: link,
            ..Default::default()
        })
    }
}

/// The token of the change that this request makes. Once for each request.
//= LINK-SYNC-2
pub fn next_token(store: &dyn Store, answer: &mut Answer) -> Result<i32, Refused> {
    let token = changes(store)?.saturating_add(1);
    answer.effects.push(put(Shelf::Links, (0, 0), &Changes { token }));
    Ok(token)
}

/// How many changes there were.
pub fn changes(store: &dyn Store) -> Result<i32, Refused> {
    Ok(find::<Changes>(store, Shelf::Links, (0, 0))?.map_or(0, |c| c.token))
}

/// Keeps a link.
pub fn keep_link(link: &Link, answer: &mut Answer) {
    answer.effects.push(put(Shelf::Links, (link.id, 0), link));
}

/// Keeps how a link shows somebody.
pub fn keep_person(link: i64, who: &LinkUser, answer: &mut Answer) {
    answer.effects.push(put(Shelf::LinkUsers, (link, who.user_id), who));
}

/// Puts a link on the list of a user, or takes it off.
pub fn list(user: i64, link: i64, listed: &Listed, answer: &mut Answer) {
    answer.effects.push(put(Shelf::LinksOf, (user, link), listed));
}

/// Somebody is in a link no longer.
pub fn forget_person(link: i64, user: i64, token: i32, answer: &mut Answer) {
    answer.effects.push(Effect::Remove { shelf: Shelf::LinkUsers, key: (link, user) });
    list(user, link, &Listed { token, gone: true }, answer);
}

/// A feed in a room, behind all logs that the answer has so far. It becomes the last log of `room`.
pub fn append_feed(ask: &Ask<'_>, room: &mut Room, message: String, answer: &mut Answer) -> Log {
    let last_log_id = ask.last_log_id.max(answer.last_log_id);
    let log = Log { message: Some(message), ..new_log(&Ask { last_log_id, ..*ask }, room) };
    answer.last_log_id = log.log_id;
    room.last_log_id = log.log_id;
    answer.effects.push(Effect::AppendLog(log.clone()));
    log
}

/// The users of a room.
pub fn ids(room: &Room) -> Vec<i64> {
    room.members.iter().map(|m| m.user_id).collect()
}

/// The users of a room but one.
pub fn ids_without(room: &Room, user: i64) -> Vec<i64> {
    room.members.iter().map(|m| m.user_id).filter(|id| *id != user).collect()
}
