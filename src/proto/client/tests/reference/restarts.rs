//! Clients that die and come back with what they remember, at any moment, in the same world.

use super::{Action, Client, Entropy, Era, Input, Parcel, Quirk, Quirks, World, broken, run_with};
use crate::proto::client::Memory;

impl World {
    /// A client dies and comes back with what it remembers; what it has sent may still arrive.
    pub(super) fn restart(&mut self, device: usize) {
        for wire in 0..self.wires.len() {
            if self.wires[wire].device == device && !self.wires[wire].orphan {
                self.wires[wire].orphan = true;
                self.post(wire, Parcel::ClosedByClient);
            }
        }
        self.restarts += 1;
        let d = &mut self.devices[device];
        let memory = Memory::from_bytes(&d.client.remember().to_bytes()).expect("its own bytes");
        let entropy = Entropy::named(self.restarts, "come back");
        d.client = Client::resume(d.client.config().clone(), entropy, memory).expect("its own memory");
        self.tell_client(device, Input::Do(Action::Login));
    }
}

#[test]
fn restarts_at_any_moment_lose_and_double_nothing() {
    let mut restarts = 0;
    for era in Era::ALL {
        for seed in 0..6 {
            let w = run_with(era, seed, Quirks::NONE, true);
            assert_eq!(broken(&w), None, "{era} seed {seed}");
            restarts += w.restarts;
        }
    }
    assert!(restarts > 200, "{restarts}");
    let blind = Quirks::NONE.with(Quirk::ResendsBlindly);
    assert!((0..20).any(|seed| broken(&run_with(Era::E2025, seed, blind, true)).is_some()), "it would be seen");
}
