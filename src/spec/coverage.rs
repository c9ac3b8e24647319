//! What the cases reach: how many requirements of each level are proved, by which cases of which role, and which commands
//! are sent and pushed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::corpus::Corpus;
use super::format::requirement::{Level, Requirement};
use super::format::{Role, Step};
use crate::proto::command::COMMANDS;

/// How the requirements of one level stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// All of them.
    pub all: usize,
    /// Those that a case proves.
    pub proved: usize,
    /// Those that say why no case can.
    pub excluded: usize,
}

/// One requirement and the cases that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The requirement.
    pub requirement: &'a Requirement,
    /// Names of cases, by the role that they judge.
    pub cases: BTreeMap<Role, Vec<&'a str>>,
}

impl Row<'_> {
    /// How many cases of this role prove it.
    #[must_use]
    pub fn count(&self, role: Role) -> usize {
        self.cases.get(&role).map_or(0, Vec::len)
    }

    /// Whether it must be kept by this role, no case of the role proves it, and it does not say why.
    #[must_use]
    pub fn lacks(&self, role: Role) -> bool {
        let r = self.requirement;
        r.level == Level::Must && r.excluded.is_none() && r.applies_to.contains(&role) && self.count(role) == 0
    }
}

/// Every requirement with the cases that prove it, in the order of their files.
#[must_use]
pub fn rows(corpus: &Corpus) -> Vec<Row<'_>> {
    let mut by_id: BTreeMap<&str, BTreeMap<Role, Vec<&str>>> = BTreeMap::new();
    for case in &corpus.cases {
        for id in &case.value.proves {
            by_id.entry(id).or_default().entry(case.value.role).or_default().push(&case.value.case);
        }
    }
    let all = corpus.requirements.iter().flat_map(|f| &f.value.requirements);
    all.map(|r| Row { requirement: r, cases: by_id.get(r.id.as_str()).cloned().unwrap_or_default() }).collect()
}

/// The rows as lines for a person: id, level, cases of each role, and what is missing. A role that need not keep the
/// requirement has a dash.
#[must_use]
pub fn table(rows: &[Row<'_>]) -> String {
    let mut out = format!("{:<22} {:<6} {:>6} {:>6}\n", "requirement", "level", "server", "client");
    for row in rows {
        let r = row.requirement;
        let cell = |role| match (r.applies_to.contains(&role), row.count(role)) {
            (false, 0) => "-".to_string(),
            (_, n) => n.to_string(),
        };
        let missing: Vec<&str> = ROLES.iter().filter(|(role, _)| row.lacks(*role)).map(|(_, name)| *name).collect();
        let note = match &r.excluded {
            Some(why) => format!("  excluded: {why}"),
            None if missing.is_empty() => String::new(),
            None => format!("  no case of a {}", missing.join(", of a ")),
        };
        let level = format!("{:?}", r.level).to_uppercase();
        let (server, client) = (cell(Role::Server), cell(Role::Client));
        out.push_str(&format!("{:<22} {level:<6} {server:>6} {client:>6}{note}\n", r.id));
    }
    out
}

/// The roles that have cases with steps.
const ROLES: [(Role, &str); 2] = [(Role::Server, "server"), (Role::Client, "client")];

/// What the cases reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// By level: MUST, SHOULD, MAY, INFO.
    pub levels: Vec<(&'static str, Proof)>,
    /// The ids of requirements of level MUST that are not excluded and that a role must keep without a case of that role,
    /// each with the role.
    pub open: Vec<String>,
    /// The commands that the table has.
    pub commands: usize,
    /// Requests of the table that no case of the server role sends.
    pub never_sent: Vec<String>,
    /// Pushes of the table that no case of either role waits for or sends.
    pub never_pushed: Vec<String>,
}

/// Looks at every requirement and every step of every case, those of macros included.
#[must_use]
pub fn coverage(corpus: &Corpus) -> Coverage {
    let proved: BTreeSet<&str> = corpus.cases.iter().flat_map(|c| c.value.proves.iter().map(String::as_str)).collect();
    let all = || corpus.requirements.iter().flat_map(|f| &f.value.requirements);
    let is_proved = |r: &Requirement| proved.contains(r.id.as_str());
    let levels = [("MUST", Level::Must), ("SHOULD", Level::Should), ("MAY", Level::May), ("INFO", Level::Info)];
    let levels = levels.map(|(name, level)| {
        let mut proof = Proof::default();
        for r in all().filter(|r| r.level == level) {
            proof.all += 1;
            proof.proved += usize::from(is_proved(r));
            proof.excluded += usize::from(r.excluded.is_some());
        }
        (name, proof)
    });
    let rows = rows(corpus);
    let open = rows.iter().flat_map(|row| {
        let lacking = ROLES.iter().filter(|(role, _)| row.lacks(*role));
        lacking.map(|(_, name)| format!("{} ({name})", row.requirement.id))
    });
    let (mut sent, mut pushed) = (BTreeSet::new(), BTreeSet::new());
    for case in &corpus.cases {
        for (_, step) in corpus.expand(case).unwrap_or_default() {
            methods(&step, case.value.role, &mut sent, &mut pushed);
        }
    }
    let names: BTreeMap<String, _> = COMMANDS.iter().map(|row| (row.method.to_string(), row)).collect();
    let missing = |in_table: &dyn Fn(&crate::proto::command::Command) -> bool, found: &BTreeSet<String>| {
        names
            .iter()
            .filter(|(name, row)| in_table(row) && !found.contains(*name))
            .map(|(name, _)| name.clone())
            .collect()
    };
    Coverage {
        levels: levels.to_vec(),
        open: open.collect(),
        commands: COMMANDS.len(),
        never_sent: missing(&|row| row.request.is_some(), &sent),
        never_pushed: missing(&|row| row.push.is_some(), &pushed),
    }
}

fn methods(step: &Step, role: Role, sent: &mut BTreeSet<String>, pushed: &mut BTreeSet<String>) {
    if let Some(method) = step.send.as_ref().and_then(|s| s.method.clone()) {
        let to = if role == Role::Server { &mut *sent } else { &mut *pushed };
        to.insert(method);
    }
    pushed.extend(step.expect.as_ref().and_then(|e| e.push.clone()));
    for inner in step.together.iter().flat_map(|t| &t.steps) {
        methods(inner, role, sent, pushed);
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "coverage of the spec:")?;
        for (level, p) in &self.levels {
            let done = p.proved + p.excluded;
            let percent = (done * 100).checked_div(p.all).unwrap_or(100);
            let Proof { all, proved, excluded } = p;
            writeln!(
                f,
                "  {level:<6} {percent:>3} %  {all} requirements: {proved} proved by cases, {excluded} excluded"
            )?;
        }
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(" ") };
        writeln!(
            f,
            "  of {} commands with a known body, requests that no case sends: {}",
            self.commands,
            list(&self.never_sent)
        )?;
        write!(f, "  pushes that no case looks for: {}", list(&self.never_pushed))
    }
}
