//! What the judge has put into the system and must not leave there when it is stopped: process groups and folders.
//!
//! Whoever owns one of them takes it away itself, when its value is dropped. A signal drops nothing: this list is for
//! that. It is one for the process, as a signal is. Nothing can be done about SIGKILL.

use core::time::Duration;
use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// How long processes may take to end by themselves when they are told to.
const END_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What is there now.
struct All {
    /// The end has begun: nothing is added any more.
    over: bool,
    groups: BTreeSet<i32>,
    folders: BTreeSet<PathBuf>,
}

static ALL: Mutex<All> = Mutex::new(All { over: false, groups: BTreeSet::new(), folders: BTreeSet::new() });

fn all() -> MutexGuard<'static, All> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process group on the list, named by the process that leads it. It goes off the list with the value.
#[derive(Debug)]
pub struct Group(i32);

impl Drop for Group {
    fn drop(&mut self) {
        all().groups.remove(&self.0);
    }
}

/// A folder on the list, removed with the value.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Takes charge of a folder that is there.
    #[must_use]
    pub fn keep(path: PathBuf) -> Self {
        let mut list = all();
        if list.over {
            drop(list);
            let _ = std::fs::remove_dir_all(&path);
            wait_if_over();
        } else {
            list.folders.insert(path.clone());
        }
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
        all().folders.remove(&self.0);
    }
}

/// Starts a program in a process group of its own, which is on the list from its first moment on.
///
/// # Errors
/// It cannot be started.
pub fn spawn(command: &mut Command) -> io::Result<(Child, Group)> {
    // The list is locked until it is in there: otherwise an end could begin in between.
    let mut list = all();
    if list.over {
        drop(list);
        wait_if_over();
        return Err(io::Error::from(io::ErrorKind::Interrupted));
    }
    let child = command.process_group(0).spawn()?;
    let group = Pid::from_child(&child).as_raw_nonzero().get();
    list.groups.insert(group);
    Ok((child, Group(group)))
}

/// Does nothing, unless the end has begun: then it never returns. What dies now has not died of what is judged, and
/// nobody is to be told so.
pub fn wait_if_over() {
    while all().over {
        std::thread::park();
    }
}

/// Ends all that is on the list: asks the groups, kills them after two seconds, removes the folders. From its beginning on
/// nothing can be started any more; the caller ends the process.
pub async fn end_all() {
    let groups: Vec<Pid> = {
        let mut list = all();
        list.over = true;
        list.groups.iter().filter_map(|g| Pid::from_raw(*g)).collect()
    };
    for group in &groups {
        let _ = kill_process_group(*group, Signal::TERM);
    }
    let mut looks = END_WITHIN.as_millis() / LOOK_EVERY.as_millis();
    while looks > 0 && groups.iter().any(|g| runs(*g)) {
        tokio::time::sleep(LOOK_EVERY).await;
        looks -= 1;
    }
    kill_all();
    let folders = std::mem::take(&mut all().folders);
    for folder in folders {
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Kills every group on the list at once.
pub fn kill_all() {
    let list = all();
    for group in list.groups.iter().filter_map(|g| Pid::from_raw(*g)) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Whether the process that leads the group has not ended. Leaves it to its owner to take it off the system's table.
fn runs(leader: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(leader), look), Ok(None))
}
