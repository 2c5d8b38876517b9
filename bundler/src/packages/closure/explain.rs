//! Says what stands against an installation: who asks for what, through which chain, and where it ends.

use std::collections::{BTreeSet, HashMap, VecDeque};

use manifests::debian::Qualifier;
use resolvo::conflict::{ConflictCause, ConflictEdge, ConflictGraph, ConflictNode};
use resolvo::{Requirement, SolvableId};

use super::complete::{Exclusion, Origin, Provider, version};
use super::relations::{Dependency, Kind};
use super::universe::VersionId;

/// How many reasons are told: a contradiction of ten names is one of the first two.
const MAX_REASONS: usize = 6;

/// The reasons, each a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Explanation {
    pub(super) reasons: Vec<String>,
    /// How many there are beyond those.
    pub(super) more: usize,
}

/// Explains a conflict of the solver.
pub(super) fn explain(provider: &Provider<'_, '_, '_>, graph: &ConflictGraph) -> Explanation {
    let teller = Teller::new(provider, graph);
    let mut reasons: BTreeSet<(usize, String)> = BTreeSet::new();
    for edge in graph.graph.edge_indices() {
        let Some((from, to)) = graph.graph.edge_endpoints(edge) else { continue };
        let told = match &graph.graph[edge] {
            ConflictEdge::Requires(requirement) if Some(to) == graph.unresolved_node => {
                teller.missing(from.index(), requirement)
            }
            ConflictEdge::Requires(_) => None,
            ConflictEdge::Conflict(ConflictCause::Constrains(set)) => {
                teller.against(from.index(), to.index(), provider.resolve_set(*set).origin)
            }
            ConflictEdge::Conflict(ConflictCause::ForbidMultipleInstances) => {
                teller.two_versions(from.index(), to.index())
            }
            ConflictEdge::Conflict(ConflictCause::Excluded) => teller.excluded(from.index()),
            ConflictEdge::Conflict(ConflictCause::Locked(_)) => None,
        };
        reasons.extend(told);
    }
    let more = reasons.len().saturating_sub(MAX_REASONS);
    let reasons = reasons.into_iter().take(MAX_REASONS).map(|(_, reason)| reason);
    Explanation { reasons: reasons.collect(), more }
}

struct Teller<'a, 'm, 'u, 't> {
    provider: &'a Provider<'m, 'u, 't>,
    graph: &'a ConflictGraph,
    /// The shortest way to each node: from where, and by which requirement.
    ways: HashMap<usize, (usize, Requirement)>,
}

impl<'a, 'm, 'u, 't> Teller<'a, 'm, 'u, 't> {
    fn new(provider: &'a Provider<'m, 'u, 't>, graph: &'a ConflictGraph) -> Self {
        let mut steps: HashMap<usize, Vec<(usize, Requirement)>> = HashMap::new();
        for edge in graph.graph.edge_indices() {
            if let (Some((from, to)), ConflictEdge::Requires(requirement)) =
                (graph.graph.edge_endpoints(edge), &graph.graph[edge])
            {
                steps.entry(from.index()).or_default().push((to.index(), *requirement));
            }
        }
        // What was asked for is told before what is there.
        for next in steps.values_mut() {
            next.sort_by_key(|(to, requirement)| (provider.origin(requirement) == Origin::Base, *to));
        }
        let root = graph.root_node.index();
        let mut ways = HashMap::new();
        let mut queue = VecDeque::from([root]);
        while let Some(node) = queue.pop_front() {
            for (to, requirement) in steps.get(&node).into_iter().flatten() {
                if *to != root && !ways.contains_key(to) {
                    ways.insert(*to, (node, *requirement));
                    queue.push_back(*to);
                }
            }
        }
        Self { provider, graph, ways }
    }

    fn version_at(&self, node: usize) -> Option<VersionId> {
        match self.graph.graph.node_weights().nth(node)? {
            ConflictNode::Solvable(solvable) => Some(version(*solvable as SolvableId)),
            ConflictNode::Root | ConflictNode::UnresolvedDependency | ConflictNode::Excluded(_) => None,
        }
    }

    fn named(&self, version: VersionId) -> String {
        let universe = self.provider.machine.universe();
        let entry = universe.version(version);
        format!("{} {}", universe.display(entry.package), entry.version)
    }

    /// How one comes to a node, with the number of steps.
    fn chain(&self, node: usize) -> Option<(usize, String)> {
        let mut steps = Vec::new();
        let mut at = node;
        while let Some((from, requirement)) = self.ways.get(&at) {
            let origin = self.provider.origin(requirement);
            steps.push(match origin {
                Origin::Request(place) => self.provider.asks[place].clone(),
                Origin::Base => format!("the base has {}", self.base_version(at)?),
                Origin::Relation(owner, place) => format!("{} {}", self.named(owner), self.relation(owner, place)),
            });
            at = *from;
        }
        steps.reverse();
        (!steps.is_empty()).then(|| (steps.len(), steps.join(", ")))
    }

    fn base_version(&self, node: usize) -> Option<String> {
        let universe = self.provider.machine.universe();
        let package = universe.version(self.version_at(node)?).package;
        Some(self.named(self.provider.machine.current(package)?))
    }

    /// A relation in words: `needs bar (>= 2)`.
    fn relation(&self, owner: VersionId, place: usize) -> String {
        let relations = self.provider.machine.relations(owner);
        let dependency = &relations[place];
        if dependency.alternatives.is_empty() {
            return "has a relation that can't be read".to_owned();
        }
        let atoms: Vec<String> = dependency.alternatives.iter().map(|atom| atom.relation.to_string()).collect();
        let verb = match dependency.kind {
            Kind::PreDepends | Kind::Depends => "needs",
            Kind::Recommends => "recommends",
            Kind::Conflicts => "conflicts with",
            Kind::Breaks => "breaks",
            Kind::OtherArchitecture => "can be installed for one architecture only, so it excludes other",
            Kind::Lockstep => "has to be of the same version on all architectures as",
        };
        format!("{verb} {}", atoms.join(" | "))
    }

    fn missing(&self, node: usize, requirement: &Requirement) -> Option<(usize, String)> {
        let Origin::Relation(owner, place) = self.provider.origin(requirement) else { return None };
        let (length, chain) = self.chain(node)?;
        let need = format!("{chain}, {} {}", self.named(owner), self.relation(owner, place));
        let end = self.lack(&self.provider.machine.relations(owner)[place]);
        Some((length, end.map_or_else(|| need.clone(), |end| format!("{need}, {end}"))))
    }

    /// What is there instead of what is needed; of a relation that can't be read nobody knows.
    fn lack(&self, dependency: &Dependency<'_>) -> Option<String> {
        let universe = self.provider.machine.universe();
        let mut qualifiers = dependency.alternatives.iter().map(|atom| atom.relation.qualifier);
        let unnamed = qualifiers.find_map(|qualifier| match qualifier {
            Qualifier::Architecture(name) if universe.architecture_named(name).is_none() => Some(name),
            _ => None,
        });
        if let Some(foreign) = unnamed {
            return Some(format!(
                "but the nodes take no packages of {foreign}; if they do, add `foreign: [{foreign}]` to the system"
            ));
        }
        let names = dependency.alternatives.iter().filter_map(|atom| universe.find_name(atom.relation.name));
        let packages = names.flat_map(|name| universe.packages_named(name));
        let versions = packages.flat_map(|package| universe.versions_of(*package));
        let available: Vec<String> = versions.map(|version| self.named(*version)).collect();
        match (dependency.alternatives.is_empty(), available.is_empty()) {
            (true, _) => None,
            (false, true) => Some("which none of the repositories has".to_owned()),
            (false, false) => Some(format!("but there is only {}", available.join(", "))),
        }
    }

    fn against(&self, from: usize, to: usize, origin: Origin) -> Option<(usize, String)> {
        let Origin::Relation(owner, place) = origin else { return None };
        let (length, chain) = self.chain(from)?;
        let (other_length, other_chain) = self.chain(to)?;
        let target = self.named(self.version_at(to)?);
        let relation = self.relation(owner, place);
        let reason = format!("{chain}, and {} {relation}, which is {target}; but {other_chain}", self.named(owner));
        Some((length + other_length, reason))
    }

    fn two_versions(&self, one: usize, other: usize) -> Option<(usize, String)> {
        let (length, chain) = self.chain(one)?;
        let (other_length, other_chain) = self.chain(other)?;
        let (first, second) = (self.named(self.version_at(one)?), self.named(self.version_at(other)?));
        (chain != other_chain).then(|| {
            let reason =
                format!("{chain} and so {first}; but {other_chain} and so {second}; only one can be installed");
            (length + other_length, reason)
        })
    }

    fn excluded(&self, node: usize) -> Option<(usize, String)> {
        let (length, chain) = self.chain(node)?;
        let version = self.version_at(node)?;
        let package = self.provider.machine.universe().version(version).package;
        let current = self.named(self.provider.machine.current(package)?);
        let end = match self.provider.exclusion(version)? {
            Exclusion::Held => format!("but {current} is on hold"),
            Exclusion::Earlier => format!("but the later {current} is installed"),
        };
        Some((length, format!("{chain} and so {}, {end}", self.named(version))))
    }
}
