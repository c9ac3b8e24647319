//! Who may come in: the version of the app, the token, the account.

use crate::proto::command::status;
use crate::proto::quirk::Quirk;
use crate::proto::server::dispatch::{Ask, Refused};
use crate::proto::server::records::account::{AccountState, STATE};
use crate::proto::server::store::{Shelf, Store, User, find};

/// Refuses an app that is older than the server wants. One that does not say its version is not judged.
//= LOGIN-VERSION-1
pub(super) fn version(ask: &Ask<'_>, app_ver: Option<&str>) -> Result<(), Refused> {
    match (&ask.config.min_version, app_ver) {
        (Some(min), Some(have)) if older(have, min) && !ask.config.quirks.has(Quirk::AcceptsOldVersion) => {
            Err(Refused::Status(status::UPDATE_REQUIRED))
        }
        _ => Ok(()),
    }
}

/// Whether `have` is below `min`: number by number between the dots, what is missing or no number being 0.
fn older(have: &str, min: &str) -> bool {
    let (mut have, mut min) = (have.split('.'), min.split('.'));
    let number = |part: Option<&str>| part.and_then(|p| p.parse::<u64>().ok()).unwrap_or(0);
    loop {
        let (h, m) = (have.next(), min.next());
        if h.is_none() && m.is_none() {
            return false;
        }
        let (h, m) = (number(h), number(m));
        if h != m {
            return h < m;
        }
    }
}

/// The user who logs in with this token and this app. The version is looked at first, the account last: a stranger
/// learns nothing about accounts.
pub(super) fn admit(ask: &Ask<'_>, store: &dyn Store, token: &str, app_ver: &str) -> Result<User, Refused> {
    version(ask, Some(app_ver))?;
    let user = by_token(ask, store, token)?;
    let state: AccountState = find(store, Shelf::Accounts, (user.id, STATE))?.unwrap_or_default();
    // Only here: a session that began in time is not looked at again.
    //= LOGIN-EXPIRED-1, LOGIN-EXPIRED-2
    let expires = u64::try_from(state.token_expires_at).unwrap_or_default();
    if expires != 0 && ask.now.unix_secs() >= expires && !ask.config.quirks.has(Quirk::AcceptsExpiredToken) {
        return Err(Refused::Status(status::BAD_TOKEN));
    }
    //= LOGIN-RESTRICTED-1
    if state.restricted {
        return Err(Refused::Status(status::RESTRICTED));
    }
    Ok(user)
}

fn by_token(ask: &Ask<'_>, store: &dyn Store, token: &str) -> Result<User, Refused> {
    //= LOGIN-TOKEN-1
    match store.user_by_token(token)? {
        Some(user) => Ok(user),
        None if ask.config.quirks.has(Quirk::AcceptsAnyToken) => {
            store.user(1001)?.ok_or(Refused::Status(status::BAD_TOKEN))
        }
        None => Err(Refused::Status(status::BAD_TOKEN)),
    }
}

#[cfg(test)]
mod tests {
    use super::older;

    #[test]
    fn versions_are_compared_number_by_number() {
        for (have, min) in [("9.9.9", "10.0.0"), ("10", "10.0.1"), ("", "1"), ("3.4.7", "3.4.10"), ("beta", "0.1")] {
            assert!(older(have, min), "{have} < {min}");
        }
        for (have, min) in [("10.0.0", "10.0.0"), ("10.0.0.1", "10.0.0"), ("10", "10.0.0"), ("26.8.0", "3.4.7")] {
            assert!(!older(have, min), "{have} >= {min}");
        }
        assert!(!older("1.x", "1.0"), "what is no number is 0");
    }
}
