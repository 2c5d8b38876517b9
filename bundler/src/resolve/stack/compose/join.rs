//! Two stacks as one.

use manifests::Stack;
use manifests::stack::{ComponentSource, ComponentUse};

use super::is_same;

/// What of a stack others take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything: what is said only once holds where the other says nothing.
    All,
    /// What it carries, and what is said of that.
    Content,
}

/// Puts what another stack says below.
pub(super) fn put_below(mut stack: Stack, below: Stack, part: Part) -> Stack {
    stack.components = before(below.components, stack.components);
    stack.choose = before(below.choose, stack.choose);
    stack.without = before(below.without, stack.without);
    stack.images = before(below.images, stack.images);
    stack.image_lists = before(below.image_lists, stack.image_lists);
    stack.charts = before(below.charts, stack.charts);
    stack.files = before(below.files, stack.files);
    stack.git = before(below.git, stack.git);
    stack.packages = before(below.packages, stack.packages);
    stack.decisions = before(stack.decisions, below.decisions);
    stack.waivers = before(stack.waivers, below.waivers);
    stack.provides.extend(below.provides);
    below.choices.into_iter().for_each(|(name, choice)| {
        stack.choices.entry(name).or_insert(choice);
    });
    if part == Part::Content {
        return stack;
    }
    if stack.platforms.is_empty() {
        stack.platforms = below.platforms;
    }
    let systems =
        below.systems.into_iter().filter(|system| stack.systems.iter().all(|own| own.series != system.series));
    stack.systems = before(systems.collect(), stack.systems);
    let mirrors = below.mirrors.into_iter().filter(|mirror| stack.mirrors.iter().all(|own| own.name != mirror.name));
    stack.mirrors = before(mirrors.collect(), stack.mirrors);
    stack.distribution = stack.distribution.or(below.distribution);
    stack.created = stack.created.or(below.created);
    stack.trust = before(stack.trust, below.trust);
    below.registries.into_iter().for_each(|(host, settings)| {
        stack.registries.entry(host).or_insert(settings);
    });
    stack
}

fn before<T>(mut first: Vec<T>, then: Vec<T>) -> Vec<T> {
    first.extend(then);
    first
}

/// Uses of one component as one use: what is changed later comes over what is changed before.
pub(super) fn join(uses: Vec<ComponentUse>) -> Vec<ComponentUse> {
    let mut joined: Vec<ComponentUse> = Vec::new();
    for used in uses {
        match joined.iter_mut().find(|before| is_one(&before.component, &used.component)) {
            None => joined.push(used),
            Some(before) => {
                before.variant = used.variant.or_else(|| before.variant.take());
                before.add_images.extend(used.add_images);
                before.remove_images.extend(used.remove_images);
                before.replace_images.extend(used.replace_images);
                before.chart_versions.extend(used.chart_versions);
                before.values.extend(used.values);
            }
        }
    }
    joined
}

/// Whether two uses are of one component.
fn is_one(one: &ComponentSource, other: &ComponentSource) -> bool {
    match (one, other) {
        (ComponentSource::File(one), ComponentSource::File(other)) => is_same(one, other),
        _ => one == other,
    }
}
