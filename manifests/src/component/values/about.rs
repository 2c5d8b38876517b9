//! What people want to know of a component, and what it needs of the kernel.

use url::Url;

use super::judgement::text;
use crate::component::about::{About, Lack};
use crate::component::kernel::{KernelNeeds, SysctlName, WantedSysctl};
use crate::component::{KernelModule, refuse_duplicates};
use crate::yaml::{Fields, Key, Node, Problem, Sink};

/// `licenses`, `links` and `offline`.
pub(crate) fn about(fields: &mut Fields<'_>) -> About {
    About {
        licenses: fields.list("licenses", licence),
        links: fields.list("links", link),
        offline: fields.list("offline", lack),
    }
}

/// `kernelModules` and `sysctls`.
pub(crate) fn kernel(fields: &mut Fields<'_>, sink: &Sink) -> KernelNeeds {
    let modules = fields.list("kernelModules", super::offers::offer::<KernelModule>);
    refuse_duplicates("module", modules.iter().map(|module| (module.name.to_string(), &module.location)), sink);
    let sysctls = fields.entries("sysctls", "a mapping of settings to their values").into_iter();
    KernelNeeds { modules, sysctls: sysctls.filter_map(|(name, value)| sysctl(name, value, sink)).collect() }
}

/// An SPDX expression. Whether its words are those of the SPDX list is not looked at: the list grows.
fn licence(node: &Node, sink: &Sink) -> Option<String> {
    let text = text(node, sink)?;
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | ' ' | '(' | ')');
    if !text.trim().is_empty() && text.chars().all(is_letter) {
        return Some(text);
    }
    let problem = Problem::new(&node.location, "this is no SPDX expression", "not one");
    sink.add(problem.with_help("write one such as `Apache-2.0` or `MIT OR Apache-2.0`; `LicenseRef-…` for any other"));
    None
}

fn link(node: &Node, sink: &Sink) -> Option<Url> {
    super::url(node, &["https"], sink)
}

fn lack(node: &Node, sink: &Sink) -> Option<Lack> {
    let mut fields = Fields::of(node, "what can't work offline", sink)?;
    let lacks = fields.required("lacks", "write what does not work without the internet");
    let lacks = lacks.and_then(|node| text(node, sink));
    let instead = fields.required("instead", "write what takes its place, or that nothing does");
    let instead = instead.and_then(|node| text(node, sink));
    fields.finish();
    Some(Lack { lacks: lacks?, instead: instead? })
}

fn sysctl(key: &Key, value: &Node, sink: &Sink) -> Option<WantedSysctl> {
    let name = key.text.parse::<SysctlName>();
    if let Err(error) = &name {
        sink.add(Problem::new(&key.location, error.to_string(), "this setting"));
    }
    Some(WantedSysctl { name: name.ok()?, value: value.parse(sink)?, location: key.location.clone() })
}
