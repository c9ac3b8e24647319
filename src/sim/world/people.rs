//! What faults do to people: clocks that run off, tokens that expire, and who asks for a login again.

use super::{USER_BASE, World};
use crate::proto::client::Action;

impl World {
    /// The id of the user of this name; nothing when there is none.
    pub fn users(&self, name: &str) -> impl Iterator<Item = i64> + use<> {
        let n = name.strip_prefix('u').and_then(|n| n.parse::<i64>().ok());
        n.map(|n| USER_BASE + n).into_iter()
    }

    /// Users who were refused and whose tokens are valid log in again.
    pub fn log_in_again(&mut self) {
        for i in std::mem::take(&mut self.refused) {
            match self.model.devices.get(i) {
                Some(d) if self.tokens.expired_since(d.user).is_some() => {
                    self.refused.insert(i);
                }
                Some(d) if d.wants && d.online.is_none() => self.act(i, Action::Login),
                _ => {}
            }
        }
    }

    /// The clock of a client runs at this rate from now on.
    pub fn set_rate(&self, label: &str, permille: u32) {
        if let Some(c) = self.clients.iter().find(|c| &*c.label == label) {
            c.clock.set_rate(permille);
            self.control.set_rate(&c.label, permille);
        }
    }
}
