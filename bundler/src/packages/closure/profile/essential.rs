//! What no system of a release lacks, in the newest versions and in earlier ones.
//!
//! An archive has the newest version of each package alone, but nodes were installed at some time before. So there are
//! two bases of the same packages: one that is up to date, and one whose versions are earlier than anything that a
//! relation names. What a node between the two lacks, or has to upgrade, is what one of them does.

use std::fmt::Write as _;

use manifests::debian::{Operator, Relation, Stanza, Stanzas, parse_relations};
use manifests::stack::Base;

use super::Profile;
use crate::packages::closure::machine::Machine;
use crate::packages::closure::mark::{self, Policy};
use crate::packages::closure::universe::{ArchitectureId, PackageId, Universe, VersionId};

/// Earlier than every version that is in use.
const EARLIEST: &str = "0~";

/// Which versions a base has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Those of the archive.
    Newest,
    /// Earlier ones than any relation names.
    Earliest,
}

impl Profile {
    /// Systems with nothing but what is Essential or of priority `required` in the universe, and what that needs: in
    /// the newest versions, and in earlier ones.
    ///
    /// # Errors
    /// The packages that can't be installed, when the universe is no whole release.
    pub fn essential(universe: &Universe<'_>) -> Result<[Self; 2], EssentialError> {
        let mut machine = Machine::empty(universe);
        let is_basic = |package: &PackageId| {
            universe.architecture_of(*package) == ArchitectureId::NATIVE
                && machine.candidate(*package).is_some_and(|version| universe.is_on_every_system(version))
        };
        let wanted: Vec<PackageId> = universe.packages().filter(is_basic).collect();
        mark::install_all(&mut machine, &wanted, Policy { recommends: false });
        let missing: Vec<String> = wanted
            .iter()
            .filter(|package| machine.installed(**package).is_none())
            .map(|package| universe.display(*package))
            .chain(machine.broken().iter().map(|package| universe.display(*package)))
            .collect();
        if !missing.is_empty() {
            return Err(EssentialError { missing });
        }
        let versions: Vec<VersionId> = universe.packages().filter_map(|package| machine.installed(package)).collect();
        let base = |name: &str, age: Age| {
            let stanzas = versions.iter().map(|version| universe.stanza(*version));
            let status: String =
                stanzas.flat_map(Stanzas::new).flatten().map(|stanza| age.installed(&stanza)).collect();
            Self { name: name.to_owned(), status: status.into_bytes(), is_earlier: age == Age::Earliest }
        };
        Ok([base(Base::ESSENTIAL, Age::Newest), base(Base::EARLIER, Age::Earliest)])
    }
}

impl Age {
    /// A stanza of an index as it stands in the status file of a system of this age.
    fn installed(self, stanza: &Stanza<'_>) -> String {
        let mut text = String::with_capacity(stanza.text().len() + 32);
        let of_archive =
            ["status", "filename", "size", "sha256", "sha1", "md5sum", "description-md5", "phased-update-percentage"];
        // A description in some older encoding can't be read, and need not be.
        for field in stanza.fields().filter_map(Result::ok) {
            let name = field.name.to_ascii_lowercase();
            if of_archive.contains(&name.as_str()) {
                continue;
            }
            let value = if self == Age::Earliest { earlier(&name, field.value) } else { None };
            let value = value.as_deref().unwrap_or(field.value);
            if !value.is_empty() {
                let _ = writeln!(text, "{}: {value}", field.name);
            }
            if name == "package" {
                text.push_str("Status: install ok installed\n");
            }
        }
        text.push('\n');
        text
    }
}

/// What a field of an earlier version says where it says something else. It was in order with the versions beside it,
/// and bound to one of exactly its own age; what it was against is not known.
fn earlier(field: &str, value: &str) -> Option<String> {
    let rewritten: fn(Relation<'_>) -> Option<Relation<'_>> = match field {
        "version" => return Some(EARLIEST.to_owned()),
        "pre-depends" | "depends" | "provides" => |relation| {
            let is_exact = |(operator, _): &(Operator, &str)| *operator == Operator::Equal;
            let constraint = relation.constraint.filter(is_exact).map(|(operator, _)| (operator, EARLIEST));
            Some(Relation { constraint, ..relation })
        },
        "breaks" | "conflicts" => |relation| relation.constraint.is_none().then_some(relation),
        _ => return None,
    };
    let relations = parse_relations(value).ok()?;
    let relations = relations.iter().map(|alternatives| {
        let kept = alternatives.relations().iter().filter_map(|relation| rewritten(*relation));
        kept.map(|relation| relation.to_string()).collect::<Vec<_>>().join(" | ")
    });
    Some(relations.filter(|relation| !relation.is_empty()).collect::<Vec<_>>().join(", "))
}

/// The smallest system can't be computed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the base of the release can't be computed: {} can't be installed", missing.join(", "))]
#[diagnostic(help("name the repository and the components of the release itself, or give the profile of a node"))]
pub struct EssentialError {
    /// The packages.
    pub missing: Vec<String>,
}
