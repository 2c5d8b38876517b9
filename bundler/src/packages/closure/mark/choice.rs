//! Which package satisfies a relation.

use super::{Failed, Mark, Marked, Marker};
use crate::packages::closure::relations::Dependency;
use crate::packages::closure::universe::{PackageId, VersionId};

impl<'t> Marker<'_, '_, 't> {
    /// Marks what a version needs.
    pub(super) fn install_needs(
        &mut self,
        mark: Mark,
        version: VersionId,
        relations: &[Dependency<'t>],
        open: &[usize],
        protected: bool,
    ) -> Marked {
        let mut failed = false;
        for dependency in open.iter().map(|index| &relations[*index]) {
            let critical = dependency.kind.is_critical();
            if self.machine.holds(version, dependency, |state| state.install) {
                if protected && critical && self.protect_only_choice(mark, version, dependency).is_err() {
                    failed = true;
                }
                continue;
            }
            if !critical && self.is_old_news(mark.package, dependency) {
                continue;
            }
            if !self.install_choice(mark, version, dependency, protected) && critical {
                failed = true;
                if !protected && !mark.from_user {
                    break;
                }
            }
        }
        if failed { Err(Failed) } else { Ok(()) }
    }

    /// Marks the first choice that can be installed.
    fn install_choice(&mut self, mark: Mark, version: VersionId, dependency: &Dependency<'t>, protected: bool) -> bool {
        let choices = self.machine.choices(version, dependency, |state| state.candidate);
        for choice in &choices {
            let package = self.machine.universe().version(*choice).package;
            if self.machine.candidate(package) != Some(*choice) {
                continue;
            }
            if protected && dependency.kind.is_critical() && choices.len() == 1 {
                let alone = Mark { follow: false, ..Mark::needed(package, mark.depth + 1) };
                if self.install(alone).is_err() {
                    continue;
                }
                self.machine.state_mut(package).protected = true;
            }
            if self.install(Mark::needed(package, mark.depth + 1)).is_ok() {
                self.note(package, version, dependency.kind);
                return true;
            }
        }
        false
    }

    /// What a protected version needs, and only one version gives, stays.
    fn protect_only_choice(&mut self, mark: Mark, version: VersionId, dependency: &Dependency<'t>) -> Marked {
        let mut choices = self.machine.choices(version, dependency, |state| state.candidate);
        choices.extend(self.machine.choices(version, dependency, |state| state.current));
        choices.sort_unstable();
        choices.dedup();
        let [only] = choices[..] else { return Ok(()) };
        let package = self.machine.universe().version(only).package;
        if self.machine.state(package).protected {
            return Ok(());
        }
        self.machine.state_mut(package).protected = true;
        self.install(Mark::needed(package, mark.depth + 1))
    }

    /// Whether an upgrade recommends what its earlier version did too, in vain.
    fn is_old_news(&self, package: PackageId, dependency: &Dependency<'t>) -> bool {
        let Some(current) = self.machine.current(package) else { return false };
        let name = dependency.alternatives.first().map(|atom| atom.relation.name);
        let relations = self.machine.relations(current);
        let mut same = relations
            .iter()
            .filter(|old| {
                !old.kind.is_critical() && old.alternatives.iter().any(|atom| Some(atom.relation.name) == name)
            })
            .peekable();
        same.peek().is_some() && !same.any(|old| self.machine.holds(current, old, |state| state.current))
    }
}
