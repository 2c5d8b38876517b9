//! Figures of work on nodes: real systems behind the gap, reached over SSH.
//!
//! `BENCH_NODES` (20) is how many there are where the figure is about many. All of them run on the one machine, so its processors are
//! shared by what works and what is worked on.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use airgap_tests::{
    Daemon, Edition, Machine, Node, OPERATOR, Random, Release, Servers, Site, deliver_platform, run, run_long, signer,
    site_yaml,
};
use anyhow::{Context, Result};
use manifests::Digest;

use crate::figure::Bound::AtMost;
use crate::figure::Figure;
use crate::latency;

/// How long the way to a node is where there are many.
const ROUND_TRIP: &str = "20";
/// How many bytes a node is brought beside the release of the rig, which is smaller than a real one: about what RKE2's own
/// archive of images has.
const IMAGES: usize = 768 << 20;
/// An archive of images that is never read: the run ends before anything starts. It is compressed, as RKE2's are.
const ARCHIVE: &str = "rke2-images-bench.linux-amd64.tar.zst";
const SUMS: &str = "sha256sum-amd64.txt";
/// How often a node is brought everything.
const TIMES: usize = 5;
/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What a site takes: its machines, and the command line of its installer.
struct Ground {
    site: Site,
    servers: Servers,
    bundle: PathBuf,
}

impl Ground {
    fn new(connected: &Machine, nodes: usize) -> Result<Self> {
        let mut site = Site::new(&connected.path("allowed_signers"))?;
        let bundle = site.carry(&connected.path("platform.tar.zst"))?;
        site.serve(&[&bundle], &[])?;
        let servers = Servers::boot(site.gap(), site.jump(), nodes)?;
        let ground = Self { site, servers, bundle };
        ground.say(&ground.servers.nodes().iter().map(|node| node.address().to_owned()).collect::<Vec<_>>())?;
        Ok(ground)
    }

    /// Writes the site, whose nodes are found at these addresses.
    fn say(&self, addresses: &[String]) -> Result<()> {
        let port = self.site.authority().rsplit(':').next().unwrap_or_default().to_owned();
        let names: Vec<&str> = addresses.iter().map(String::as_str).collect();
        self.site.jump().write("site.yaml", site_yaml(&port, &names, 1, ""))?;
        let known = self.servers.known_hosts()?;
        let keys = known.lines().zip(addresses).filter_map(|(line, address)| {
            let (_, key) = line.split_once(' ')?;
            Some(format!("{address} {key}\n"))
        });
        let file = self.site.state().join("known_hosts");
        std::fs::write(file, keys.collect::<String>()).context("cannot write known_hosts")
    }

    fn command(&self, words: &[&str], listens: bool) -> Result<Command> {
        let (bundle, state) = (self.bundle.display().to_string(), self.site.state().display().to_string());
        let fixed = ["--bundle", &bundle, "--trust", "allowed_signers", "--state", &state, "--site", "site.yaml"];
        let listen = format!("0.0.0.0:{}", self.site.authority().rsplit(':').next().unwrap_or_default());
        let own: &[&str] = if listens { &["--listen", &listen] } else { &[] };
        self.site.jump().ours("airgap-install", &[words, &fixed, own].concat())
    }

    /// Seconds that an installation takes.
    fn install(&self) -> Result<f64> {
        let begun = Instant::now();
        run_long(&mut self.command(&[], true)?)?.success()?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Whether the journal tells that something was begun to be started.
    fn starts(&self) -> bool {
        let journal = std::fs::read_to_string(self.site.state().join("journal.jsonl")).unwrap_or_default();
        journal
            .lines()
            .any(|line| line.contains(r#""event":"node-step-started""#) && line.contains(r#""kind":"start""#))
    }
}

fn connected() -> Result<Machine> {
    let machine = Machine::new()?;
    signer(&machine, "ci", "allowed_signers")?;
    deliver_platform(&machine, &Edition::rke2(), "1.0.0", &[])?;
    Ok(machine)
}

/// Bringing everything to one node, against `scp` of the same bytes. One machine does both ends of either, and is as fast as its
/// neighbours let it be: the middle one counts.
pub(crate) fn bring_up() -> Result<Vec<Figure>> {
    let machine = connected()?;
    let bytes = add_images(&machine)?;
    let mut seen = Vec::new();
    for _ in 0..TIMES {
        let ground = Ground::new(&machine, 1)?;
        let ours = until_it_starts(&ground, &machine)?;
        seen.push((ours, copy(&ground, bytes)?));
    }
    seen.sort_by(|(ours, theirs), (other, others)| (ours / theirs).total_cmp(&(other / others)));
    let (ours, theirs) = seen[TIMES / 2];
    let all: Vec<_> = seen.iter().map(|(ours, theirs)| format!("{ours:.2} s / {theirs:.2} s")).collect();
    let detail = format!("{}; {:.0} MB", all.join(", "), bytes as f64 / 1e6);
    Ok(vec![Figure::new(
        "a node's bring-up until it is started / scp of its bytes",
        ours / theirs,
        "",
        AtMost(1.3),
        detail,
    )])
}

/// Seconds that an installation takes until something is started on its node. It ends there.
fn until_it_starts(ground: &Ground, connected: &Machine) -> Result<f64> {
    write_out(connected)?;
    let begun = Instant::now();
    let mut installer = Daemon::start(&ground.command(&[], true)?, &ground.site.jump().path("install.log"))?;
    while !ground.starts() {
        let ended = installer.wait(Duration::from_millis(5))?;
        anyhow::ensure!(ended.is_none() && begun.elapsed() < PATIENCE, "{ended:?}: {}", installer.log());
    }
    let ours = begun.elapsed().as_secs_f64();
    installer.kill();
    Ok(ours)
}

/// Waits until the disk has what was written before: all machines here share one, and each would wait for what others have left.
fn write_out(machine: &Machine) -> Result<()> {
    machine.run("sync", &[]).map(drop)
}

/// Adds an archive of images to the release that the bundle carries. The bytes that a node is brought then.
fn add_images(machine: &Machine) -> Result<u64> {
    let release = Release::get()?;
    let content = zstd::encode_all(&Random::new(5).bytes(IMAGES)[..], 1).context("cannot compress images")?;
    machine.write(ARCHIVE, &content)?;
    let sums = std::fs::read_to_string(release.file(SUMS)).context("the release has no checksums")?;
    machine.write(SUMS, format!("{sums}{}  {ARCHIVE}\n", Digest::of(&content).hex()))?;
    let component = release.component()?;
    // A file of a set is two lines: its path, and where it is.
    let is_sums = |line: &&str| line.ends_with(&format!("path: {SUMS}")) || line.ends_with(&format!("/{SUMS}"));
    let kept: Vec<&str> = component.lines().filter(|line| !is_sums(line)).collect();
    let added: String = [ARCHIVE, SUMS].iter().map(|name| format!("  - path: {name}\n    file: ./{name}\n")).collect();
    machine.write("distribution.yaml", format!("{}\n{added}", kept.join("\n")))?;
    machine.bundle(&["build", "stack.yaml", "-o", "platform.tar.zst", "--key", "ci"])?.success()?;
    let mut bytes = content.len() as u64;
    for entry in std::fs::read_dir(release.folder()).context("the release has no folder")? {
        let entry = entry.context("cannot read the folder of a release")?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".txt") {
            bytes += entry.metadata().context("cannot look at a file of the release")?.len();
        }
    }
    Ok(bytes)
}

/// Seconds that `scp` takes for as many bytes, from the jump host to the node.
fn copy(ground: &Ground, bytes: u64) -> Result<f64> {
    let jump = ground.site.jump();
    let mut file = std::fs::File::create(jump.path("bytes")).context("cannot create a file to copy")?;
    let piece = Random::new(6).bytes(64 << 20);
    let mut left = bytes;
    while left > 0 {
        let length = left.min(piece.len() as u64);
        file.write_all(&piece[..length as usize]).context("cannot write the file to copy")?;
        left -= length;
    }
    let known = format!("UserKnownHostsFile={}", ground.site.state().join("known_hosts").display());
    let to = format!("{OPERATOR}@{}:bytes", ground.servers.node(0).address());
    write_out(jump)?;
    let begun = Instant::now();
    jump.run("scp", &["-q", "-i", "servers", "-o", &known, "-o", "BatchMode=yes", "bytes", &to])?;
    Ok(begun.elapsed().as_secs_f64())
}

/// A look at many nodes, and a second run on them that has nothing to do, with a long way to each.
pub(crate) fn many() -> Result<Vec<Figure>> {
    let count: usize = std::env::var("BENCH_NODES").unwrap_or_else(|_| "20".into()).parse().context("BENCH_NODES")?;
    let ground = Ground::new(&connected()?, count)?;
    let delayed = delay(&ground)?;
    let begun = Instant::now();
    // Containers of one machine have findings: what counts is that all nodes were judged.
    let judged = run(&mut ground.command(&["preflight", "-o", "json"], false)?)?;
    let preflight = begun.elapsed().as_secs_f64();
    let last = format!("node-{}", count - 1);
    anyhow::ensure!(judged.stdout.contains(&last), "{judged}");
    ground.install()?;
    let second = ground.install()?;
    drop(delayed);
    let detail = || format!("{count} nodes, {ROUND_TRIP} ms to each");
    Ok(vec![
        Figure::new("preflight", preflight, " s", AtMost(10.0), detail()),
        Figure::new("second run with nothing to do", second, " s", AtMost(15.0), detail()),
    ])
}

/// Makes the way to each node long: the jump host finds it at another address, at which the others find it, too.
fn delay(ground: &Ground) -> Result<Daemon> {
    let jump = ground.site.jump();
    let far = |node: &Node| node.address().replacen("10.77.0.", "10.77.1.", 1);
    let mut words = vec![latency::AGAIN.to_owned(), ROUND_TRIP.to_owned()];
    jump.run("ip", &["link", "set", "lo", "up"])?;
    for node in ground.servers.nodes() {
        let address = far(node);
        node.shell(&format!("ip addr add {address}/16 dev eth0 || ip addr add {address}/16 dev host0"))?.success()?;
        jump.run("ip", &["addr", "add", &format!("{address}/32"), "dev", "lo"])?;
        words.push(format!("{address}:22={}:22", node.address()));
    }
    let mut command = jump.command_at(&std::env::current_exe().context("a program has a path")?);
    let mut delayed = Daemon::start(command.args(&words), &jump.path("delay.log"))?;
    let first = (far(ground.servers.node(0)), 22);
    let network = jump.network().context("the jump host has a network of its own")?;
    let address = format!("{}:{}", first.0, first.1).parse().context("no address")?;
    delayed.wait_until("it handed connections on", || network.connect(address).is_ok())?;
    ground.say(&ground.servers.nodes().iter().map(far).collect::<Vec<_>>())?;
    Ok(delayed)
}
