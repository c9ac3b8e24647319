//! Delta debugging of a list: the largest pieces go first, then smaller ones, then single items until none can go.

use std::ops::Range;

/// Takes out of `items` what is not needed. `first` is shown shorter lists, in order, and gives the place of the first
/// that still does what the whole list did, or `None`; it may stop early when it has looked at enough.
///
/// Pieces are tried from the end of the list: what came after the failure goes soonest. When `first` looked at all that
/// it was shown, no single item of the result can be taken out: it is 1-minimal.
pub fn ddmin<T: Clone>(
    mut items: Vec<T>,
    mut first: impl FnMut(&mut dyn Iterator<Item = Vec<T>>) -> Option<usize>,
) -> Vec<T> {
    let mut piece = items.len();
    while piece > 0 {
        let (mut end, mut any) = (items.len(), false);
        while end > 0 {
            let cuts = pieces(end, piece);
            let found = first(&mut cuts.iter().map(|cut| without(&items, cut)));
            let Some(cut) = found.and_then(|k| cuts.get(k)) else { break };
            items.drain(cut.clone());
            (end, any) = (cut.start, true);
        }
        // Single items are tried until a whole round of them takes none out.
        if !(any && piece == 1) {
            piece /= 2;
        }
        piece = piece.min(items.len());
    }
    items
}

/// The pieces of `0..end` of this length, the last one first; the first may be shorter.
fn pieces(end: usize, piece: usize) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let mut end = end;
    while end > 0 {
        let start = end.saturating_sub(piece.max(1));
        cuts.push(start..end);
        end = start;
    }
    cuts
}

fn without<T: Clone>(items: &[T], cut: &Range<usize>) -> Vec<T> {
    items.iter().enumerate().filter(|(i, _)| !cut.contains(i)).map(|(_, item)| item.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Shrinks `0..n` under a test; gives the result and how often the test was asked.
    fn shrunk(n: u32, fails: impl Fn(&[u32]) -> bool) -> (Vec<u32>, usize) {
        let mut asked = 0;
        let left = ddmin((0..n).collect(), |mut lists| {
            Iterator::position(&mut lists, |list| {
                asked += 1;
                fails(&list)
            })
        });
        (left, asked)
    }

    #[test]
    fn one_guilty_of_many_is_found_in_few_tries() {
        let (left, asked) = shrunk(1000, |list| list.contains(&617));
        assert_eq!(left, [617]);
        assert!(asked < 60, "{asked} tries");
    }

    #[test]
    fn two_that_belong_together_stay() {
        let (left, asked) = shrunk(40, |list| list.contains(&3) && list.contains(&31));
        assert_eq!(left, [3, 31]);
        assert!(asked < 80, "{asked} tries");
    }

    #[test]
    fn what_fails_without_anything_becomes_empty_at_once() {
        assert_eq!(shrunk(40, |_| true), (vec![], 1));
        assert_eq!(shrunk(0, |_| true), (vec![], 0));
    }

    #[test]
    fn nothing_goes_when_all_are_needed() {
        assert_eq!(shrunk(9, |list| list.len() == 9).0.len(), 9);
    }

    proptest! {
        /// Whatever is guilty: a set that must be there, or a number of items of one kind.
        #[test]
        fn the_result_fails_and_is_1_minimal(
            n in 1u32..60,
            guilty in prop::collection::btree_set(0u32..60, 0..6),
            (modulo, at_least) in (1u32..5, 0usize..4),
        ) {
            let guilty: BTreeSet<u32> = guilty.into_iter().filter(|g| *g < n).collect();
            let fails = |list: &[u32]| {
                guilty.iter().all(|g| list.contains(g))
                    || (at_least > 0 && list.iter().filter(|i| *i % modulo == 0).count() >= at_least)
            };
            prop_assume!(fails(&(0..n).collect::<Vec<_>>()));
            let (left, _) = shrunk(n, fails);
            prop_assert!(fails(&left));
            for i in 0..left.len() {
                prop_assert!(!fails(&without(&left, &(i..i + 1))), "{left:?} can do without {}", left[i]);
            }
        }
    }
}
