//! What a step is, in the world as it is when it is due. Everything is chosen by the generator of the step, from what its
//! device then knows; where there is nothing to choose from, nothing happens.

use super::step::{Do, Step};
use crate::proto::client::Action;
use crate::proto::entropy::Entropy;
use crate::proto::secure::Era;
use crate::sim::world::World;

/// The settings of a room that members set: notice and title.
const METAS: [i32; 2] = [1, 3];
/// The kinds of reactions; 0 takes one back.
const REACTIONS: u64 = 7;
/// The most people whom a new room has besides its maker.
const OTHERS_MAX: u64 = 3;

/// What the client does.
pub(super) fn decide(world: &mut World, who: usize, step: &Step) -> Option<Action> {
    if world.scenario.era == Era::E2012 && !step.r#do.is_old() {
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
            Some(Action::MarkRead { room, log_id: world.model.seen(who, room, back)? })
        }
        Do::Open => world.model.open(who, room?),
        // The last two rooms are kept, so that there is something to say.
        Do::Leave if rooms.len() > 2 => world.model.leave(who, room?),
        Do::Leave => None,
        _ => request(world, who, (step.r#do, room), e),
    }
}

/// The requests that are answered to a ticket of their own. They need a session: nothing waits for one.
fn request(world: &mut World, who: usize, (what, room): (Do, Option<i64>), e: &mut Entropy) -> Option<Action> {
    let model = &mut world.model;
    model.devices.get(who).filter(|d| d.online.is_some())?;
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
            let mut others = users(world, who);
            let n = usize::try_from(e.range(1, OTHERS_MAX)).unwrap_or(1).min(others.len());
            while others.len() > n {
                others.remove(usize::try_from(e.below(others.len() as u64)).unwrap_or_default());
            }
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
        Do::Relogin | Do::Write | Do::Read | Do::Open | Do::Leave => None,
    }
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
