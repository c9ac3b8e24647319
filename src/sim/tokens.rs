//! Tokens that are no longer valid: what an operator has told the store of each user, and for how long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::net::serve::Operator;
use crate::proto::server::records::account::{AccountState, STATE};
use crate::proto::server::store::{Shelf, put};
use crate::proto::time::Time;

#[derive(Debug, Default)]
struct State {
    /// Since when the token of a user is expired; nothing once it is renewed.
    expired: BTreeMap<i64, Option<Time>>,
    version: u64,
}

/// The tokens of all users. Clones are handles on the same ones.
#[derive(Clone, Debug, Default)]
pub struct Tokens(Arc<Mutex<State>>);

impl Tokens {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token of this user expires now.
    pub fn expire(&self, user: i64, now: Time) {
        let mut s = self.lock();
        s.expired.insert(user, Some(now));
        s.version += 1;
    }

    /// The token of this user is valid again.
    pub fn renew(&self, user: i64) {
        let mut s = self.lock();
        s.expired.insert(user, None);
        s.version += 1;
    }

    /// All tokens are valid: whose were not.
    pub fn renew_all(&self) -> Vec<i64> {
        let expired: Vec<i64> = self.lock().expired.iter().filter(|(_, at)| at.is_some()).map(|(u, _)| *u).collect();
        expired.iter().for_each(|user| self.renew(*user));
        expired
    }

    /// Since when the token of this user is expired.
    #[must_use]
    pub fn expired_since(&self, user: i64) -> Option<Time> {
        self.lock().expired.get(&user).copied().flatten()
    }

    /// Who tells the store of one life of the server: everything at its start, and whatever is new.
    #[must_use]
    pub fn operator(&self) -> Operator {
        let (tokens, mut told) = (self.clone(), 0);
        Box::new(move || {
            let s = tokens.lock();
            if s.version == told {
                return Vec::new();
            }
            told = s.version;
            let state = |(user, at): (&i64, &Option<Time>)| {
                let token_expires_at = at.map_or(0, |at| i64::try_from(at.unix_secs()).unwrap_or(i64::MAX));
                put(Shelf::Accounts, (*user, STATE), &AccountState { token_expires_at, ..AccountState::default() })
            };
            s.expired.iter().map(state).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_life_hears_everything_once_and_then_what_is_new() {
        let tokens = Tokens::default();
        let mut first = tokens.operator();
        assert_eq!(first().len(), 0);
        tokens.expire(1001, Time::from_secs(9));
        tokens.expire(1002, Time::from_secs(10));
        assert_eq!((first().len(), first().len()), (2, 0));
        assert_eq!(tokens.expired_since(1001), Some(Time::from_secs(9)));
        tokens.renew(1001);
        assert_eq!((first().len(), tokens.operator()().len()), (2, 2));
        assert_eq!((tokens.expired_since(1001), tokens.renew_all()), (None, vec![1002]));
    }
}
