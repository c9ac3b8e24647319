//! Who is in a room, as far as that can be known: a change in doubt leaves both possible, for as long as nothing that
//! began after it says otherwise.

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Acknowledged.
    Done,
    /// Refused, or never sent.
    Refused,
    /// Sent, and no answer is known.
    Doubt,
}

/// A user and a room.
#[derive(Clone, Debug)]
pub struct Place {
    /// In it from the beginning.
    pub founder: bool,
    /// Somebody has wanted him in, or he was in from the beginning.
    pub ever_in: bool,
    /// Somebody has wanted him out.
    pub ever_out: bool,
    may_in: bool,
    may_out: bool,
    open: u32,
    moves: u32,
}

/// A change under way.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    into: bool,
    number: u32,
    alone: bool,
    before: (bool, bool),
}

impl Place {
    /// Somebody who is in from the beginning, or one who is not.
    #[must_use]
    pub const fn new(founder: bool) -> Self {
        Self { founder, ever_in: founder, ever_out: false, may_in: founder, may_out: !founder, open: 0, moves: 0 }
    }

    /// In for sure.
    #[must_use]
    pub const fn is_in(&self) -> bool {
        self.may_in && !self.may_out
    }

    /// Out for sure.
    #[must_use]
    pub const fn is_out(&self) -> bool {
        self.may_out && !self.may_in
    }

    /// How often somebody has wanted him in or out.
    #[must_use]
    pub const fn moves(&self) -> u32 {
        self.moves
    }

    /// Somebody wants him in, or out.
    pub const fn begin(&mut self, into: bool) -> Move {
        let (alone, before) = (self.open == 0, (self.may_in, self.may_out));
        self.open += 1;
        self.moves += 1;
        if into {
            (self.may_in, self.ever_in) = (true, true);
        } else {
            (self.may_out, self.ever_out) = (true, true);
        }
        Move { into, number: self.moves, alone, before }
    }

    /// What came of it. One in doubt stays open for ever.
    pub fn end(&mut self, change: Move, how: Ending) {
        if how == Ending::Doubt {
            return;
        }
        self.open = self.open.saturating_sub(1);
        // Nothing else was under way at any time in between.
        if change.alone && self.moves == change.number {
            (self.may_in, self.may_out) = if how == Ending::Done { (change.into, !change.into) } else { change.before };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_is_out_and_who_is_invited_again_is_in() {
        let mut p = Place::new(true);
        assert!(p.is_in() && p.ever_in && !p.ever_out);
        let leave = p.begin(false);
        assert!(!p.is_in() && !p.is_out(), "it is under way");
        p.end(leave, Ending::Done);
        assert!(p.is_out());
        let invite = p.begin(true);
        p.end(invite, Ending::Refused);
        assert!(p.is_out(), "a refusal changes nothing");
        let invite = p.begin(true);
        p.end(invite, Ending::Done);
        assert!(p.is_in());
    }

    #[test]
    fn a_change_in_doubt_and_two_at_once_leave_both_possible() {
        let mut p = Place::new(true);
        let leave = p.begin(false);
        p.end(leave, Ending::Doubt);
        let invite = p.begin(true);
        p.end(invite, Ending::Done);
        assert!(!p.is_in() && !p.is_out(), "the leave may come behind");
        let mut p = Place::new(false);
        let (invite, kick) = (p.begin(true), p.begin(false));
        p.end(invite, Ending::Done);
        p.end(kick, Ending::Done);
        assert!(!p.is_in() && !p.is_out());
    }
}
