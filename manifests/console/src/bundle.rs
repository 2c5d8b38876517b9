//! Naming a bundle.

use std::path::{Path, PathBuf};

use crate::UsageError;

/// The path itself; for a folder the bundle in it, by name: `*.tar.zst`, or volumes `*.001`, `*.002`, …
///
/// # Errors
/// [`UsageError`] when the folder can't be read, or does not hold exactly one bundle.
pub fn resolve(path: &Path) -> Result<PathBuf, UsageError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let entries = std::fs::read_dir(path).map_err(|error| {
        UsageError::new(format!("can't read the folder `{}`: {error}", path.display())).with_help("name the bundle")
    })?;
    let mut found: Vec<(String, PathBuf)> = entries.filter_map(|entry| bundle_name(&entry.ok()?.path())).collect();
    found.sort();
    found.dedup_by(|left, right| left.0 == right.0);
    match found.as_slice() {
        [(_, only)] => Ok(only.clone()),
        [] => Err(UsageError::new(format!("the folder `{}` holds no bundle", path.display()))
            .with_help("a bundle is a file `*.tar.zst`, or volumes `*.tar.zst.001`, `*.tar.zst.002`, …")),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("the folder `{}` holds several bundles: {}", path.display(), names.join(", "));
            Err(UsageError::new(message).with_help("name the one that is meant"))
        }
    }
}

/// The name of the bundle that a file belongs to, going by the file's name. Volumes are another bundle than a single file
/// of the same name.
fn bundle_name(path: &Path) -> Option<(String, PathBuf)> {
    let name = path.file_name()?.to_str()?;
    let (base, shown) = match name.rsplit_once('.') {
        Some((base, number)) if number.len() >= 3 && number.bytes().all(|b| b.is_ascii_digit()) => {
            (base, format!("{base}.001"))
        }
        _ => (name, name.to_owned()),
    };
    (base.ends_with(".tar.zst") && path.is_file()).then(|| (shown, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_the_one_bundle_in_it() {
        let dir = tempfile::tempdir().unwrap();
        assert!(resolve(dir.path()).unwrap_err().to_string().contains("holds no bundle"));
        for name in ["a.tar.zst.002", "a.tar.zst.001", "a.tar.zst.001.partial", "notes.txt"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        assert_eq!(resolve(dir.path()).unwrap(), dir.path().join("a.tar.zst.001"));
        std::fs::write(dir.path().join("b.tar.zst"), "").unwrap();
        assert!(resolve(dir.path()).unwrap_err().to_string().ends_with("several bundles: a.tar.zst.001, b.tar.zst"));
        // A bundle in one file may be another than the one in volumes beside it.
        std::fs::rename(dir.path().join("b.tar.zst"), dir.path().join("a.tar.zst")).unwrap();
        assert!(resolve(dir.path()).unwrap_err().to_string().ends_with("several bundles: a.tar.zst, a.tar.zst.001"));
    }
}
