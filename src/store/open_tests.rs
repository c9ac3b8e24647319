//! What opening a store says when it cannot be, and that it then changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use super::open::{FILE_NAME, LOCK_NAME};
use super::tables::{FORMAT, META};
use super::tests::{Outcome, ROOM, append, full_disk, ids, seeded};
use super::*;
use crate::proto::entropy::Entropy;
use crate::proto::server::store::Store;

/// A directory of this test alone, gone when it is dropped.
struct Dir(PathBuf);

impl Dir {
    fn new(test: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("locospec-store-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        Self(dir)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open_error(dir: &Path) -> String {
    Database::open_file(dir).map_or_else(|e| e.to_string(), |_| "opened".to_owned())
}

#[test]
fn a_directory_keeps_what_was_committed() -> Outcome {
    let dir = Dir::new("keeps");
    let mut db = seeded(Database::open_file(&dir.file("made/by/us"))?)?;
    for i in 1..=3 {
        let mut unit = db.begin()?;
        unit.apply(&append(i, i - 1))?;
        unit.commit()?;
    }
    let mut unit = db.begin()?;
    unit.apply(&append(4, 3))?;
    drop(unit);
    drop(db);
    let mut db = Database::open_file(&dir.file("made/by/us"))?;
    let unit = db.begin()?;
    assert_eq!(ids(&unit.logs(ROOM, 0, 99, 99)?), [1, 2, 3]);
    assert_eq!(unit.user_by_token("carol-token")?.map(|u| u.id), Some(1003));
    let mut names: Vec<_> = fs::read_dir(dir.file("made/by/us"))?.flatten().map(|e| e.file_name()).collect();
    names.sort();
    assert_eq!(names, [LOCK_NAME, FILE_NAME]);
    Ok(())
}

#[test]
fn a_directory_in_use_is_refused_until_it_is_free() -> Outcome {
    let dir = Dir::new("in-use");
    let db = Database::open_file(&dir.0)?;
    let want = format!("{} is in use by another server; stop it, or name another directory", dir.0.display());
    assert_eq!(open_error(&dir.0), want);
    drop(db);
    Database::open_file(&dir.0)?;
    // A program of another kind may hold the database itself.
    let _held = redb::Database::open(dir.file(FILE_NAME))?;
    assert!(open_error(&dir.0).contains("is in use"));
    Ok(())
}

#[test]
fn another_version_is_refused_and_not_changed() -> Outcome {
    let dir = Dir::new("version");
    drop(seeded(Database::open_file(&dir.0)?)?);
    let path = dir.file(FILE_NAME);
    let raw = redb::Database::open(&path)?;
    let write = raw.begin_write()?;
    write.open_table(META)?.insert("format", "locospec-data/7")?;
    write.open_table(META)?.insert("crate", "locospec 9.9.9")?;
    write.commit()?;
    drop(raw);
    let before = fs::read(&path)?;
    let got = open_error(&dir.0);
    let want = format!("found locospec-data/7 (written by locospec 9.9.9), wanted {FORMAT}; nothing was changed");
    assert!(got.contains(&want) && got.contains(&path.display().to_string()), "{got}");
    assert!(fs::read(&path)? == before);
    Ok(())
}

#[test]
fn what_is_no_database_of_ours_is_refused_and_not_changed() -> Outcome {
    let dir = Dir::new("foreign");
    fs::create_dir_all(&dir.0)?;
    let path = dir.file(FILE_NAME);
    for text in ["a diary\n".repeat(9999), "x".to_owned(), "\0".repeat(5000)] {
        fs::write(&path, &text)?;
        assert!(open_error(&dir.0).contains("is no database of locospec"), "{}", open_error(&dir.0));
        assert!(fs::read(&path)? == text.as_bytes());
    }
    fs::remove_file(&path)?;
    let raw = redb::Database::create(&path)?;
    let write = raw.begin_write()?;
    write.open_table(redb::TableDefinition::<u64, u64>::new("recipes"))?.insert(1, 2)?;
    write.commit()?;
    drop(raw);
    let before = fs::read(&path)?;
    assert!(open_error(&dir.0).contains("its tables are not ours; nothing was changed"));
    assert!(fs::read(&path)? == before);
    Ok(())
}

#[test]
fn a_file_in_place_of_the_directory_is_said_to_be_one() -> Outcome {
    let dir = Dir::new("a-file");
    fs::create_dir_all(&dir.0)?;
    fs::write(dir.file("data"), "text")?;
    assert!(open_error(&dir.file("data")).ends_with("data is a file; the data directory must be a directory"));
    assert!(matches!(Database::open_file(&dir.file("data/below")), Err(OpenError::NotADirectory(_))));
    Ok(())
}

#[test]
fn a_first_start_that_was_cut_is_begun_again() -> Outcome {
    let dir = Dir::new("cut");
    fs::create_dir_all(&dir.0)?;
    fs::write(dir.file("locospec.redb.new"), "half made")?;
    drop(seeded(Database::open_file(&dir.0)?)?);
    assert!(!dir.file("locospec.redb.new").exists());
    Ok(())
}

#[test]
fn a_damaged_database_is_an_error_or_as_it_was() -> Outcome {
    let disk = full_disk()?;
    let mut bytes = vec![0; usize::try_from(redb::StorageBackend::len(&disk)?)?];
    redb::StorageBackend::read(&disk, 0, &mut bytes)?;
    let dir = Dir::new("damaged");
    fs::create_dir_all(&dir.0)?;
    let mut entropy = Entropy::named(1, "damage");
    let (mut refused, mut whole) = (0, 0);
    for round in 0..160 {
        let mut hurt = bytes.clone();
        if round % 10 == 0 {
            hurt.truncate(entropy.below(bytes.len() as u64) as usize + 1);
        } else {
            // The first pages, the headers above all, hold more than the rest.
            let end = [320, 4096, 64 << 10, bytes.len() as u64][round % 4];
            hurt[entropy.below(end) as usize] ^= 1 << entropy.below(8);
        }
        fs::write(dir.file(FILE_NAME), &hurt)?;
        match Database::open_file(&dir.0) {
            Err(_) => {
                assert!(fs::read(dir.file(FILE_NAME))? == hurt, "round {round}: changed, though refused");
                refused += 1;
            }
            Ok(mut db) => {
                assert_eq!(ids(&db.begin()?.logs(ROOM, 0, i64::MAX, 99)?).len(), 40, "round {round}");
                whole += 1;
            }
        }
    }
    assert!(refused > 20 && whole > 20, "{refused} refused, {whole} whole");
    Ok(())
}

#[test]
fn a_server_that_was_killed_leaves_a_directory_that_opens() -> Outcome {
    let disk = full_disk()?.revive();
    let db = Database::on(disk.clone())?;
    disk.kill();
    drop(db);
    let disk = disk.revive();
    let mut bytes = vec![0; usize::try_from(redb::StorageBackend::len(&disk)?)?];
    redb::StorageBackend::read(&disk, 0, &mut bytes)?;
    let dir = Dir::new("killed");
    fs::create_dir_all(&dir.0)?;
    fs::write(dir.file(FILE_NAME), &bytes)?;
    let mut db = Database::open_file(&dir.0)?;
    assert_eq!(ids(&db.begin()?.logs(ROOM, 0, i64::MAX, 99)?).len(), 40);
    Ok(())
}

#[test]
fn the_meta_table_names_the_format_and_the_crate() -> Outcome {
    let db = Database::in_memory()?;
    let read = redb::ReadableDatabase::begin_read(&db.db)?;
    let meta = read.open_table(META)?;
    assert_eq!(meta.get("format")?.map(|v| v.value().to_owned()), Some(FORMAT.to_owned()));
    assert!(meta.get("crate")?.is_some_and(|v| v.value().starts_with("locospec ")));
    Ok(())
}

#[test]
fn permission_and_other_failures_name_the_path_and_the_reason() {
    let path = Path::new("/some/data");
    let of = |kind: std::io::ErrorKind| open::from_io(path, kind.into()).to_string();
    let denied = of(std::io::ErrorKind::PermissionDenied);
    assert_eq!(denied, "/some/data: no permission to read and write here (permission denied)");
    assert!(of(std::io::ErrorKind::ReadOnlyFilesystem).starts_with("/some/data: no permission"));
    assert_eq!(of(std::io::ErrorKind::StorageFull), "/some/data: no storage space");
}

#[test]
fn a_database_can_be_given_to_another_thread() {
    fn can_be_sent<T: Send>() {}
    can_be_sent::<Database>();
    can_be_sent::<Unit<'_>>();
}
