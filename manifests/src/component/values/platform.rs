//! Platforms, with advice for what people write instead.

use crate::Platform;
use crate::yaml::{Node, Problem, Sink, suggest};

/// The words of Go for systems and architectures that images are published for.
const SYSTEMS: [&str; 5] = ["linux", "windows", "darwin", "freebsd", "wasip1"];
const ARCHITECTURES: [&str; 12] =
    ["amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le", "mips64", "mipsle", "wasm"];

/// `linux/amd64`. A word that no image is published for is a typing error.
pub(crate) fn platform(node: &Node, sink: &Sink) -> Option<Platform> {
    let text = node.text(sink)?;
    let error = match text.parse::<Platform>() {
        Ok(platform) if known(&platform) => return Some(platform),
        Ok(_) => format!("`{text}` is not a platform that images are published for"),
        Err(error) => error.to_string(),
    };
    let all: Vec<String> =
        ARCHITECTURES.iter().flat_map(|arch| SYSTEMS.iter().map(move |os| format!("{os}/{arch}"))).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let meant = match text.rsplit('/').next().unwrap_or(text) {
        "x86_64" | "x86-64" | "x64" | "amd64" => Some("linux/amd64"),
        "aarch64" | "arm64" => Some("linux/arm64"),
        _ => suggest::nearest(text, &all),
    };
    let problem = Problem::new(&node.location, error, "this platform");
    sink.add(match meant {
        Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
        None => problem.with_help("write the operating system and the architecture, such as `linux/amd64`"),
    });
    None
}

fn known(platform: &Platform) -> bool {
    SYSTEMS.contains(&platform.os.as_str()) && ARCHITECTURES.contains(&platform.architecture.as_str())
}
