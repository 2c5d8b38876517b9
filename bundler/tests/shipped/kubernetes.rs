//! The charts of a stack are for its Kubernetes.

use bundler::catalogue;
use bundler::resolve::ResolvedStack;
use manifests::component::{ChartSource, Constraint, Version};

use super::record::{Record, records};
use super::shipped;

/// The range that a chart of a component says, as it is on record in the version that the stack takes.
fn range<'r>(record: &'r Record, stack: &ResolvedStack, name: &str) -> Option<&'r str> {
    let chart = stack.charts.iter().find(|chart| chart.name == name && chart.component.as_str() == record.component)?;
    let is_it = |version: &str| match &chart.source {
        ChartSource::Repository { version: asked, .. } | ChartSource::Oci { version: asked, .. } => {
            asked.to_string().trim_start_matches('v') == version
        }
        _ => true,
    };
    let rendered = record.rendered.iter().find(|one| one.chart == name && is_it(one.stands_for()))?;
    rendered.kube_version.as_deref()
}

#[test]
fn the_charts_of_every_stack_are_for_its_kubernetes() {
    let records = records();
    let (mut wrong, mut judged) = (Vec::new(), 0);
    for stack in catalogue::stacks(&shipped("stacks")).unwrap() {
        let Some(platform) = &stack.platform else { continue };
        let kubernetes: Version = platform.distribution.version.kubernetes().to_string().parse().unwrap();
        for chart in &stack.charts {
            let Some(range) = range(&records[chart.component.as_str()], &stack, &chart.name) else { continue };
            let constraint: Constraint = range.parse().unwrap_or_else(|error| panic!("{}: {error}", chart.name));
            judged += 1;
            if !constraint.matches(&kubernetes) {
                wrong.push(format!("{}: {} is for {range}, not for {kubernetes}", stack.name, chart.name));
            }
        }
    }
    assert!(judged > 80, "only {judged} charts have a range on record");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
