//! What components of one stack want of the kernels of the same nodes.

use std::collections::HashMap;

use manifests::yaml::Problem;

use super::Placed;

/// Settings that two components want to have different values.
pub(super) fn contradictions(placed: &[Placed]) -> Vec<Problem> {
    let mut first = HashMap::new();
    let mut problems = Vec::new();
    for sysctl in placed.iter().flat_map(|part| &part.deployment.kernel.sysctls) {
        let before = *first.entry(&sysctl.name).or_insert(sysctl);
        if before.value != sysctl.value {
            let message = format!("`{}` can't be both {} and {}", sysctl.name, before.value, sysctl.value);
            let problem =
                Problem::new(&sysctl.location, message, "this value").with_other(&before.location, "and this");
            problems.push(problem.with_help("nodes have one value for all components: write the same in both"));
        }
    }
    problems
}
