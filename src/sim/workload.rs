//! What the users do, drawn from the seed before the run: who, when, what. Which message is read and which room is
//! left is decided when it happens, from what the device then knows.

use std::time::Duration;

use super::world::World;
use crate::proto::client::Action;
use crate::proto::entropy::Entropy;

/// How long a user stays away between logging out and in again, at most.
const AWAY_MS_MAX: u64 = 4000;
/// Clients log in within this at the start.
const ARRIVE_MS_MAX: u64 = 2000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Login,
    Logout,
    Write { len: usize },
    Read,
    Open,
    Leave,
}

/// The actions of all users.
#[derive(Debug)]
pub struct Workload {
    /// The next one last.
    todo: Vec<(Duration, usize, usize, What)>,
    entropy: Entropy,
}

impl Workload {
    /// The actions of the world's scenario.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let (spec, clients) = (&world.scenario.workload, world.clients());
        let e = &mut Entropy::named(world.scenario.seed, "workload");
        let mut todo = Vec::new();
        let ms = Duration::from_millis;
        for i in 0..clients {
            todo.push((ms(e.below(ARRIVE_MS_MAX)), i, What::Login));
        }
        let end = u64::try_from(world.scenario.heal_at.0.as_millis()).unwrap_or(u64::MAX);
        for _ in 0..spec.actions {
            let at = e.range(ARRIVE_MS_MAX.min(end), end);
            let who = usize::try_from(e.below(clients as u64)).unwrap_or_default();
            match draw(&spec.mix, e) {
                Some(What::Logout) => {
                    todo.push((ms(at), who, What::Logout));
                    todo.push((ms(at + e.range(100, AWAY_MS_MAX)), who, What::Login));
                }
                Some(What::Write { .. }) => {
                    let long = e.chance(1, 6);
                    let len = e.range(1, if long { spec.text_max.into() } else { 60 });
                    todo.push((ms(at), who, What::Write { len: usize::try_from(len).unwrap_or_default() }));
                }
                Some(what) => todo.push((ms(at), who, what)),
                None => {}
            }
        }
        let mut todo: Vec<_> = todo.into_iter().enumerate().map(|(n, (at, who, what))| (at, n, who, what)).collect();
        todo.sort_by_key(|(at, n, ..)| std::cmp::Reverse((*at, *n)));
        Self { todo, entropy: Entropy::named(world.scenario.seed, "choices") }
    }

    /// Does what is due. Call it before each step.
    pub fn act(&mut self, world: &mut World) {
        let now = world.elapsed();
        while let Some((_, _, who, what)) = self.todo.pop_if(|(at, ..)| *at <= now) {
            if let Some(action) = self.decide(world, who, what) {
                world.act(who, action);
            }
        }
    }

    fn decide(&mut self, world: &mut World, who: usize, what: What) -> Option<Action> {
        let rooms = world.model.rooms_of(who);
        let e = &mut self.entropy;
        let room = rooms.get(usize::try_from(e.below(rooms.len() as u64)).unwrap_or_default()).copied();
        match what {
            What::Login => Some(Action::Login),
            What::Logout => Some(Action::Logout),
            What::Write { len } => world.model.write(who, room?, len),
            What::Read => {
                let room = room?;
                // Now and then an old one: the mark must not go back.
                let back = if e.chance(1, 3) { usize::try_from(e.below(4)).unwrap_or_default() } else { 0 };
                Some(Action::MarkRead { room, log_id: world.model.seen(who, room, back)? })
            }
            What::Open => world.model.open(who, room?),
            // The last two rooms are kept, so that there is something to say.
            What::Leave if rooms.len() > 2 => world.model.leave(who, room?),
            What::Leave => None,
        }
    }
}

fn draw(mix: &super::scenario::Mix, e: &mut Entropy) -> Option<What> {
    let mut n = e.below(mix.sum());
    let kinds = [
        (mix.write, What::Write { len: 0 }),
        (mix.read, What::Read),
        (mix.open, What::Open),
        (mix.leave, What::Leave),
        (mix.relogin, What::Logout),
    ];
    for (weight, what) in kinds {
        match n.checked_sub(u64::from(weight)) {
            None => return Some(what),
            Some(left) => n = left,
        }
    }
    None
}
