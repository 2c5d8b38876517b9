//! What a component needs of the kernel of every node.

use super::KernelModule;
use super::offers::Offer;
use crate::word::{excerpt, word};
use crate::yaml::Location;

/// What a component needs of the kernel of every node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KernelNeeds {
    /// The modules that are loaded.
    pub modules: Vec<Offer<KernelModule>>,
    /// The settings that are set.
    pub sysctls: Vec<WantedSysctl>,
}

/// A setting of the kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedSysctl {
    /// Its name.
    pub name: SysctlName,
    /// Its value.
    pub value: SysctlValue,
    /// Where it is asked for.
    pub location: Location,
}

/// The name of a setting, with dots between its parts, as `sysctl` shows it: `vm.max_map_count`. A part that has a dot itself, as
/// the name of a VLAN's interface has, can't be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SysctlName(String);

word!(
    SysctlName,
    r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$",
    "The name of a setting of the kernel, as `sysctl` shows it: `vm.max_map_count`."
);

/// The value of a setting: letters, digits, signs and single blanks, as files of `sysctl.d` take them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SysctlValue(String);

word!(
    SysctlValue,
    r"^[A-Za-z0-9_.,:/+-]+( [A-Za-z0-9_.,:/+-]+)*$",
    "The value of a setting of the kernel. Numbers need quotes: `\"262144\"`."
);

/// A text that is no setting of the kernel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the {part} of a setting of the kernel")]
pub struct SysctlError {
    part: &'static str,
    text: String,
}

/// The longest name or value, in bytes.
const LONGEST: usize = 255;

impl std::str::FromStr for SysctlName {
    type Err = SysctlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        let good = text.len() <= LONGEST && text.contains('.') && text.split('.').all(is_part);
        if good { Ok(Self(text.to_owned())) } else { Err(SysctlError { part: "name", text: excerpt(text) }) }
    }
}

impl std::str::FromStr for SysctlValue {
    type Err = SysctlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b',' | b':' | b'/' | b'+' | b'-')
                })
        };
        let good = text.len() <= LONGEST && text.split(' ').all(is_word);
        if good { Ok(Self(text.to_owned())) } else { Err(SysctlError { part: "value", text: excerpt(text) }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_file_of_sysctl_d_takes_is_a_setting() {
        for name in ["vm.max_map_count", "net.ipv4.conf.all.rp_filter", "fs.inotify.max_user_watches"] {
            assert!(name.parse::<SysctlName>().is_ok(), "{name}");
        }
        for name in ["", "vm", "vm.", ".vm", "-vm=1", "vm.a b", "vm.a\nvm.b", "vm/a", "vm.*"] {
            assert!(name.parse::<SysctlName>().is_err(), "{name}");
        }
        for value in ["262144", "4096 87380 16777216", "-1", "bbr", "|/bin"] {
            assert_eq!(value.parse::<SysctlValue>().is_ok(), value != "|/bin", "{value}");
        }
        for value in ["", " ", "a ", "a  b", "a\nb", "#a", "a;b"] {
            assert!(value.parse::<SysctlValue>().is_err(), "{value:?}");
        }
    }
}
