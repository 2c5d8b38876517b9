//! Where the programs are: ours, built by cargo from this tree, and the tools that the set-up script installs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

/// The root of the repository.
pub fn repository() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The folder for what is built once and kept: helm and the fixtures. Git ignores it.
pub fn rig_folder() -> PathBuf {
    repository().join(".rig")
}

/// The path of one of our programs, or of the rig's own, built from the tree as it stands, in the profile of the caller.
///
/// # Errors
/// When they do not build.
pub fn our_program(name: &str) -> Result<PathBuf> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOLDER.get_or_init(|| build().map_err(|error| format!("{error:#}"))) {
        Ok(folder) => Ok(folder.join(name)),
        Err(message) => bail!("{message}"),
    }
}

/// Builds all programs, which cargo does not do for the tests of another package. The whole workspace is named: another
/// selection has other features in its dependencies, and compiles these a second time.
fn build() -> Result<PathBuf> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Under sudo the files of the build stay the user's.
    if let (Ok(user), Ok(group)) = (std::env::var("SUDO_UID"), std::env::var("SUDO_GID")) {
        let cargo = command.get_program().to_owned();
        command = Command::new("setpriv");
        command.args(["--reuid", &user, "--regid", &group, "--clear-groups", "--"]).arg(cargo);
    }
    command.args(["build", "--quiet", "--locked", "--workspace", "--bins"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command.current_dir(repository()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("our programs do not build:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut folder = std::env::current_exe().context("cannot tell where the tests are")?;
    // target/<profile>/deps/<test> or target/<profile>/<program>
    while folder.pop() {
        if folder.file_name().is_some_and(|name| name == "debug" || name == "release") {
            return Ok(folder);
        }
    }
    bail!("the tests do not run from cargo's target folder")
}

/// The path of a tool.
///
/// # Errors
/// When the set-up has not installed it.
pub fn tool(name: &str) -> Result<PathBuf> {
    let folders = [rig_folder().join("bin")];
    let system = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let folders = folders.into_iter().chain(system.iter().map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|path| path.exists());
    found.with_context(|| format!("{name} is not installed: run airgap-tests/setup"))
}
