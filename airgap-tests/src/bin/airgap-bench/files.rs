//! Figures of building, verifying and importing.

use anyhow::{Context, Result};

use crate::content::{Content, REGISTRY_PORT};
use crate::figure::Bound::AtMost;
use crate::figure::Figure;
use crate::measure::{Usage, measure, script, size};

fn bundler(content: &Content, words: &[&str]) -> Result<Usage> {
    measure(&content.machine, &content.machine.ours("airgap-bundle", words)?)
}

fn memory(what: &str, usage: Usage) -> Figure {
    Figure::new(&format!("peak memory of {what}"), usage.memory, " MiB", AtMost(128.0), String::new())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// `sha256sum` of everything the registry holds, one process per core.
fn hash(content: &Content) -> Result<Usage> {
    let find = "find registry/docker/registry/v2/blobs -name data -size +100k -print0";
    script(&content.machine, &format!("{find} | xargs -0 -P {} -n 4 sha256sum >/dev/null", cores()))
}

pub(crate) fn build(content: &Content) -> Result<Vec<Figure>> {
    // Once beforehand, so that neither way reads a cold disk.
    hash(content)?;
    let ours = bundler(content, &["build", "stack.yaml", "-o", "bench.tar.zst", "--key", "ci"])?;
    let copies = content.images.iter().enumerate().map(|(number, image)| {
        let source = format!("docker://127.0.0.1:{REGISTRY_PORT}/{image}");
        format!("skopeo copy --quiet --insecure-policy --src-tls-verify=false {source} dir:copy/{number}\n")
    });
    let pack = "tar --zstd -C copy -cf copy.tar.zst .";
    let theirs = script(&content.machine, &format!("mkdir copy\n{}{pack}", copies.collect::<String>()))?;
    script(&content.machine, "rm -rf copy copy.tar.zst")?;
    let hash = hash(content)?;
    let bundle = size(&content.bundle())?;
    let seconds = |usage: Usage| format!("{:.2} s", usage.seconds);
    Ok(vec![
        Figure::new(
            "bytes written / bundle bytes, building",
            ours.written / bundle,
            "",
            AtMost(1.05),
            format!("{:.0} MB written", ours.written / 1e6),
        ),
        Figure::new(
            "build / (skopeo copy, tar --zstd)",
            ours.seconds / theirs.seconds,
            "",
            AtMost(0.5),
            format!("{} / {}", seconds(ours), seconds(theirs)),
        ),
        Figure::new(
            "CPU of build / sha256sum",
            ours.cpu / hash.cpu,
            "",
            AtMost(1.5),
            format!("{:.2} s / {:.2} s", ours.cpu, hash.cpu),
        ),
        memory("build", ours),
    ])
}

pub(crate) fn verify(content: &Content) -> Result<Vec<Figure>> {
    let ours = bundler(content, &["verify", "bench.tar.zst", "--trust", "allowed_signers"])?;
    let theirs = hash(content)?;
    let detail = format!("{:.2} s / {:.2} s", ours.seconds, theirs.seconds);
    let ratio = ours.seconds / theirs.seconds;
    Ok(vec![Figure::new("verify / sha256sum", ratio, "", AtMost(1.15), detail), memory("verify", ours)])
}

pub(crate) fn import(content: &Content) -> Result<Vec<Figure>> {
    let machine = &content.machine;
    let theirs = script(machine, "cp bench.tar.zst copy.tar.zst; sha256sum copy.tar.zst")?;
    script(machine, "rm copy.tar.zst")?;
    let words =
        ["--bundle", "bench.tar.zst", "--trust", "allowed_signers", "--state", "state", "--no-serve", "--quiet"];
    let ours = measure(machine, &machine.ours("airgap-install", &words)?)?;
    script(machine, "rm -rf state")?;
    let detail = format!("{:.2} s / {:.2} s", ours.seconds, theirs.seconds);
    let ratio = ours.seconds / theirs.seconds;
    Ok(vec![Figure::new("import / (cp, sha256sum)", ratio, "", AtMost(1.1), detail), memory("import", ours)])
}

/// The middle of several runs, in milliseconds.
fn inspect_time(content: &Content, bundle: &str) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..15 {
        let mut command = content.machine.ours("airgap-bundle", &["inspect", bundle])?;
        let start = std::time::Instant::now();
        airgap_tests::run(&mut command)?.success()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().context("no run")
}

/// A bundle of one file, five times as large as the other bundle, against one of 20 MB.
pub(crate) fn inspect(content: &Content) -> Result<Vec<Figure>> {
    let machine = &content.machine;
    let large = size(&content.bundle())? * 5.0;
    for (name, bytes) in [("little", 20e6), ("huge", large)] {
        // The name of what is compressed already: the archive is as large as the file, which is all holes.
        script(machine, &format!("truncate -s {bytes:.0} {name}.gz"))?;
        let stack = format!(
            "apiVersion: airgap/v1\nkind: Stack\nname: {name}\nversion: 1.0.0\ncreated: 2026-01-01\nfiles:\n  - \
             path: {name}.gz\n    file: {name}.gz\n"
        );
        machine.write(format!("{name}.yaml"), stack)?;
        bundler(content, &["build", &format!("{name}.yaml"), "-o", &format!("{name}.tar.zst"), "--key", "ci"])?;
    }
    let (little, huge) = (inspect_time(content, "little.tar.zst")?, inspect_time(content, "huge.tar.zst")?);
    script(machine, "rm -f huge.* little.*")?;
    let what = format!("inspect of {:.0} GB", large / 1e9);
    let detail = format!("{huge:.1} ms / {little:.1} ms");
    Ok(vec![
        Figure::new(&what, huge, " ms", AtMost(50.0), String::new()),
        // A millisecond is within what two runs of the same differ by.
        Figure::new(&format!("{what} / of 20 MB"), huge / (little + 1.0), "", AtMost(1.0), detail),
    ])
}

pub(crate) fn rebuild(content: &Content) -> Result<Vec<Figure>> {
    content.machine.write("hundred.yaml", content.hundred()?)?;
    let words = ["build", "hundred.yaml", "-o", "hundred.tar.zst", "--key", "ci"];
    bundler(content, &words)?;
    let again = bundler(content, &words)?;
    let detail = format!("{:.1} MB written", again.written / 1e6);
    Ok(vec![Figure::new("rebuild of 100 images, nothing new", again.seconds, " s", AtMost(2.0), detail)])
}
