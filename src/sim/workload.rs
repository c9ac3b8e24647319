//! What the users do: a script of steps, drawn from the seed before the run where the scenario has none. Which message
//! is read and which room is left is decided when it happens, from what the device then knows.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`step`] | one operation of one client, as data |
//! | [`mix`] | how often each operation is drawn |
//! | `act` | what a step is, in the world as it is when it is due |
//! | `unroll` | from a mix to a script, and what is left of one when clients go |

mod act;
pub mod mix;
pub mod step;
mod unroll;

use std::time::Duration;

use self::step::{Do, Step};
use super::world::World;
use crate::proto::client::Action;
use crate::proto::entropy::Entropy;

#[derive(Debug)]
enum Job {
    Login,
    Step(Step),
}

/// The actions of all users.
#[derive(Debug)]
pub struct Workload {
    /// When, and which client. The next one last.
    todo: Vec<(Duration, usize, Job)>,
}

impl Workload {
    /// The actions of the world's scenario. Every client logs in soon after the start, without a step that says so.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let mut todo = Vec::new();
        for (i, client) in world.scenario.client_names().iter().enumerate() {
            let arrives = Entropy::named(world.scenario.seed, &format!("arrive/{client}")).below(unroll::ARRIVE_MS_MAX);
            todo.push((Duration::from_millis(arrives), i, Job::Login));
        }
        for step in world.scenario.unrolled().workload.script {
            let Some(who) = world.client(&step.client) else { continue };
            let at = step.at.0;
            if step.r#do == Do::Relogin {
                todo.push((at + step.r#for.0, who, Job::Login));
            }
            todo.push((at, who, Job::Step(step)));
        }
        // Stable, and the next one last: of two at once the later one in the script comes first.
        todo.reverse();
        todo.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
        Self { todo }
    }

    /// Does what is due. Call it before each step.
    pub fn act(&mut self, world: &mut World) {
        let now = world.elapsed();
        while let Some((_, who, job)) = self.todo.pop_if(|(at, ..)| *at <= now) {
            let action = match &job {
                Job::Login => Some(Action::Login),
                Job::Step(step) => act::decide(world, who, step),
            };
            if let Some(action) = action {
                world.act(who, action);
            }
        }
    }
}
