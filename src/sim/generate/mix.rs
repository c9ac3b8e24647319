//! How often each operation is drawn. Besides writing and reading they are in groups, each on with p = 1/2.

use super::draw;
use crate::proto::entropy::Entropy;
use crate::proto::secure::Era;
use crate::sim::scenario::Mix;

/// So many actions more for each group of those that take several steps to get anywhere.
const EXTRA: u32 = 25;

/// The mix of a seed whose clients are of this generation.
pub(super) fn mix(seed: u64, era: Era, e: &mut Entropy) -> Mix {
    let (read, open, leave, relogin) = (draw(e, 0, 2), draw(e, 0, 1), draw(e, 0, 1), draw(e, 0, 1));
    let e = &mut Entropy::named(seed, "generate/operations");
    let (messages, people, settings) = (e.chance(1, 2), e.chance(1, 2), e.chance(1, 2));
    let mut up_to = |on: bool, most| if on { draw(e, 0, most) } else { 0 };
    let mix = Mix {
        write: 8,
        read,
        open,
        leave,
        relogin,
        delete: up_to(messages, 2),
        edit: up_to(messages, 2),
        react: up_to(messages, 2),
        fetch: up_to(messages, 2),
        forward: up_to(messages, 2),
        invite: up_to(people, 2),
        create: up_to(people, 1),
        set_meta: up_to(settings, 2),
        own_name: up_to(settings, 1),
        mute: up_to(settings, 1),
        block: up_to(settings, 1),
        ..Mix::default()
    };
    more(mix, seed, era)
}

/// The groups that came later, from a stream of their own. An open link needs several of its steps to get anywhere.
fn more(mix: Mix, seed: u64, era: Era) -> Mix {
    let e = &mut Entropy::named(seed, "generate/operations/more");
    let (files, links, old) = (e.chance(1, 2), e.chance(1, 2), e.chance(1, 2));
    let mut from = |on: bool, least, most| if on { draw(e, least, most) } else { 0 };
    let modern = era.is_modern();
    let mix = Mix {
        upload: from(files && modern, 2, 4),
        download: from(files && modern, 2, 5),
        make_link: from(links && modern, 1, 2),
        join_link: from(links && modern, 3, 6),
        kick: from(links && modern, 1, 3),
        forgive: from(links && modern, 0, 1),
        hand_over: from(links && modern, 0, 2),
        pass_code: from(links && modern, 1, 2),
        ..mix
    };
    let delete_link = u32::from(links && modern && from(true, 0, 2) == 0);
    let (cwrite, upseen, chaton) = (from(old && !modern, 1, 3), from(old && !modern, 1, 3), from(old && !modern, 1, 1));
    Mix { delete_link, cwrite, upseen, chaton, ..mix }
}

/// Forms of 2012 beside the others, where some clients are of 2012.
pub(super) fn with_old(mix: Mix, e: &mut Entropy) -> Mix {
    Mix { cwrite: draw(e, 0, 2), upseen: draw(e, 0, 2), chaton: draw(e, 0, 1), ..mix }
}

/// Actions on top of those that a scenario has without these groups.
pub(super) fn extra(mix: &Mix) -> u32 {
    let groups = [mix.upload > 0, mix.make_link > 0];
    groups.into_iter().map(|on| if on { EXTRA } else { 0 }).sum()
}
