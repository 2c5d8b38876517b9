//! An inventory of Ansible in its INI form, as far as a site can be drawn from it: machines, their groups and variables.
//!
//! Passwords in it are covered before anything is read, so none can get further: see `mask`.

mod mask;
mod parse;
mod range;

use std::collections::{BTreeMap, BTreeSet};

use manifests::yaml::{Problems, SourceFile};

/// The group that every machine belongs to.
const ALL: &str = "all";

/// A machine of an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// The groups that it belongs to, by itself or through others.
    pub groups: BTreeSet<String>,
    /// Its variables; those of its groups among them.
    pub variables: BTreeMap<String, String>,
}

/// What the lines of an inventory say.
#[derive(Debug, Default)]
struct Lines {
    /// Machines in the order of their first naming, with their own variables.
    machines: Vec<(String, BTreeMap<String, String>)>,
    groups: BTreeMap<String, Group>,
}

#[derive(Debug, Default)]
struct Group {
    machines: BTreeSet<String>,
    children: BTreeSet<String>,
    variables: BTreeMap<String, String>,
}

/// Reads an inventory.
///
/// # Errors
/// [`Problems`]: everything that can't be read, each at its line.
pub fn read(name: &str, text: &str) -> Result<Vec<Machine>, Problems> {
    let file = SourceFile::new(name, &mask::mask(text));
    parse::lines(&file).map(Lines::machines)
}

impl Lines {
    /// Machines with what their groups say. What is nearer to a machine holds: its own variables before those of its
    /// groups, and those of a group before those of the groups above it; of groups that are equally near, the last by
    /// name.
    fn machines(self) -> Vec<Machine> {
        let Self { machines, groups } = self;
        let depths = depths(&groups);
        let machine = |(name, own): (String, BTreeMap<String, String>)| {
            let groups_of = groups_of(&name, &groups);
            let mut order: Vec<(usize, &String)> =
                groups_of.iter().map(|group| (depths.get(group).copied().unwrap_or_default(), group)).collect();
            order.sort_unstable();
            let mut variables = BTreeMap::new();
            let all = groups.get(ALL).map(|group| &group.variables);
            let theirs = order.iter().filter_map(|(_, group)| groups.get(*group)).map(|group| &group.variables);
            all.into_iter().chain(theirs).chain([&own]).for_each(|more| variables.extend(more.clone()));
            Machine { name, groups: groups_of, variables }
        };
        machines.into_iter().map(machine).collect()
    }
}

/// The groups of a machine, through however many others.
fn groups_of(machine: &str, groups: &BTreeMap<String, Group>) -> BTreeSet<String> {
    let mut found: BTreeSet<String> =
        groups.iter().filter(|(_, group)| group.machines.contains(machine)).map(|(name, _)| name.clone()).collect();
    loop {
        let above = groups.iter().filter(|(_, group)| group.children.iter().any(|child| found.contains(child)));
        let above: Vec<String> = above.map(|(name, _)| name.clone()).filter(|name| !found.contains(name)).collect();
        if above.is_empty() {
            return found;
        }
        found.extend(above);
    }
}

/// How far each group is below `all`. Groups that contain themselves end somewhere.
fn depths(groups: &BTreeMap<String, Group>) -> BTreeMap<String, usize> {
    let mut depths: BTreeMap<String, usize> =
        groups.keys().map(|name| (name.clone(), usize::from(name != ALL))).collect();
    for _ in 0..groups.len() {
        let mut changed = false;
        for (name, group) in groups.iter().filter(|(name, _)| *name != ALL) {
            let below = depths.get(name).map_or(1, |depth| depth + 1);
            for child in &group.children {
                let depth = depths.entry(child.clone()).or_insert(below);
                changed |= *depth < below;
                *depth = below.max(*depth);
            }
        }
        if !changed {
            break;
        }
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(machines: &[Machine], machine: &str, name: &str) -> Option<String> {
        machines.iter().find(|one| one.name == machine)?.variables.get(name).cloned()
    }

    #[test]
    fn machines_have_what_is_nearest_to_them() {
        let text = "lone ansible_host=10.0.0.9\n[servers]\nnode[1:3] ansible_port=2222 # a comment\n\
                    [agents]\nnode4 ansible_user=\"own user\"\n; a comment\n[cluster:children]\nservers\nagents\n\
                    [cluster:vars]\nansible_user = cluster\nx=cluster\n[servers:vars]\nansible_user='server'\n\
                    [all:vars]\nansible_user=all\ny=all\n";
        let machines = read("hosts.ini", text).unwrap();
        let names: Vec<&str> = machines.iter().map(|machine| machine.name.as_str()).collect();
        assert_eq!(names, ["lone", "node1", "node2", "node3", "node4"]);
        let user = |machine| variable(&machines, machine, "ansible_user").unwrap();
        assert_eq!([user("lone"), user("node2"), user("node4")], ["all", "server", "own user"]);
        assert_eq!(variable(&machines, "node3", "ansible_port").as_deref(), Some("2222"));
        assert_eq!(variable(&machines, "node4", "x").as_deref(), Some("cluster"));
        assert_eq!(machines[4].groups, ["agents".to_owned(), "cluster".to_owned()].into());
    }

    #[test]
    fn a_password_gets_no_further_than_the_text() {
        let text = "[all]\nnode ansible_become_password='hun ter2' ansible_port=22 [\n[all:vars]\nansible_ssh_pass = hunter2\n";
        let problems = read("hosts.ini", text).unwrap_err();
        assert!(!format!("{problems:?}").contains("hun"), "{problems:?}");
        let machines = read("hosts.ini", &text.replace(" [\n", "\n")).unwrap();
        assert!(machines[0].variables["ansible_become_password"].bytes().all(|b| b == b'*'));
        assert_eq!(machines[0].variables["ansible_port"], "22");
    }

    #[test]
    fn groups_that_contain_each_other_come_to_an_end() {
        let machines = read("hosts.ini", "[a]\nnode\n[a:children]\nb\n[b:children]\na\n[b:vars]\nx=1\n").unwrap();
        assert_eq!(variable(&machines, "node", "x").as_deref(), Some("1"));
    }
}
