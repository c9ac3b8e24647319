//! Open links: the link, the people in it, those who were kicked out, and what each user has on his list.

use crate::proto::command::field::bodies;
use crate::proto::command::types::{KickedMember, OpenLinkUser};

/// What stands before the number in the address of a link. Nobody is there: the name is reserved for that.
const ADDRESS: &str = "https://open.locospec.invalid/o/";
/// The digits of the number.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// What `mt`, `lmt` and `mts` say (loco-modern §6.6).
pub mod member_type {
    /// The owner.
    pub const OWNER: i32 = 1;
    /// Nothing special.
    pub const NONE: i32 = 2;
    /// A manager.
    pub const MANAGER: i32 = 4;
}

/// What `ptp` says (loco-modern §6.6).
pub mod profile_type {
    /// The main profile.
    pub const MAIN: i32 = 1;
    /// A name and a picture made up for the link.
    pub const MADE_UP: i32 = 2;
    /// A profile link.
    pub const OPEN_PROFILE: i32 = 16;
}

/// What `lt` says (loco-modern §6.6).
pub mod link_type {
    /// A profile.
    pub const PROFILE: i32 = 1;
    /// A room.
    pub const ROOM: i32 = 2;
    /// A community room.
    pub const COMMUNITY: i32 = 8;
}

bodies! {
    /// An open link, on `Shelf::Links`.
    Link {
        /// The link.
        id: i64 = "li",
        /// Its token: the count of all changes to links, when this one changed last.
        token: i32 = "otk",
        /// Whose it is.
        owner_id: i64 = "owner",
        /// A profile, a room or a community room.
        kind: i32 = "lt",
        /// Its name.
        name: String = "ln",
        /// Its address.
        url: String = "lu",
        /// Its picture, "" for none.
        image: String = "lip",
        /// Its description, "" for none.
        description: String = "desc",
        /// The code that one needs to join, "" for none.
        pass_code: String = "pc",
        /// The token at which the code was set: join tokens die with it.
        pass_token: i32 = "pct",
        /// Unknown.
        pa: bool = "pa",
        /// Unknown.
        ac: bool = "ac",
        /// Unknown.
        sc: bool = "sc",
        /// The most members of its room, or the most rooms of a profile.
        limit: i32 = "limit",
        /// Its room, 0 for a profile.
        chat_id: i64 = "c",
        /// Unix seconds.
        created_at: i64 = "at",
        /// Whether it is gone.
        deleted: bool = "gone",
    }

    /// A person as a link shows him, on `Shelf::LinkUsers`.
    LinkUser {
        /// The user.
        user_id: i64 = "userId",
        /// His name there.
        nick_name: String = "nn",
        /// His picture there, "" for none.
        image: String = "pi",
        /// The same in full.
        full_image: String = "fpi",
        /// The same as it was sent in.
        original_image: String = "opi",
        /// What he may do.
        member_type: i32 = "lmt",
        /// Which profile it is.
        profile_type: i32 = "ptp",
        /// The profile link that it is, 0 for none.
        profile_link_id: i64 = "pli",
        /// The token of the profile: rises with each change.
        token: i32 = "opt",
        /// A mask; nothing is given to anybody yet.
        privilege: i32 = "pv",
        /// The room in which he is by this link; 0 for the owner of a profile, who is in many.
        chat_id: i64 = "c",
        /// Whom he has blinded.
        blinded: Vec<i64> = "blinded",
    }

    /// Somebody who was kicked out of a link, on `Shelf::Kicked`.
    Kicked {
        /// The user.
        user_id: i64 = "userId",
        /// The name that he had there.
        nick_name: String = "nn",
        /// The picture that he had there.
        image: String = "pi",
        /// The room.
        chat_id: i64 = "c",
        /// Whether he has taken the room off his list since.
        left: bool = "left",
    }

    /// A link on the list of a user, on `Shelf::LinksOf`.
    Listed {
        /// The token at which it came onto the list or went.
        token: i32 = "t",
        /// Whether it went.
        gone: bool = "gone",
    }

    /// How many changes to links there were, on `Shelf::Links` under link 0.
    Changes {
        /// The last token.
        token: i32 = "otk",
    }
}

impl LinkUser {
    /// As the wire has it.
    #[must_use]
    pub fn document(&self) -> OpenLinkUser<'_> {
        OpenLinkUser {
            user_id: self.user_id,
            nick_name: &self.nick_name,
            profile_image_url: Some(&self.image),
            full_profile_image_url: Some(&self.full_image),
            original_profile_image_url: Some(&self.original_image),
            member_type: self.member_type,
            profile_type: self.profile_type,
            profile_link_id: (self.profile_link_id != 0).then_some(self.profile_link_id),
            open_token: self.token,
            privilege: self.privilege,
        }
    }

    /// Whether he may kick, and see who was kicked.
    #[must_use]
    pub const fn may_kick(&self) -> bool {
        matches!(self.member_type, member_type::OWNER | member_type::MANAGER)
    }
}

impl Kicked {
    /// As the wire has it.
    #[must_use]
    pub fn document(&self) -> KickedMember<'_> {
        KickedMember {
            user_id: self.user_id,
            nick_name: &self.nick_name,
            profile_image_url: Some(&self.image),
            chat_id: self.chat_id,
            dc: Some(false),
        }
    }
}

/// The address of a link: its number in base 36.
//= LINK-URL-1
#[must_use]
pub fn url(id: i64) -> String {
    let (mut digits, mut rest) = (Vec::<u8>::new(), id.unsigned_abs());
    while digits.is_empty() || rest > 0 {
        digits.extend(DIGITS.get((rest % 36) as usize));
        rest /= 36;
    }
    let number = digits.iter().rev().map(|d| char::from(*d));
    ADDRESS.chars().chain(number).collect()
}

/// The link that an address names: exactly the one whose address it is.
#[must_use]
pub fn id_of(address: &str) -> Option<i64> {
    let id = i64::from_str_radix(address.strip_prefix(ADDRESS)?, 36).ok()?;
    (id > 0 && url(id) == address).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_back_as_its_link() {
        for id in [1, 35, 36, 1295, 503_111_222_333_444_555, i64::MAX] {
            assert_eq!(id_of(&url(id)), Some(id), "{}", url(id));
        }
        assert_eq!(url(36), "https://open.locospec.invalid/o/10");
    }

    #[test]
    fn no_other_address_is_that_of_a_link() {
        let wrong = ["", "10", "/o/10", "https://open.locospec.invalid/o/", "https://open.locospec.invalid/o/0"];
        let near =
            ["010", "+10", "-10", "1Z", "10/", "10?x=1", " 10", "zzzzzzzzzzzzzz"].map(|n| format!("{ADDRESS}{n}"));
        for address in wrong.iter().copied().chain(near.iter().map(String::as_str)) {
            assert_eq!(id_of(address), None, "{address}");
        }
    }
}
