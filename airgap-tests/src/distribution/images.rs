//! The images of a release: static programs, each in one layer, together in an archive as `docker save` writes it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use manifests::Digest;
use serde_json::{Value, json};

use super::archive::{self, Entry};
use super::{CHART_JOB, COREDNS, Edition, Flavour, PAUSE, RUNTIME, reference};

/// One image.
#[derive(Debug)]
struct Image {
    name: &'static str,
    entrypoint: &'static [&'static str],
    /// By number: kubelet has to see that it is not root.
    user: &'static str,
    files: Vec<Entry>,
}

/// The images of the core. `busybox` and the programs are static.
fn core(edition: &Edition, busybox: &[u8], helm: &Path, coredns: &Path) -> Result<Vec<Image>> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let shell = || Entry::file("bin/busybox", 0o755, busybox);
    let mut job = vec![
        Entry::folder("tmp", 0o1777),
        Entry::folder("home/klipper-helm", 0o777),
        shell(),
        Entry::file("usr/bin/helm", 0o755, read(helm)?),
        Entry::file("usr/bin/entry", 0o755, include_str!("release/chart-job.sh")),
    ];
    job.extend(
        ["sh", "base64", "cat", "sort", "grep", "tee", "sleep"]
            .map(|name| Entry::link(&format!("bin/{name}"), "busybox")),
    );
    let mut images = vec![
        Image {
            name: PAUSE,
            user: "65535:65535",
            entrypoint: &["/bin/busybox", "sleep", "infinity"],
            files: vec![shell()],
        },
        Image {
            name: COREDNS,
            user: "",
            entrypoint: &["/coredns"],
            files: vec![Entry::file("coredns", 0o755, read(coredns)?)],
        },
        Image { name: CHART_JOB, user: "1000:1000", entrypoint: &["/usr/bin/entry"], files: job },
    ];
    if edition.flavour == Flavour::Rke2 {
        images.push(Image {
            name: RUNTIME,
            user: "",
            entrypoint: &["/bin/busybox"],
            files: vec![shell(), Entry::file("VERSION", 0o644, edition.version.as_str())],
        });
    }
    Ok(images)
}

/// The archive of the core, and the list of what is in it.
pub(super) fn make(edition: &Edition, busybox: &[u8], helm: &Path, coredns: &Path) -> Result<(Vec<u8>, String)> {
    let (mut entries, mut list, mut names) = (Vec::new(), Vec::new(), String::new());
    for image in core(edition, busybox, helm, coredns)? {
        let layer = archive::write(&image.files, Vec::new())?;
        let layer_id = Digest::of(&layer);
        let config = config(&image, &layer_id).to_string();
        let config_name = format!("{}.json", Digest::of(config.as_bytes()).hex());
        let layer_name = format!("{}/layer.tar", layer_id.hex());
        let name = reference(image.name, edition);
        names.push_str(&format!("{name}\n"));
        list.push(json!({"Config": config_name, "RepoTags": [name], "Layers": [layer_name]}));
        entries.push(Entry::file(&config_name, 0o644, config));
        entries.push(Entry::file(&layer_name, 0o644, layer));
    }
    entries.insert(0, Entry::file("manifest.json", 0o644, Value::from(list).to_string()));
    Ok((archive::write(&entries, Vec::new())?, names))
}

fn config(image: &Image, layer: &Digest) -> Value {
    json!({
        "architecture": "amd64",
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": {
            "Entrypoint": image.entrypoint,
            "Env": ["PATH=/usr/bin:/bin", "HOME=/home/klipper-helm"],
            "User": image.user,
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.to_string()]},
        "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "the test rig"}],
    })
}
