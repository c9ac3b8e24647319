//! What a step is, in the world as it is when it is due. Everything is chosen by the generator of the step, from what its
//! device then knows; where there is nothing to choose from, nothing happens.

use super::step::{Do, Step};
use crate::proto::client::Action;
use crate::proto::entropy::Entropy;
use crate::sim::model::open::{Code, Which};
use crate::sim::sometimes::Place;
use crate::sim::world::World;

/// The settings of a room that members set: notice and title.
const METAS: [i32; 2] = [1, 3];
/// The kinds of reactions; 0 takes one back.
const REACTIONS: u64 = 7;
/// The most people whom a new room has besides its maker.
const OTHERS_MAX: u64 = 3;

/// What the client does.
pub(super) fn decide(world: &mut World, who: usize, step: &Step) -> Option<Action> {
    if !step.r#do.is_of(world.scenario.era_of(who)) {
        return None;
    }
    let (rooms, e) = (world.model.rooms_of(who), &mut step.choices());
    let room = pick(&rooms, e);
    match step.r#do {
        Do::Relogin => Some(Action::Logout),
        Do::Write => world.model.write(who, room?, step.len as usize),
        Do::Read => {
            let room = room?;
            // Now and then an old one: the mark must not go back.
            let back = if e.chance(1, 3) { usize::try_from(e.below(4)).unwrap_or_default() } else { 0 };
            world.model.mark_read(who, room, back)
        }
        Do::Open => world.model.open(who, room?),
        // The last two rooms are kept, so that there is something to say.
        Do::Leave if rooms.len() > 2 => world.model.leave(who, room?),
        Do::Leave => None,
        _ => {
            // They need a session: nothing waits for one.
            world.model.devices.get(who).filter(|d| d.online.is_some())?;
            match step.r#do {
                Do::Upload => world.model.upload(who, room?, step.len as usize, !e.chance(1, 6)),
                Do::Download | Do::Cwrite | Do::Upseen | Do::Chaton => carry(world, who, (step.r#do, room), e),
                what => request(world, who, (what, room), e),
            }
        }
    }
}

/// Files that come down, and what 2012 does in its own way.
fn carry(world: &mut World, who: usize, (what, room): (Do, Option<i64>), e: &mut Entropy) -> Option<Action> {
    match what {
        Do::Download => {
            let member = !e.chance(1, 4);
            let file = pick(&world.model.files(who, member), e)?;
            world.model.download(who, file)
        }
        Do::Cwrite => {
            let others = some(users(world, who), e);
            if others.is_empty() { None } else { world.model.write_to(who, others) }
        }
        Do::Upseen => {
            let back = if e.chance(1, 3) { usize::try_from(e.below(4)).unwrap_or_default() } else { 0 };
            world.model.upseen(who, room?, back)
        }
        Do::Chaton => world.model.chaton(who, room?),
        _ => None,
    }
}

/// What is done about open links: by who owns them, or by somebody else, who must be refused.
fn open_link(world: &mut World, who: usize, what: Do, e: &mut Entropy) -> Option<Action> {
    let model = &mut world.model;
    if what == Do::MakeLink {
        return model.make_link(who);
    }
    if what == Do::JoinLink {
        let again = model.open_links(who, Which::Kicked);
        let again = Some(again).filter(|all| !all.is_empty() && e.chance(2, 3));
        let kicked = again.is_some();
        let (link, _) = pick(&again.unwrap_or_else(|| model.open_links(who, Which::Outside)), e)?;
        let code = match (model.has_code(link), e.below(6)) {
            (true, 0 | 1) => Code::None,
            (true, 2) => Code::Wrong,
            (true, _) => Code::Right,
            (false, _) => Code::None,
        };
        let some = world.control.sometimes();
        if kicked {
            some.reach(Place::KickedTriesAgain);
        }
        if code == Code::None && model.has_code(link) {
            some.reach(Place::CodeNotSaid);
        }
        return model.join_link(who, link, code);
    }
    let which = if e.chance(1, 6) { Which::Inside } else { Which::Owned };
    let place = pick(&model.open_links(who, which), e)?;
    match what {
        Do::Kick | Do::HandOver => {
            let other = pick(&model.others_in(who, place.1), e)?;
            if what == Do::Kick { model.kick(who, place, other) } else { model.hand_over(who, place, other) }
        }
        Do::Forgive => {
            let other = pick(&model.kicked_of(place.0), e)?;
            model.forgive(who, place, other)
        }
        Do::PassCode => model.pass_code(who, place, e.chance(1, 3)),
        Do::DeleteLink => model.delete_link(who, place),
        _ => None,
    }
}

/// The requests that are answered to a ticket of their own.
fn request(world: &mut World, who: usize, (what, room): (Do, Option<i64>), e: &mut Entropy) -> Option<Action> {
    let model = &mut world.model;
    match what {
        Do::Delete | Do::Edit => {
            let (room, own) = (room?, !e.chance(1, 6));
            let target = pick(&model.texts(who, room, own), e)?;
            if what == Do::Delete { model.delete(who, room, &target, own) } else { model.edit(who, room, &target, own) }
        }
        Do::React => {
            let (room, own) = (room?, e.chance(1, 4));
            let (log, _) = pick(&model.texts(who, room, own), e)?;
            model.react(who, room, log, i32::try_from(e.below(REACTIONS)).unwrap_or_default())
        }
        Do::Fetch => {
            let room = room?;
            let logs: Vec<i64> =
                [true, false].into_iter().flat_map(|own| model.texts(who, room, own)).map(|(log, _)| log).collect();
            if logs.is_empty() { None } else { model.fetch(who, room, logs) }
        }
        Do::Forward => model.forward(who, room?),
        Do::Invite => {
            let stranger = pick(&model.strangers(room?), e)?;
            model.invite(who, room?, stranger)
        }
        Do::Create => {
            let others = some(users(world, who), e);
            if others.is_empty() { None } else { world.model.new_room(who, others) }
        }
        Do::SetMeta => {
            let kind = pick(&METAS, e)?;
            model.set_meta(who, room?, kind)
        }
        Do::OwnName => model.own_name(who, room?),
        Do::Mute => model.mute(who, room?, e.chance(1, 2)),
        Do::Block => {
            let (other, blocked) = (pick(&users(world, who), e)?, e.chance(1, 2));
            world.model.block(who, other, blocked)
        }
        _ => open_link(world, who, what, e),
    }
}

/// A few of them.
fn some(mut all: Vec<i64>, e: &mut Entropy) -> Vec<i64> {
    let n = usize::try_from(e.range(1, OTHERS_MAX)).unwrap_or(1).min(all.len());
    while all.len() > n {
        all.remove(usize::try_from(e.below(all.len() as u64)).unwrap_or_default());
    }
    all
}

/// All users but that of this client.
fn users(world: &World, who: usize) -> Vec<i64> {
    let me = world.model.devices.get(who).map(|d| d.user);
    let mut all: Vec<i64> = world.model.devices.iter().map(|d| d.user).collect();
    all.dedup();
    all.retain(|user| Some(*user) != me);
    all
}

fn pick<T: Clone>(of: &[T], e: &mut Entropy) -> Option<T> {
    // Drawn even from nothing, so that what is drawn behind it stays the same.
    let at = usize::try_from(e.below(of.len() as u64)).unwrap_or_default();
    of.get(at).cloned()
}
