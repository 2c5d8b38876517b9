//! An `sshd` of a test's own on loopback, and a site that leads to it.

use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use installer::host::{Command as NodeCommand, Host, HostError, Output};
use installer::secrets::Secrets;
use installer::ssh::{Connections, Machine, Options};
use manifests::Site;
use manifests::site::{self, Ssh};
use manifests::yaml::SourceFile;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with a folder for its keys. It ends with this value.
pub struct Server {
    pub folder: TempDir,
    pub port: u16,
    options: Vec<String>,
    process: Child,
}

/// Runs a program that has to succeed.
#[track_caller]
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}: run `make setup`"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Makes a key of a kind.
pub fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let path = path.to_str().unwrap();
    run("ssh-keygen", &["-q", "-t", kind, "-N", passphrase, "-C", "a test's", "-f", path]);
}

/// Who runs the tests: a server of one's own lets in nobody else.
pub fn me() -> String {
    run("id", &["-un"]).trim().to_owned()
}

impl Server {
    /// With an ed25519 host key, and `id` as the key that it lets in.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With more lines of configuration; `FOLDER` in them is the server's folder.
    pub fn with(options: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("airgap-sshd-").tempdir().unwrap();
        keygen(&folder.path().join("host"), "ed25519", "");
        keygen(&folder.path().join("id"), "ed25519", "");
        std::fs::copy(folder.path().join("id.pub"), folder.path().join("authorized_keys")).unwrap();
        let options: Vec<String> =
            options.iter().map(|line| line.replace("FOLDER", folder.path().to_str().unwrap())).collect();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let process = start(folder.path(), port, &options);
        Self { folder, port, options, process }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The fingerprint of the host key.
    pub fn fingerprint(&self) -> String {
        run("ssh-keygen", &["-lf", self.path("host.pub").to_str().unwrap()]).split(' ').nth(1).unwrap().to_owned()
    }

    /// Gives the server another host key.
    pub fn change_host_key(&mut self) {
        for name in ["host", "host.pub"] {
            std::fs::remove_file(self.path(name)).unwrap();
        }
        keygen(&self.path("host"), "ed25519", "");
        self.restart();
    }

    pub fn restart(&mut self) {
        self.stop();
        self.process = start(self.folder.path(), self.port, &self.options);
    }

    /// Ends the processes that serve connections, and leaves the one that listens.
    pub fn cut(&self) {
        for child in children(self.process.id()) {
            let pid = rustix::process::Pid::from_raw(child).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
    }

    /// How many connections it serves.
    pub fn connections(&self) -> usize {
        children(self.process.id()).len()
    }

    /// Ends all of it.
    pub fn stop(&mut self) {
        self.cut_quietly();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    fn cut_quietly(&self) {
        for pid in children(self.process.id()).into_iter().filter_map(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn children(of: u32) -> Vec<i32> {
    let children = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    children.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn start(folder: &Path, port: u16, options: &[String]) -> Child {
    let shown = folder.display();
    // Where privileges are separated, the server wants this folder.
    if rustix::process::getuid().is_root() {
        std::fs::create_dir_all("/run/sshd").unwrap();
    }
    let config = format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {shown}/host\nAuthorizedKeysFile {shown}/authorized_keys\n\
         StrictModes no\nPidFile none\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         PermitRootLogin yes\nMaxStartups 100\n{}\n",
        options.join("\n")
    );
    std::fs::write(folder.join("sshd_config"), config).unwrap();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut command = Command::new("/usr/sbin/sshd");
    command.args(["-D", "-e", "-f"]).arg(folder.join("sshd_config")).stdin(Stdio::null()).stderr(log);
    let mut process = command.spawn().unwrap_or_else(|error| panic!("sshd: {error}: run `make setup`"));
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        let ended = process.try_wait().unwrap();
        let log = || std::fs::read_to_string(folder.join("log")).unwrap();
        assert!(ended.is_none() && begun.elapsed() < PATIENCE, "sshd does not listen: {}", log());
        std::thread::sleep(Duration::from_millis(10));
    }
    process
}

/// A site with one node, and how it is reached.
pub struct Rig {
    pub site: Site,
    pub secrets: Secrets,
    pub options: Options,
    pub folder: PathBuf,
    runtime: Runtime,
}

impl Rig {
    /// A site whose node is the server, entered with `id`, whose host key is listed.
    pub fn of(server: &Server) -> Self {
        Self::with(server, &format!("key: {}", server.path("id").display()))
    }

    /// The same with other lines under `ssh:`.
    pub fn with(server: &Server, ssh: &str) -> Self {
        Self::at((server.port, &server.fingerprint()), server.folder.path(), ssh)
    }

    /// A site whose node is the server of another process, entered with the agent's keys.
    pub fn elsewhere(port: u16, fingerprint: &str, folder: &Path) -> Self {
        Self::at((port, fingerprint), folder, "agent: true")
    }

    fn at((port, fingerprint): (u16, &str), folder: &Path, ssh: &str) -> Self {
        let user = me();
        let text = format!(
            "apiVersion: airgap/v1\nkind: Site\nname: test\nbundle: {{name: platform, versions: \"*\"}}\n\
             jumpHost: {{address: 10.0.0.2}}\nssh:\n  user: {user}\n  {}\n\
             nodes:\n- {{name: node-1, address: 10.0.0.11, role: server}}\n",
            ssh.replace('\n', "\n  ")
        );
        let mut site = Site::parse(&SourceFile::new("site.yaml", &text)).unwrap();
        site.nodes[0].become_root = site::Become::Nothing;
        // Loopback is no address that a site may have.
        let ssh = &mut site.nodes[0].ssh;
        (ssh.host, ssh.port) = (site::Host::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)), port);
        ssh.host_keys = vec![fingerprint.parse().unwrap()];
        let options = Options { attempts: 1, ..Options::of_state(&folder.join("state")) };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = folder.to_owned();
        Self { site, secrets: Secrets::default(), options, folder, runtime }
    }

    pub fn ssh(&mut self) -> &mut Ssh {
        &mut self.site.nodes[0].ssh
    }

    /// A new process would make these anew.
    pub fn connections(&self) -> Connections {
        Connections::new(&self.site, &self.folder, &self.secrets, &self.options).unwrap()
    }

    pub fn machine(&self) -> Arc<Machine> {
        Arc::clone(&self.connections().machines()[0])
    }

    pub fn block<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub fn run_on(&self, machine: &Machine, command: &NodeCommand) -> Result<Output, HostError> {
        self.block(machine.run(command))
    }

    /// Runs an argument vector on a new connection.
    pub fn run(&self, argv: &[&str]) -> Result<Output, HostError> {
        self.run_on(&self.machine(), &NodeCommand::new("try it", argv))
    }

    /// The whole of an error, help and all.
    #[track_caller]
    pub fn refusal(&self) -> String {
        complaint(&self.run(&["true"]).unwrap_err())
    }

    pub fn known_hosts(&self) -> String {
        std::fs::read_to_string(&self.options.known_hosts).unwrap_or_default()
    }

    pub fn set_known_hosts(&self, text: &str) {
        std::fs::create_dir_all(self.options.known_hosts.parent().unwrap()).unwrap();
        std::fs::write(&self.options.known_hosts, text).unwrap();
    }

    /// As if the secret had been fetched from the file that the site names.
    pub fn fetch_secrets(&mut self) {
        self.secrets = Secrets::fetch(&self.site.secrets_of_ssh(), &self.folder).unwrap();
    }
}

pub fn complaint(error: &HostError) -> String {
    use miette::Diagnostic as _;
    format!("{error}\nhelp: {}", error.help().map(|help| help.to_string()).unwrap_or_default())
}

#[track_caller]
pub fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
