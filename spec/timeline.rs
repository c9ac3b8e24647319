//! What the judge shows of a run is in the words of the cases: who wrote one finds in it what he wrote.

use crate::usage::locospec;

#[test]
fn a_timeline_speaks_the_words_of_the_cases() {
    let quirk = ["--quirk", "takes-doubt-for-failure"];
    let case = ["--seeds", "0", "--verbose", "chat.lost-acknowledgement[2025]"];
    let output = locospec(&[&["check"], &quirk[..], &case[..]].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("timeline-of-a-client", text));
}
