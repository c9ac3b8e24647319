//! All files of the spec, read and typed; and macros put in where they are used.
//!
//! What must hold between the files is [`super::lint`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::format::{
    Case, CommandFile, EnumFile, MacroFile, ProfileFile, QuirkFile, RequirementFile, StatusFile, Step, TypeFile,
    VectorFile,
};
use super::lit::Lit;
use super::vectors;
use super::yaml::{Diagnostic, Located, read};

/// How deep macros may use macros.
const MACRO_DEPTH_MAX: usize = 8;

/// The whole spec.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// Every file of requirements.
    pub requirements: Vec<Located<RequirementFile>>,
    /// Every case, in the order of their files' names; behind them every file of vectors as a case without steps.
    pub cases: Vec<Located<Case>>,
    /// Every file of macros.
    pub macros: Vec<Located<MacroFile>>,
    /// The quirks.
    pub quirks: Vec<Located<QuirkFile>>,
    /// The profiles.
    pub profiles: Vec<Located<ProfileFile>>,
    /// The methods of the wire, in the order of their files' names.
    pub commands: Vec<Located<CommandFile>>,
    /// Every file of types.
    pub types: Vec<Located<TypeFile>>,
    /// Every file of enumerations.
    pub enums: Vec<Located<EnumFile>>,
    /// The statuses.
    pub statuses: Vec<Located<StatusFile>>,
    /// Every file of vectors, in the order of their names.
    pub vectors: Vec<Located<VectorFile>>,
}

impl Corpus {
    /// Reads the folder `spec/` at `root`. File names in errors are below `root`'s name: `spec/cases/…`.
    ///
    /// # Errors
    /// Everything that is wrong in any file, sorted.
    pub fn load(root: &Path) -> Result<Self, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut c = Self {
            requirements: all(root, "requirements", &mut errors),
            cases: all(root, "cases", &mut errors),
            macros: all(root, "macros", &mut errors),
            commands: all(root, "commands", &mut errors),
            types: all(root, "types", &mut errors),
            enums: all(root, "enums", &mut errors),
            vectors: all(root, "vectors", &mut errors),
            ..Self::default()
        };
        for file in &c.vectors {
            match vectors::as_case(file) {
                Ok(case) => c.cases.push(case),
                Err(e) => errors.push(e),
            }
        }
        for (name, quirks) in [("quirks.yaml", true), ("profiles.yaml", false)] {
            let (path, shown) = (root.join(name), format!("spec/{name}"));
            let result = if quirks {
                read(&path, &shown).map(|f| c.quirks.push(f))
            } else {
                read(&path, &shown).map(|f| c.profiles.push(f))
            };
            errors.extend(result.err());
        }
        // A spec may have no catalogue, so this file may be absent.
        let status = root.join("status.yaml");
        if status.exists() {
            errors.extend(read(&status, "spec/status.yaml").map(|f| c.statuses.push(f)).err());
        }
        errors.sort();
        if errors.is_empty() { Ok(c) } else { Err(errors) }
    }

    /// The steps of a case with every macro put in, and for each the path of the step in the file that it comes from.
    ///
    /// # Errors
    /// An unknown macro, a hole that nothing fills, or steps that are none.
    pub fn expand(&self, case: &Located<Case>) -> Result<Vec<(String, Step)>, Diagnostic> {
        let mut out = Vec::new();
        for (n, step) in case.value.steps.iter().enumerate() {
            let path = format!("steps[{n}]");
            self.expand_step(case, step, &path, 0, &mut out)?;
        }
        Ok(out)
    }

    /// The steps that one step stands for.
    ///
    /// # Errors
    /// As [`Corpus::expand`].
    pub fn expand_one(&self, case: &Located<Case>, step: &Step) -> Result<Vec<Step>, Diagnostic> {
        let mut out = Vec::new();
        self.expand_step(case, step, "steps", 0, &mut out)?;
        Ok(out.into_iter().map(|(_, s)| s).collect())
    }

    fn expand_step(
        &self,
        case: &Located<Case>,
        step: &Step,
        path: &str,
        depth: usize,
        out: &mut Vec<(String, Step)>,
    ) -> Result<(), Diagnostic> {
        let Some(name) = &step.use_macro else {
            out.push((path.to_string(), step.clone()));
            return Ok(());
        };
        if depth >= MACRO_DEPTH_MAX {
            return Err(case.wrong(path, format!("macro `{name}` uses macros deeper than {MACRO_DEPTH_MAX}")));
        }
        let found = self.macros.iter().find_map(|f| f.value.macros.get(name));
        let m = found.ok_or_else(|| case.wrong(path, format!("no macro is called `{name}`")))?;
        let given = step.with.clone().unwrap_or_default();
        if let Some(k) = given.keys().find(|k| !m.params.contains_key(*k)) {
            return Err(case.wrong(path, format!("macro `{name}` has no hole `{k}`")));
        }
        let given_list: Vec<(String, Lit)> = given.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        let mut with: Vec<(String, Lit)> = Vec::new();
        for (k, default) in &m.params {
            let v = match given.get(k) {
                Some(v) => v.clone(),
                None => default.fill(&given_list),
            };
            if v == Lit::Null {
                return Err(case.wrong(path, format!("macro `{name}` needs `{k}`")));
            }
            with.push((k.clone(), v));
        }
        for (n, raw) in m.steps.iter().enumerate() {
            let mut inner: Step = serde_json::from_value(raw.fill(&with).to_json())
                .map_err(|e| case.wrong(path, format!("macro `{name}`, steps[{n}]: {e}")))?;
            inner.eras = match (&inner.eras, &step.eras) {
                (Some(own), Some(outer)) => Some(own.both(outer)),
                (own, outer) => own.clone().or_else(|| outer.clone()),
            };
            self.expand_step(case, &inner, path, depth + 1, out)?;
        }
        Ok(())
    }

    /// The case of this name.
    #[must_use]
    pub fn case(&self, name: &str) -> Option<&Located<Case>> {
        self.cases.iter().find(|c| c.value.case == name)
    }
}

fn all<T: serde::de::DeserializeOwned>(root: &Path, folder: &str, errors: &mut Vec<Diagnostic>) -> Vec<Located<T>> {
    let mut out = Vec::new();
    for (path, below) in yaml_files(&root.join(folder)) {
        match read(&path, &format!("spec/{folder}/{below}")) {
            Ok(f) => out.push(f),
            Err(e) => errors.push(e),
        }
    }
    out
}

/// Every `*.yaml` below a folder, sorted, with its name below it. A folder that is not there has none.
#[must_use]
pub fn yaml_files(folder: &Path) -> Vec<(PathBuf, String)> {
    files(folder, "yaml")
}

/// Every file below a folder whose name ends in `.ext`, sorted, with its name below the folder.
#[must_use]
pub fn files(folder: &Path, ext: &str) -> Vec<(PathBuf, String)> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut folders = vec![(folder.to_path_buf(), String::new())];
    while let Some((at, below)) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&at) else { continue };
        for e in entries.flatten() {
            let name = format!("{below}{}", e.file_name().to_string_lossy());
            match e.file_type() {
                Ok(t) if t.is_dir() => folders.push((e.path(), format!("{name}/"))),
                Ok(_) if e.path().extension().is_some_and(|x| x == ext) => drop(found.insert(name, e.path())),
                _ => {}
            }
        }
    }
    found.into_iter().map(|(name, path)| (path, name)).collect()
}
