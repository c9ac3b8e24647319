//! Stub until the secure branch lands.
/// Era.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Era {
    /// a
    E2012,
    /// b
    E2019,
    /// c
    E2023,
    /// d
    E2025,
}
