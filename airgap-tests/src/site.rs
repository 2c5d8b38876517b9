//! A site behind the gap: a jump host that serves what was carried in, and clients.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::delivery::carry;
use crate::gap::{Gap, JUMP_NAME};
use crate::machine::Machine;
use crate::process::{Daemon, Outcome};

/// The port of the site's server.
const PORT: u16 = 5000;

/// A site. Its server runs from [`Site::serve`] on.
#[derive(Debug)]
pub struct Site {
    gap: Gap,
    jump: Machine,
    server: Option<Daemon>,
}

impl Site {
    /// A site with nothing but a file of whom it trusts.
    ///
    /// # Errors
    /// Without root, or where a tool is missing.
    pub fn new(trust: &Path) -> Result<Self> {
        let gap = Gap::new()?;
        let jump = gap.jump()?;
        carry(trust, &jump.work())?;
        Ok(Self { gap, jump, server: None })
    }

    /// Carries a file in; the result is where it lies on the jump host.
    ///
    /// # Errors
    /// When it can't be copied.
    pub fn carry(&self, file: &Path) -> Result<PathBuf> {
        carry(file, &self.jump.path("media"))
    }

    /// The gap.
    pub fn gap(&self) -> &Gap {
        &self.gap
    }

    /// The jump host.
    pub fn jump(&self) -> &Machine {
        &self.jump
    }

    /// The state folder of the site.
    pub fn state(&self) -> PathBuf {
        self.jump.path("state")
    }

    /// The words of an `airgap-install` command line that takes a bundle in.
    fn words(&self, bundle: &[&Path], options: &[&str]) -> Vec<String> {
        let mut words = vec!["--bundle".to_owned()];
        words.extend(bundle.iter().map(|path| path.display().to_string()));
        words.extend(["--trust".to_owned(), self.jump.path("allowed_signers").display().to_string()]);
        words.extend(["--state".to_owned(), self.state().display().to_string()]);
        words.extend(options.iter().map(|word| (*word).to_owned()));
        words
    }

    /// Runs `airgap-install` to its end: with `--no-serve`, or to see it refuse.
    ///
    /// # Errors
    /// When it can't be run; not when it fails.
    pub fn import(&self, bundle: &[&Path], options: &[&str]) -> Result<Outcome> {
        let words = self.words(bundle, options);
        let words: Vec<_> = words.iter().map(String::as_str).chain(["--no-serve"]).collect();
        self.jump.install(&words)
    }

    /// Starts `airgap-install --foreground` without waiting for anything.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(&self, bundle: &[&Path], options: &[&str]) -> Result<Daemon> {
        let listen = format!("0.0.0.0:{PORT}");
        let serving = ["--foreground", "--listen", &listen, "--address", JUMP_NAME];
        self.begin(bundle, &[options, &serving].concat())
    }

    /// Starts an import, `airgap-install --no-serve`, without waiting for its end.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start_import(&self, bundle: &[&Path]) -> Result<Daemon> {
        self.begin(bundle, &["--no-serve"])
    }

    fn begin(&self, bundle: &[&Path], options: &[&str]) -> Result<Daemon> {
        let words = self.words(bundle, options);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        Daemon::start(&self.jump.ours("airgap-install", &words)?, &self.jump.path("install.log"))
    }

    /// Installs and serves, and waits until the client can reach the server.
    ///
    /// # Errors
    /// When the installation fails.
    pub fn serve(&mut self, bundle: &[&Path], options: &[&str]) -> Result<()> {
        let mut server = self.start(bundle, options)?;
        server.wait_until("it served the site", || self.gap.answers(PORT))?;
        self.server = Some(server);
        Ok(())
    }

    /// The server.
    ///
    /// # Errors
    /// Before [`Self::serve`].
    pub fn server(&self) -> Result<&Daemon> {
        self.server.as_ref().context("the site does not serve yet")
    }

    /// Stops the server as systemd would; the result is what it said.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn stop(&mut self) -> Result<String> {
        self.server.take().context("the site does not serve yet")?.stop()
    }

    /// Kills the server as a power cut of the jump host would.
    ///
    /// # Errors
    /// Before [`Self::serve`].
    pub fn lose_power(&mut self) -> Result<()> {
        self.server.take().context("the site does not serve yet")?.kill();
        Ok(())
    }

    /// Host and port by which clients reach the server.
    pub fn authority(&self) -> String {
        format!("{JUMP_NAME}:{PORT}")
    }

    /// The certificate of the site's CA.
    pub fn ca(&self) -> PathBuf {
        self.state().join("ca/ca.crt")
    }

    /// The password of the user `airgap`.
    ///
    /// # Errors
    /// Before the first installation.
    pub fn password(&self) -> Result<String> {
        let text = std::fs::read_to_string(self.state().join("auth/credentials")).context("no credentials")?;
        let password = text.lines().find_map(|line| line.strip_prefix("password="));
        Ok(password.context("no password among the credentials")?.to_owned())
    }

    /// A client with the certificate of the site's CA as `ca.crt`, and what containerd needs below `certs.d`.
    ///
    /// # Errors
    /// Before the first installation.
    pub fn client(&self) -> Result<Machine> {
        let client = self.gap.client()?;
        let ca = std::fs::read(self.ca()).context("the site has no CA yet")?;
        client.write("ca.crt", &ca)?;
        client.write(format!("certs.d/{}/ca.crt", self.authority()), &ca)?;
        let credentials = format!("airgap:{}", self.password()?);
        let credentials = client.run("sh", &["-c", &format!("printf %s '{credentials}' | base64 -w0")])?;
        let hosts = format!(
            "[host.\"https://{}\"]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = \"{}\"\n  \
             [host.\"https://{0}\".header]\n    authorization = \"Basic {credentials}\"\n",
            self.authority(),
            client.path("ca.crt").display()
        );
        client.write("certs.d/_default/hosts.toml", hosts)?;
        Ok(client)
    }

    /// What curl gets for a path on the server, byte for byte.
    ///
    /// # Errors
    /// When the server does not answer with success.
    pub fn curl(&self, client: &Machine, path: &str, options: &[&str]) -> Result<Vec<u8>> {
        let user = format!("airgap:{}", self.password()?);
        let url = format!("https://{}{path}", self.authority());
        client.run("curl", &[&["-sSf", "--cacert", "ca.crt", "--user", &user, "-o", "got", &url], options].concat())?;
        std::fs::read(client.path("got")).context("curl wrote nothing")
    }
}
