//! Which cases run, and why the others do not.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use super::super::Failure;
use super::CheckArgs;
use super::source::Source;
use crate::spec::catalogue::page;
use crate::spec::corpus::Corpus;
use crate::spec::format::requirement::Level;
use crate::spec::format::sut::Sut;
use crate::spec::format::{Case, Role};
use crate::spec::judge::{Plan, is_named, levels, split_check};
use crate::spec::run::Options;
use crate::spec::yaml::Located;

/// Instances that are named where one is asked for that there is not.
const INSTANCES_MAX: usize = 8;

/// A level by its name.
pub fn level(word: &str) -> Result<Level, String> {
    match word.to_ascii_lowercase().as_str() {
        "must" => Ok(Level::Must),
        "should" => Ok(Level::Should),
        "may" => Ok(Level::May),
        "info" => Ok(Level::Info),
        _ => Err("one of must, should, may, info".into()),
    }
}

/// The plan that the arguments ask for.
///
/// # Errors
/// A requirement, tag or profile that there is not; nothing that fits.
pub fn plan(corpus: &Corpus, args: &CheckArgs, sut: &Sut, reference: bool) -> Result<Plan, Failure> {
    let mut options = Options { timeout: args.timeout.map(|s| s.0), retries: args.retry, ..Options::default() };
    options.eras.retain(|e| sut.eras.has(*e) && (args.era.is_empty() || args.era.contains(e)));
    // An instance by its name: its case, and the instance alone.
    let mut only = Vec::new();
    for word in &args.only {
        let (word, _) = split_check(word);
        if word.contains('[') {
            options.instances.push(word.to_owned());
        }
        only.push(word.to_owned());
    }
    if let Some(word) = only.iter().find(|w| !corpus.cases.iter().any(|c| is_named(c, w))) {
        let near = nearest(word.split('[').next().unwrap_or(word), names(corpus).iter().map(String::as_str));
        return Err(Failure::usage(format!("no case has `{word}` in its name or path, or as a tag{near}")));
    }
    if let Some(era) = args.era.iter().find(|e| !sut.eras.has(**e)) {
        return Err(Failure::usage(format!("{}: `eras` does not have {era}, which --era asks for", sut.name)));
    }
    let ids = levels(corpus);
    if let Some(r) = args.requirement.iter().find(|r| !ids.contains_key(r.as_str())) {
        let near = nearest(r, ids.keys().copied());
        return Err(Failure::usage(format!("no requirement is called `{r}`{near}")));
    }
    let tags: BTreeSet<&str> = corpus.cases.iter().flat_map(|c| c.value.tags.iter().map(String::as_str)).collect();
    if let Some(t) = args.tag.iter().find(|t| !tags.contains(t.as_str())) {
        let all: Vec<&str> = tags.iter().copied().collect();
        return Err(Failure::usage(format!("no case has the tag `{t}`; there are: {}", all.join(", "))));
    }
    let profiles: BTreeSet<&str> =
        corpus.profiles.iter().flat_map(|f| f.value.profiles.iter().map(|p| p.id.as_str())).collect();
    if let Some(p) = sut.profiles.iter().flatten().find(|p| !profiles.contains(p.as_str())) {
        let near = nearest(p, profiles.iter().copied());
        return Err(Failure::usage(format!("{}: no profile is called `{p}`{near}", sut.name)));
    }
    let plan = Plan {
        only,
        requirements: args.requirement.clone(),
        tags: args.tag.clone(),
        level: args.level,
        roles: if reference { Vec::new() } else { vec![sut.role] },
        options,
    };
    let cases = plan.cases(corpus);
    let any = |c: &&Located<Case>| plan.options.instances_of(&c.value).is_ok_and(|all| !all.is_empty());
    if !cases.iter().any(any) {
        let with: Vec<String> = cases.iter().flat_map(|c| its_instances(&c.value, &plan.options)).collect();
        return Err(Failure::usage(nothing(args, sut, reference) + &near_instance(&plan.options.instances, &with)));
    }
    Ok(plan)
}

/// All instances of a case in these eras, by name.
fn its_instances(case: &Case, options: &Options) -> Vec<String> {
    let all = Options { eras: options.eras.clone(), ..Options::default() };
    all.instances_of(case).unwrap_or_default().into_iter().map(|i| i.id).collect()
}

/// What there is instead of instances that there are not.
fn near_instance(asked: &[String], all: &[String]) -> String {
    if asked.is_empty() || all.is_empty() {
        return String::new();
    }
    let more = all.len().saturating_sub(INSTANCES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let shown: Vec<&str> = all.iter().take(INSTANCES_MAX).map(String::as_str).collect();
    format!("; its instances are {}{more}", shown.join(", "))
}

/// What a word could have meant: the names of cases and of their groups, folders and tags.
fn names(corpus: &Corpus) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for c in &corpus.cases {
        let name = c.value.case.as_str();
        all.extend(name.match_indices('.').filter_map(|(at, _)| name.get(..at)).map(str::to_owned));
        all.insert(name.to_owned());
        all.extend(Path::new(&c.file).parent().and_then(Path::file_name).map(|f| format!("{}/", f.display())));
        all.extend(c.value.tags.iter().cloned());
    }
    all
}

/// Why nothing fits.
fn nothing(args: &CheckArgs, sut: &Sut, reference: bool) -> String {
    let words =
        if args.only.is_empty() { String::new() } else { format!(" has {} in its name", args.only.join(" or ")) };
    let mut and = Vec::new();
    and.extend(args.requirement.iter().map(|r| format!("proves {r}")));
    and.extend(args.tag.iter().map(|t| format!("is tagged {t}")));
    and.extend(args.level.map(|l| format!("proves a requirement of level {l:?}").to_lowercase()));
    and.extend(args.era.iter().map(|e| format!("runs in {e}")));
    and.extend((!reference).then(|| format!("judges a {}", role(sut.role))));
    match (words.is_empty(), and.is_empty()) {
        (false, true) => format!("no case{words}"),
        (false, false) => format!("no case{words} and {}", and.join(" and ")),
        (true, _) => format!("no case {}", and.join(" and ")),
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Server => "server",
        Role::Client => "client",
        Role::Codec => "codec",
    }
}

/// `; did you mean A, B?`, or nothing.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> String {
    let near = page::nearest_of(word, names);
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) }
}

/// The cases, one line each.
pub fn list(cases: &[&Located<Case>]) -> String {
    cases.iter().map(|c| format!("{:<44} {}\n", c.value.case, c.value.title)).collect()
}

/// What would run, and why the rest would not: one line for each case of the spec.
pub fn why(corpus: &Corpus, plan: &Plan, source: &Source) -> String {
    let chosen: BTreeSet<&str> = plan.cases(corpus).iter().map(|c| c.value.case.as_str()).collect();
    let (mut runs, mut lines, mut counts) = (0, String::new(), [0_usize; 3]);
    for c in &corpus.cases {
        let case = &c.value;
        let lacks = case.needs.all_of.iter().find(|p| !source.has(case, p));
        let instances = plan.options.instances_of(case).unwrap_or_default();
        let (n, word) = match (chosen.contains(case.case.as_str()), lacks) {
            (false, _) => (2, "not chosen".to_owned()),
            (true, _) if instances.is_empty() => (2, "not chosen: no era of it".to_owned()),
            (true, Some(p)) => (1, format!("not applicable: needs {p}")),
            (true, None) => {
                let mut eras: Vec<&str> = instances.iter().map(|i| i.era.as_str()).collect();
                eras.dedup();
                runs += instances.len();
                (0, format!("{} runs: {}", instances.len(), eras.join(" ")))
            }
        };
        if let Some(count) = counts.get_mut(n) {
            *count += 1;
        }
        if n < 2 {
            let _ = writeln!(lines, "{:<44} {word}", case.case);
        }
    }
    let [run, aside, left] = counts;
    format!("{lines}{run} cases would run {runs} times, {aside} are not applicable, {left} are not chosen\n")
}
