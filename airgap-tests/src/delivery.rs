//! A bundle of everything that the upstream has, built and signed on the connected side.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use manifests::Digest;

use crate::machine::Machine;
use crate::process::Outcome;
use crate::shared::Shared;
use crate::upstream::Upstream;

/// The connected machine after a build: a stack, a key, whom to trust, and the bundle.
#[derive(Debug)]
pub struct Delivery {
    upstream: Arc<Upstream>,
    machine: Machine,
}

impl Delivery {
    /// The delivery that tests share; they only read it.
    ///
    /// # Errors
    /// When the upstream does not start or the build fails.
    pub fn shared() -> Result<Arc<Self>> {
        static DELIVERY: Shared<Delivery> = Shared::new();
        DELIVERY.get(|| {
            let delivery = Self::prepare()?;
            delivery.build("platform.tar.zst", &[])?.success()?;
            Ok(delivery)
        })
    }

    /// The connected machine before the build: `stack.yaml`, `ci` (a key) and `allowed_signers` are in its folder.
    ///
    /// # Errors
    /// When the upstream does not start.
    pub fn prepare() -> Result<Self> {
        let upstream = Upstream::shared()?;
        let machine = upstream.machine()?;
        let delivery = Self { machine, upstream };
        delivery.machine.write("stack.yaml", delivery.stack("1.0.0")?)?;
        signer(&delivery.machine, "ci", "allowed_signers")?;
        Ok(delivery)
    }

    /// A stack with everything that the upstream has, in a version.
    ///
    /// # Errors
    /// When a fixture is missing.
    pub fn stack(&self, version: &str) -> Result<String> {
        let images = "images:\n  - image: docker.io/library/tool:1.0\n    platforms: [linux/amd64, linux/arm64]\n  \
                      - docker.io/library/web:2.0\n  - docker.io/library/plain:1.0\n  - quay.io/library/tool:1.0\n\
                      charts:\n";
        self.stack_with(version, images)
    }

    /// A stack that lists no image: its charts name them.
    ///
    /// # Errors
    /// When a fixture is missing.
    pub fn stack_of_charts(&self, version: &str) -> Result<String> {
        let web = "charts:\n  - name: web\n    repository: https://charts.example.org/stable\n    version: 2.0.0\n";
        self.stack_with(version, web)
    }

    /// A stack with two charts and the files behind what `before` has.
    fn stack_with(&self, version: &str, before: &str) -> Result<String> {
        let file = |name: &str| -> Result<String> {
            let digest = Digest::of(&self.upstream.fixtures().file(name)?);
            let sha256 = digest.to_string().replace("sha256:", "");
            Ok(format!("  - path: {name}\n    url: https://files.example.org/{name}\n    sha256: {sha256}\n"))
        };
        Ok(format!(
            "apiVersion: airgap/v1\nkind: Stack\nname: platform\nversion: {version}\ncreated: 2026-01-01\n\
             platforms: [linux/amd64]\n{before}  - name: hello\n    \
             repository: https://charts.example.org/stable\n    version: \"^1.2.0\"\n  - name: oci-hello\n    \
             repository: oci://quay.io/charts\n    version: 0.3.0\nfiles:\n{}{}{}",
            file("release/notes.txt")?,
            file("release/empty.txt")?,
            file("release/data.bin")?,
        ))
    }

    /// Builds `stack.yaml` into `output`, signed by `ci`.
    ///
    /// # Errors
    /// When it can't be run; not when it fails.
    pub fn build(&self, output: &str, options: &[&str]) -> Result<Outcome> {
        self.machine.bundle(&[&["build", "stack.yaml", "-o", output, "--key", "ci"], options].concat())
    }

    /// The upstream.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// The connected machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The bundle.
    pub fn bundle(&self) -> PathBuf {
        self.machine.path("platform.tar.zst")
    }

    /// Whom to trust.
    pub fn trust(&self) -> PathBuf {
        self.machine.path("allowed_signers")
    }
}

/// Makes a key with stock `ssh-keygen` and lets a file trust it.
///
/// # Errors
/// When ssh-keygen is missing.
pub fn signer(machine: &Machine, name: &str, trust: &str) -> Result<()> {
    let principal = format!("{name}@example.org");
    let path = machine.path(name).display().to_string();
    machine.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", &principal, "-f", &path])?;
    let public = std::fs::read_to_string(machine.path(format!("{name}.pub"))).context("no public key")?;
    let mut file = std::fs::read_to_string(machine.path(trust)).unwrap_or_default();
    file.push_str(&format!("{principal} namespaces=\"airgap-bundle\" {public}"));
    machine.write(trust, file)?;
    Ok(())
}

/// Copies a file as a courier would: other inode, no write permission.
///
/// # Errors
/// When it can't be copied.
pub(crate) fn carry(from: &Path, folder: &Path) -> Result<PathBuf> {
    let name = from.file_name().context("a file has a name")?;
    let to = folder.join(name);
    std::fs::create_dir_all(folder).context("cannot create a folder")?;
    std::fs::copy(from, &to).with_context(|| format!("cannot carry {}", from.display()))?;
    Ok(to)
}
