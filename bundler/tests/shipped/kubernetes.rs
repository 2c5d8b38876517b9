//! The charts of a stack are for its Kubernetes.

use manifests::component::{Constraint, Version};

use super::alternatives::every_way;
use super::record::records;

#[test]
fn the_charts_of_every_stack_are_for_its_kubernetes() {
    let records = records();
    let (mut wrong, mut judged) = (Vec::new(), 0);
    for (path, way, stack) in every_way() {
        let Some(platform) = &stack.platform else { continue };
        let kubernetes: Version = platform.distribution.version.kubernetes().to_string().parse().unwrap();
        for chart in &stack.charts {
            let rendered = records[chart.component.as_str()].of_chart(&chart.name, &chart.source);
            let Some(range) = rendered.and_then(|rendered| rendered.kube_version.as_ref()) else { continue };
            let constraint: Constraint = range.parse().unwrap_or_else(|error| panic!("{}: {error}", chart.name));
            judged += 1;
            if !constraint.matches(&kubernetes) {
                wrong.push(format!("{} {way}: {} is for {range}, not for {kubernetes}", path.display(), chart.name));
            }
        }
    }
    assert!(judged > 80, "only {judged} charts have a range on record");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
