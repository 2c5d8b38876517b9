//! The rules of a mirror. Its files are content: whoever serves them looks at their paths.

use std::collections::HashSet;

use super::DocumentError;
use crate::component::{Suite, is_component};
use crate::document::Mirror;
use crate::oci::media_type;

/// Keys are shown to apt in a text that people copy: more than that is none, in bytes.
const KEY_SIZE: u64 = 4 << 20;

pub(super) fn check(mirror: &Mirror) -> Result<(), DocumentError> {
    let wrong = |problem: String| Err(DocumentError::Mirror { name: mirror.name.to_string(), problem });
    if mirror.descriptor.media_type != media_type::OCI_INDEX {
        return wrong("it is no index".to_owned());
    }
    if mirror.suites.is_empty() || mirror.architectures.is_empty() {
        return wrong("it needs a suite and an architecture".to_owned());
    }
    let suites: HashSet<&Suite> = mirror.suites.iter().map(|suite| &suite.suite).collect();
    if suites.len() != mirror.suites.len() {
        return wrong("a suite stands there twice".to_owned());
    }
    if suites.iter().any(|suite| suite.is_flat() != mirror.components.is_empty()) {
        return wrong("a flat suite has no components, and every other one has".to_owned());
    }
    if let Some(component) = mirror.components.iter().find(|component| !is_component(component)) {
        return wrong(format!("`{}` is no component", component.chars().take(120).collect::<String>()));
    }
    if let Some(both) = mirror.absent.iter().find(|absent| mirror.architectures.contains(absent)) {
        return wrong(format!("{both} is carried and absent"));
    }
    if mirror.key.size > KEY_SIZE {
        return wrong(format!("its key has {} bytes; at most {KEY_SIZE} are read", mirror.key.size));
    }
    Ok(())
}
